"""Published figures beside those of each step, in lines of text."""

from __future__ import annotations

from typing import Any

import numpy as np

from uci.published import PUBLISHED, Published

STEPS = ("grid", "bracketed", "tuned")


def of_table(name: str, kept: dict[str, Any]) -> list[str]:
    """One line a step: test RMSE and log-likelihood, mean ± standard error over splits."""
    there = PUBLISHED[name]
    lines = [
        f"{name}",
        f"  {'published':10} RMSE {there.rmse:.5g} ± {there.rmse_error:.2g}   "
        f"log-likelihood {there.likelihood:.3f} ± {there.likelihood_error:.3f}",
    ]
    for step in STEPS:
        if step in kept:
            rmse, likelihood = (np.array(kept[step][k]) for k in ("rmse", "likelihood"))
            lines.append(
                f"  {step:10} RMSE {rmse.mean():.5g} ± {error(rmse):.2g}   log-likelihood "
                f"{likelihood.mean():.3f} ± {error(likelihood):.3f}   "
                f"{kept[step]['seconds']:,.0f} s   {verdict(there, rmse, likelihood)}"
            )
    return lines


def verdict(there: Published, rmse: np.ndarray, likelihood: np.ndarray) -> str:
    """How far both figures are from the published ones, in published standard errors."""
    a = (rmse.mean() - there.rmse) / there.rmse_error
    b = (likelihood.mean() - there.likelihood) / there.likelihood_error
    return f"({a:+.1f}, {b:+.1f} standard errors)"


def error(values: np.ndarray) -> float:
    """The standard error of a mean."""
    return float(values.std() / np.sqrt(len(values)))


NONE = {"effort": {"one_precision": False}}


def counts(tables: dict[str, Any], step: str) -> tuple[int, int, int, float, float]:
    """Of how many data sets a step is done, within a published error, and better; and seconds.

    Seconds are those of the clock, and those that all cores have worked.
    """
    done = {name: kept[step] for name, kept in tables.items() if step in kept}
    near = better = 0
    for name, found in done.items():
        there = PUBLISHED[name]
        rmse, likelihood = np.mean(found["rmse"]), np.mean(found["likelihood"])
        near += (
            abs(rmse - there.rmse) <= there.rmse_error
            and abs(likelihood - there.likelihood) <= there.likelihood_error
        )
        better += rmse < there.rmse and likelihood > there.likelihood
    spent = [sum(one[kind] for one in done.values()) for kind in ("seconds", "cpu")]
    return len(done), near, better, spent[0], spent[1]


def of_all(tables: dict[str, Any]) -> list[str]:
    """In how many data sets each step is within an error of the published, and better."""
    return [
        f"{step}: {done} data sets, both figures within a published standard error in {near}, "
        f"both better in {better}; {seconds:,.0f} s by the clock, {cpu:,.0f} s of all cores"
        for step in STEPS
        for done, near, better, seconds, cpu in [counts(tables, step)]
        if done
    ]


def in_all(tables: dict[str, Any]) -> list[str]:
    """What all steps have cost together, beside the hour that was wished for."""
    cpu = sum(kept[step]["cpu"] for kept in tables.values() for step in STEPS if step in kept)
    hours = cpu / 2 / 3600
    met = "which was the wish" if hours < 1 else "and less than 1 was the wish"
    return [f"all of it: {cpu:,.0f} s of all cores, {hours:.1f} hours of 2 cores, {met}"]


def shortened(tables: dict[str, Any]) -> list[str]:
    """Where a rate has trained once for all τ, in a sentence; nothing where it has nowhere."""
    names = [n for n, kept in tables.items() if kept.get("grid", NONE)["effort"]["one_precision"]]
    if not names:
        return []
    return [
        f"grid of {', '.join(names)}: a rate has trained once and not for each τ, which enters "
        "training only through an L2 penalty of about 1e-6"
    ]


def section(tables: dict[str, Any]) -> str:
    """The last section of docs/ensembles.md, made of the numbers."""
    lines = [
        "| data | figure | published | " + " | ".join(STEPS) + " |",
        "|---|---|---|" + "---|" * len(STEPS),
    ]
    for name, kept in tables.items():
        there = PUBLISHED[name]
        for figure, key, mean, spread in (
            ("RMSE", "rmse", there.rmse, there.rmse_error),
            ("log-likelihood", "likelihood", there.likelihood, there.likelihood_error),
        ):
            cells = [
                f"{mean:.4g} ± {spread:.2g}",
                *(_cell(np.array(kept[step][key])) if step in kept else "–" for step in STEPS),
            ]
            lines.append(f"| {name} | {figure} | " + " | ".join(cells) + " |")
    told = [*of_all(tables), *in_all(tables), *shortened(tables)]
    return "\n".join(["", *lines, "", *(f"- {line}." for line in told), ""])


def _cell(values: np.ndarray) -> str:
    return f"{values.mean():.4g} ± {error(values):.2g}"


def kept(known: dict[str, Any]) -> dict[str, Any]:
    """What a document rests on, without the figures of each cell of the grid."""
    names = ("rmse", "likelihood", "chosen", "seconds", "cpu", "effort")
    tables = {
        name: {step: {k: of[k] for k in names} for step, of in steps.items()}
        for name, steps in known["tables"].items()
    }
    return {**known, "tables": tables}

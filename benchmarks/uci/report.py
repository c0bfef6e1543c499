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


def of_all(tables: dict[str, Any]) -> list[str]:
    """In how many data sets each step is within an error of the published, and better."""
    lines = []
    for step in STEPS:
        done = {name: kept[step] for name, kept in tables.items() if step in kept}
        if not done:
            continue
        near = better = 0
        for name, found in done.items():
            there = PUBLISHED[name]
            rmse, likelihood = np.mean(found["rmse"]), np.mean(found["likelihood"])
            near += (
                abs(rmse - there.rmse) <= there.rmse_error
                and abs(likelihood - there.likelihood) <= there.likelihood_error
            )
            better += rmse < there.rmse and likelihood > there.likelihood
        seconds = sum(one["seconds"] for one in done.values())
        lines.append(
            f"{step}: {len(done)} data sets, both figures within a published standard error in "
            f"{near}, both better in {better}; {seconds:,.0f} s"
        )
    return lines

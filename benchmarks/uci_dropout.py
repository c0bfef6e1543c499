"""Replay the UCI regression experiment of Monte-Carlo dropout, then do better on the same splits.

Takes a folder of nine `.npz` files (X, y, n_splits, train_0, test_0, …, dropout_rates, tau_values,
n_epochs, n_hidden) and prints, data set by data set, the published test figures beside those of

  grid       the published protocol: its grid, network, epochs and inner division
  bracketed  the same with rate 0 among the rates, higher rates where the highest is the best, and
             τ chosen on the selecting rows without a grid
  tuned      network, recipe and noise chosen by cross-validation on the training rows, networks
             stopped early, and those of all folds predicting together

Results go to a file of JSON after each step; a step that is in it is not done again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from machine import describe
from uci import ours, report
from uci.tables import FILES, Table
from uci.theirs import Cell, Effort, judged, middle, selected

import justright

HEADING = "## Figures of the nine data sets\n"
Step = Callable[[Table, Effort, dict[str, Any]], dict[str, Any]]


def main() -> None:
    options = _options()
    effort = Effort(
        epochs=options.epochs_scale,
        selecting=options.selecting_passes,
        judging=options.passes,
        splits=options.splits,
        one_precision=options.one_precision,
    )
    known = _read(options.out)
    for name in options.only.split(","):
        table = Table.read(options.folder, name)
        kept = known["tables"].setdefault(name, {})
        for step in options.steps.split(","):
            if step in kept and not options.again:
                continue
            began, cpu = time.perf_counter(), time.process_time()
            found = STEPS[step](table, effort, kept)
            spent = {"seconds": time.perf_counter() - began, "cpu": time.process_time() - cpu}
            kept[step] = found | spent | {"effort": vars(effort)}
            options.out.write_text(json.dumps(known, indent=1), encoding="utf-8")
            print("\n".join(report.of_table(name, kept)), flush=True)
    print("\n".join(report.of_all(known["tables"])))
    if options.docs is not None:
        record = options.docs.with_name("uci.json")
        record.write_text(json.dumps(report.kept(known)) + "\n", encoding="utf-8")
        head, _, _ = options.docs.read_text(encoding="utf-8").partition(HEADING)
        text = head + HEADING + report.section(known["tables"])
        options.docs.write_text(text, encoding="utf-8")


def grid(table: Table, effort: Effort, _: dict[str, Any]) -> dict[str, Any]:
    """The published protocol."""
    cells = [Cell(rate, tau) for rate in table.rates for tau in table.precisions]
    taus = precisions_around(table)
    found = selected(table, cells, effort, taus)
    chosen = [cells[i] for i in found.likelihood.argmax(axis=0)]
    rmse, test = judged(table, chosen, effort)
    splits = range(len(chosen))
    curves = {
        f"{rate:g}": [found.curves[Cell(rate, middle(table)), split].tolist() for split in splits]
        for rate in table.rates
    }
    return {
        "cells": [[cell.rate, cell.precision] for cell in cells],
        "validation_likelihood": np.round(found.likelihood, 6).tolist(),
        "validation_rmse": np.round(found.rmse, 8).tolist(),
        "curves": curves,
        "chosen": [[cell.rate, cell.precision] for cell in chosen],
        "rmse": rmse.tolist(),
        "likelihood": test.tolist(),
    }


def bracketed(table: Table, effort: Effort, kept: dict[str, Any]) -> dict[str, Any]:
    """Rate 0, higher rates where the highest is the best, and τ without a grid."""
    taus = precisions_around(table)
    curves = {float(rate): np.array(of) for rate, of in kept["grid"]["curves"].items()}
    splits = range(len(next(iter(curves.values()))))
    open_splits, rates = list(splits), [0.0, 2 * max(table.rates)]
    while open_splits and rates[-1] < 1:
        cells = [Cell(rate, middle(table)) for rate in rates]
        found = selected(table, cells, effort, taus, open_splits)
        for cell in cells:
            of_cell = np.full((len(splits), len(taus)), -np.inf)
            for split in open_splits:
                of_cell[split] = found.curves[cell, split]
            curves[cell.rate] = of_cell
        best = _best_of(curves, taus)
        open_splits = [i for i in splits if best[i].rate == max(curves)]
        rates = [2 * max(curves)]
    rmse, test = judged(table, best, effort)
    return {
        "rates": sorted(curves),
        "chosen": [[cell.rate, cell.precision] for cell in best],
        "rmse": rmse.tolist(),
        "likelihood": test.tolist(),
    }


def precisions_around(table: Table) -> list[float]:
    """Values of τ from a tenth of the published to a thousand times as much."""
    return (middle(table) * np.logspace(-1, 3, 81)).tolist()


def _best_of(curves: dict[float, np.ndarray], taus: list[float]) -> list[Cell]:
    """The rate and τ with the highest log-likelihood on the selecting rows, split by split."""
    rates = sorted(curves)
    stacked = np.stack([curves[rate] for rate in rates])
    flat = stacked.transpose(1, 0, 2).reshape(stacked.shape[1], -1).argmax(axis=1)
    return [Cell(rates[i // len(taus)], taus[i % len(taus)]) for i in map(int, flat)]


def tuned(table: Table, effort: Effort, _: dict[str, Any]) -> dict[str, Any]:
    """Networks and recipes of justright's own."""
    return ours.tuned(table, ours.CANDIDATES, ours.Budget.of(table, effort.splits, effort.epochs))


STEPS: dict[str, Step] = {"grid": grid, "bracketed": bracketed, "tuned": tuned}


def _read(path: Path) -> dict[str, Any]:
    if path.exists():
        return json.loads(path.read_text(encoding="utf-8"))
    return {"machine": describe(), "justright": justright.__version__, "tables": {}}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the .npz files lie")
    parser.add_argument("--only", default=",".join(FILES), help="data sets, by comma")
    parser.add_argument("--steps", default=",".join(STEPS), help="steps, by comma")
    parser.add_argument("--epochs-scale", type=float, default=1.0, help="a share of the epochs")
    parser.add_argument("--splits", type=int, default=20, help="at most so many")
    parser.add_argument("--passes", type=int, default=10_000, help="on test rows")
    parser.add_argument("--selecting-passes", type=int, default=1_000, help="on selecting rows")
    parser.add_argument(
        "--one-precision", action="store_true",
        help="train once for each rate, not for each rate and tau",
    )  # fmt: skip
    parser.add_argument(
        "--docs", type=Path, help="the document whose last section it writes, uci.json beside it"
    )
    parser.add_argument("--again", action="store_true", help="do what is in the file already")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out" / "uci.json")
    options = parser.parse_args()
    for given, of in ((options.only, FILES), (options.steps, STEPS)):
        if unknown := set(given.split(",")) - set(of):
            parser.error(f"{', '.join(sorted(unknown))}: choose among {', '.join(of)}")
    options.out.parent.mkdir(parents=True, exist_ok=True)
    return options


if __name__ == "__main__":
    main()

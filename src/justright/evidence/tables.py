"""What trials gave, as tables: one row a trial, and one row an epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import CURVES, TrialResult
from justright.evidence.measure import Measure

if TYPE_CHECKING:
    import pandas as pd


def trials_table(results: Sequence[TrialResult], measure: Measure) -> pd.DataFrame:
    """One row a trial: `Study.table` has the columns.

    Args:
        results: of the trials.
        measure: how the metric reads.
    """
    import pandas as pd

    return pd.DataFrame([_row(result, measure) for result in results])


def curves_table(results: Sequence[TrialResult]) -> pd.DataFrame:
    """One row an epoch of a trial: `Study.curves` has the columns."""
    import pandas as pd

    frames = []
    for result in results:
        frame = pd.DataFrame(result.curves, columns=list(CURVES))
        trial = result.trial
        frame.insert(0, "epoch", np.arange(1, len(frame) + 1))
        frame.insert(0, "split", trial.split)
        frame.insert(0, "seed", trial.seed)
        frame.insert(0, "recipe", trial.name)
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def _row(result: TrialResult, measure: Measure) -> dict[str, object]:
    trial, failed = result.trial, result.outcome is Outcome.FAILED
    figures = {
        name: float("nan") if failed else result.at_chosen(name)
        for name in ("train_loss", "val_loss", "train_metric", "val_metric")
    }
    test_loss, test_metric = (float("nan"),) * 2 if failed else result.test
    return {
        "recipe": trial.name,
        "seed": trial.seed,
        "split": trial.split,
        "epochs_run": result.epochs_run,
        "best_epoch": result.best_epoch,
        "outcome": result.outcome.name.lower(),
        "train_loss": figures["train_loss"],
        "val_loss": figures["val_loss"],
        "test_loss": test_loss,
        "train_metric": figures["train_metric"],
        "val_metric": figures["val_metric"],
        "test_metric": test_metric,
        "loss_gap": figures["val_loss"] - figures["train_loss"],
        "gap": measure.advantage(figures["train_metric"], figures["val_metric"]),
        **trial.recipe.strengths(),
    }

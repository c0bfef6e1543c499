"""A study's results as rows of its table."""

from __future__ import annotations

from justright.engine.outcome import Outcome
from justright.engine.trial import TrialResult
from justright.evidence.measure import Measure

FIGURES = ("train_loss", "val_loss", "test_loss", "train_metric", "val_metric", "test_metric")


def row_of(result: TrialResult, measure: Measure) -> dict[str, object]:
    """One row of `Study.table`.

    Args:
        result: of one trial.
        measure: the metric.
    """
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

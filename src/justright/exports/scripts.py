"""Scripts by framework."""

from __future__ import annotations

from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.errors import DataError, RecipeError, did_you_mean
from justright.exports.keras_script import keras_script
from justright.exports.torch_script import torch_script
from justright.exports.training import Training

_WRITERS = {"keras": keras_script, "torch": torch_script}


def script_of(
    task: Task, chosen: TrialResult, standardized: bool, rows: str, framework: str
) -> str:
    """The script that repeats a trial; `Study.script` says more.

    Raises:
        DataError: an unknown framework, or rows that stay on disk.
        RecipeError: networks that predict together, or a technique that has no part there.
        ModelError: a layer, an optimizer or a loss that has none.
    """
    if framework not in _WRITERS:
        known = did_you_mean(framework, _WRITERS)
        raise DataError(f"framework={framework!r} is not known. {known}")
    check_repeatable(task, chosen)
    return _WRITERS[framework](Training.of(task, chosen, standardized, rows))


def check_repeatable(task: Task, chosen: TrialResult) -> None:
    """Refuse what nothing but justright trains: rows on disk, and several networks in one.

    Raises:
        DataError: rows that stay on disk, or have weights.
        RecipeError: networks that predict together.
    """
    if task.stream is not None:
        raise DataError(
            "The rows of this study stay on disk and are read anew in each epoch; a script is "
            "written for rows in memory."
        )
    if getattr(task.rows, "sample_weight", None) is not None:
        raise DataError("The rows of this study have weights, which a script does not have.")
    if len(chosen.members) > 1:
        raise RecipeError(
            f"The recipe {chosen.trial.name!r} trains networks that predict together, and a script "
            "is written for one. Study.save_model gives them as one model."
        )

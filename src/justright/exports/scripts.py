"""Scripts by framework."""

from __future__ import annotations

from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.errors import DataError, RecipeError, did_you_mean
from justright.exports import keras_script, torch_script
from justright.exports.training import Training
from justright.regularizers.concrete_dropout import ConcreteDropout
from justright.regularizers.recipe import Recipe

_WRITERS = {"keras": keras_script.keras_script, "torch": torch_script.torch_script}
_KNOWN = {"keras": keras_script.KNOWN, "torch": torch_script.KNOWN}
_NAMES = {"keras": "Keras", "torch": "PyTorch"}


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
    training = Training.of(task, chosen, standardized, rows)
    check_written(training.recipe, framework)
    return _WRITERS[framework](training)


def check_written(recipe: Recipe, framework: str) -> None:
    """Refuse a recipe with techniques that a framework's script is not written for.

    Args:
        recipe: to be written.
        framework: `"keras"` or `"torch"`.

    Raises:
        RecipeError: such techniques, all of them, and what there is instead.
    """
    lacking = _lacking(recipe, framework)
    if not lacking:
        return
    several = len(lacking) > 1
    names = ", ".join(lacking[:-1]) + " and " * several + lacking[-1]
    other = next(one for one in _KNOWN if one != framework)
    there = f'one for {_NAMES[other]} has {"all of them" if several else "it"} (framework="{other}"'
    there += f", --save NAME{'.torch' * (other == 'torch')}.py)"
    if rest := _lacking(recipe, other):
        there = f"one for {_NAMES[other]} lacks {', '.join(rest)}"
    raise RecipeError(
        f"{names} {'have' if several else 'has'} no part in a script for {_NAMES[framework]}; "
        f"{there}. Or take {'them' if several else 'it'} out of the recipe. A .keras or .onnx file "
        "holds the trained network of any recipe; docs/export.md says what scripts have."
    )


def _lacking(recipe: Recipe, framework: str) -> list[str]:
    # Concrete dropout is written as dropout of the rates that it has learned.
    known = (*_KNOWN[framework], ConcreteDropout)
    return [type(one).__name__ for one in recipe.techniques if type(one) not in known]


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

"""Diagnose a training: of a study, of logged epochs, or of a model and rows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from justright.data.arrays import check_count
from justright.data.asked import Asked
from justright.data.epochs import epochs_of, read_epochs
from justright.errors import DataError
from justright.evidence.diagnosis import Diagnosis, judged
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_reading import Reading
from justright.evidence.diagnosis_trials import (
    diagnosis_of_trials,
    means_of_trial,
    readings_of,
)
from justright.evidence.facts import Facts
from justright.experiments.controls import with_controls
from justright.experiments.given import Given
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup, Training
from justright.network.randomness import random_numbers_kept
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.page.code import optimizer_code
from justright.study import Study

SEEDS = 3
_SETTINGS = ("seeds", "epochs", "batch_size", "optimizer", "loss", "metric", "shuffle")


@random_numbers_kept()
def diagnose(
    thing: Any,
    train: Given | None = None,
    *,
    recipe: Recipe | Technique | None = None,
    seeds: int | Sequence[int] = SEEDS,
    kept_epoch: int | None = None,
    validation_rows: int | None = None,
    classes: int | None = None,
    options: Sequence[str] | None = None,
    progress: bool | None = None,
    **training: Unpack[Training],
) -> Diagnosis:
    """Say what ails a training, by which sign, and what to try next.

    The more is known, the surer it is: curves alone do not tell a leak from an easy task, while
    rows tell how many of them stand in both parts. `Diagnosis.rate` says how often each is wrong.

    Args:
        thing: what to diagnose:
            a `Study`, recipe by recipe;
            epochs that were logged: a Keras `History` or its `.history`, a DataFrame or the
            path of a CSV file, with a training and a validation loss by their usual names
            (`loss`, `val_loss`, `train_loss`, …), and accuracies where there are any;
            a Keras model with its rows, which is trained for it; None for a dense network of
            128 and 64 units.
        train: the rows, with a model only: as in `compare`.
        recipe: what regularizes the training, with a model only; nothing if None.
        seeds: trainings of the model, as in `compare`.
        kept_epoch: of logged epochs, the one whose weights are used, where early stopping
            restored it; the last one if None.
        validation_rows: of logged epochs, how many rows the validation figures are taken on;
            without it nothing is said of whether they are enough.
        classes: of logged epochs, how many classes there are.
        options: how the command line names rows, network and training: advice is then a command,
            and otherwise Python.
        progress: whether to show a progress bar; None for where someone watches.
        training: with a model, other arguments of `compare`.

    Returns:
        The findings, the weightiest first.

    Raises:
        DataError: epochs that cannot be read, rows that cannot be trained on, or arguments that
            belong to something else.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a recipe that is not valid or finds nowhere to act.
    """
    _check_at_least("validation_rows", validation_rows, 1)
    _check_at_least("classes", classes, 2)
    facts = Facts(validation_rows=validation_rows, classes=classes)
    if train is not None:
        _refuse(
            "a model and rows",
            {"kept_epoch": kept_epoch, "validation_rows": validation_rows, "classes": classes},
        )
        setup = Setup.of(thing, train, **training)
        given = as_recipe(recipe) if recipe is not None else Recipe()
        asked = {**training, "options": options, "seeds": None if seeds == SEEDS else seeds}
        return _of_model(setup, given, checked_seeds(seeds), _means(setup, thing, asked), progress)
    _refuse("what was trained already", {"recipe": recipe, **training})
    means = Means(options=None if options is None else tuple(options))
    if isinstance(thing, Study):
        _refuse(
            "a study",
            {"kept_epoch": kept_epoch, "validation_rows": validation_rows, "classes": classes},
        )
        named = Means.of_trials(thing.task, thing.results, thing.features, thing.asked)
        named = replace(named, options=means.options)
        return diagnosis_of_trials(thing.task, thing.results, thing.features, named)
    history = getattr(thing, "history", thing)
    if isinstance(history, str | os.PathLike):
        epochs = read_epochs(Path(history), kept_epoch)
    elif isinstance(history, Mapping) or hasattr(history, "columns"):
        epochs = epochs_of(history, kept_epoch)
    else:
        raise DataError(
            f"diagnose was given a {type(thing).__name__}. Give a Study, a Keras History, a table "
            "or CSV file of epochs, or a model with its rows: jr.diagnose(model, (X, y))."
        )
    # Of numbers there are no classes to tell.
    sized = validation_rows is not None and (classes is not None or not epochs.has_accuracy)
    return Diagnosis(judged([Reading(epochs, facts)], means), "sizes" if sized else "curves")


def _of_model(
    setup: Setup, recipe: Recipe, seeds: Sequence[int], means: Means, progress: bool | None
) -> Diagnosis:
    study = setup.train(setup.trials("", recipe, seeds), progress)
    read = readings_of(study.task, study.results, study.features, {})
    readings, told = with_controls(setup, study, read)
    means = means_of_trial(means, study.results[0].trial)
    count = len(study.results)
    trained = f"Trained {count} time{'s' * (count > 1)} for up to {setup.epochs} epochs."
    return Diagnosis(judged(readings, means), "trainings", (*study.notes, trained, *told))


def _means(setup: Setup, model: Any, given: Mapping[str, Any]) -> Means:
    """What advice can name of a network and rows.

    Args:
        setup: made of them.
        model: the network, or None.
        given: arguments that say how to train, and `options` of the command line.
    """
    wanted = {name: given.get(name) for name in _SETTINGS}
    settings = dict(Asked.of(wanted).arguments)
    if settings.get("optimizer") == "optimizer":
        settings["optimizer"] = optimizer_code(setup.task.optimizer, setup.learning_rate)
    options = given.get("options")
    return Means(
        options=None if options is None else tuple(options),
        asked=setup.asked,
        settings=tuple(settings.items()),
        network=repr(model) if model is None or isinstance(model, tuple) else "model",
        named=bool(setup.features),
        optimizer=type(setup.task.optimizer).__name__,
    )


def _refuse(what: str, arguments: Mapping[str, Any]) -> None:
    wrong = [f"{name}={value!r}" for name, value in arguments.items() if value is not None]
    if wrong:
        raise DataError(
            f"diagnose was given {what}, and {', '.join(wrong)} does not belong to that. Leave it "
            "out."
        )


def _check_at_least(name: str, given: int | None, least: int) -> None:
    if given is None:
        return
    check_count(name, given)
    if given < least:
        raise DataError(f"{name}={given}: at least {least} {'is' if least == 1 else 'are'} wanted.")

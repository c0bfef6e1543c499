"""What the page gets for a wish: JSON of few bytes."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import numpy as np

from justright.engine.outcome import Outcome
from justright.engine.trial import CURVES, TrialResult
from justright.evidence.diagnosis import judged
from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_reading import ACCURACY, Reading
from justright.evidence.diagnosis_trials import epochs_of_result
from justright.evidence.facts import Facts
from justright.playground.clouds import Cloud
from justright.playground.strengths import PLACES, Place, neighborhood
from justright.playground.trainer import Trainer
from justright.playground.wish import Wish
from justright.report.capital import capital
from justright.report.page.series import SERIES, short, short_list

_COLUMNS = tuple(map(CURVES.index, SERIES))


def answer(trainer: Trainer, wish: Wish, check: Callable[[], None]) -> dict[str, Any]:
    """Train the places nearest to the sliders that the page does not have.

    Args:
        trainer: that trains.
        wish: what is wanted.
        check: called several times a second; what it raises ends the training.

    Returns:
        `places`, one object each; `cloud`, the points; `left`, how many places are still unknown.

    Raises:
        DataError: points that cannot be trained on.
    """
    cloud = wish.cloud()
    most = trainer.at_once(urgent=wish.center not in wish.known)
    places = neighborhood(wish.center, wish.known, most)
    results = trainer.train(cloud, wish, places, check) if places else []
    told = [
        told_of(trainer, cloud, place, result)
        for place, result in zip(places, results, strict=True)
    ]
    known = wish.known | set(places)
    return {"places": told, "cloud": told_cloud(cloud), "left": len(PLACES) - len(known)}


def told_of(trainer: Trainer, cloud: Cloud, place: Place, result: TrialResult) -> dict[str, Any]:
    """One training in what the page draws: field, curves, figures, words."""
    at = {"at": [place.rate, place.strength], "words": place.words}
    if result.outcome is Outcome.FAILED:
        says = f"{capital(place.words)}: {result.outcome.sentence}"
        return {**at, "failed": True, "says": says, "finding": ""}
    train, validation = (result.at_chosen(f"{part}_metric") for part in ("train", "val"))
    figures = {
        "train": ACCURACY.show(train),
        "validation": ACCURACY.show(validation),
        "gap": ACCURACY.show_difference(train - validation),
        "epochs": f"{result.epochs_run}",
    }
    return {
        **at,
        "failed": False,
        "field": quantized(trainer.field(result.values)),
        "curves": [short_list(result.curves[:, column]) for column in _COLUMNS],
        "chosen": result.chosen_epoch,
        "stopped": result.outcome is Outcome.STOPPED,
        "loss": short(result.at_chosen("val_loss")),
        "figures": figures,
        "says": _says(place, figures),
        "finding": _finding(cloud, result),
    }


def told_cloud(cloud: Cloud) -> list[list[float]]:
    """Points as `[x, y, class, trains]`."""
    columns = np.column_stack([cloud.X.astype(float).round(3), cloud.y, cloud.trains])
    return [[x, y, int(label), int(trains)] for x, y, label, trains in columns.tolist()]


def quantized(field: np.ndarray) -> str:
    """Probabilities as bytes, 0 to 255, in base 64."""
    steps = np.round(255 * np.clip(field, 0, 1)).astype(np.uint8)
    return base64.b64encode(steps.tobytes()).decode("ascii")


def _says(place: Place, figures: dict[str, str]) -> str:
    return (
        f"{capital(place.words)}: training accuracy {figures['train']}, validation accuracy "
        f"{figures['validation']}, gap {figures['gap']}."
    )


def _finding(cloud: Cloud, result: TrialResult) -> str:
    held = int((~cloud.trains).sum())
    facts = Facts(training_rows=len(cloud.X) - held, validation_rows=held, classes=2)
    found = judged([Reading(epochs_of_result(result, accuracy=True), facts)], Means())
    # Here labels belong to their points, whatever it looks like.
    said = [one.title for one in found if one.condition != "shuffled_labels"]
    return f"Diagnosis: {said[0]}" if said else ""

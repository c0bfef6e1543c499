"""The lessons' experiments: each one command and one call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from justright.data.examples import example
from justright.errors import DataError, did_you_mean
from justright.experiments.activations import activation_histograms
from justright.experiments.compare import compare
from justright.experiments.ensemble import DropoutEnsemble, dropout_ensemble
from justright.experiments.found import Search
from justright.experiments.main_job import SETTINGS, main_job
from justright.experiments.noisy_sine import noisy_sine
from justright.experiments.search import search
from justright.experiments.sweep import sweep
from justright.experiments.swept import Sweep
from justright.regularizers import L2, Dropout, Recipe
from justright.study import Study


@dataclass(frozen=True)
class Lesson:
    """An experiment of the lessons.

    Attributes:
        shows: what it is about, in a line.
        command: the same with the other commands; empty where only `justright lesson` has it.
        run: does it; its arguments are those of the experiment, to change from the lesson's.
    """

    shows: str
    command: str
    run: Callable[..., Any]


def lesson(name: str, **settings: Any) -> Any:
    """Do one of the lessons' experiments.

    Args:
        name: `"main_job"`, `"dropout_rate"`, `"l2_strength"`, `"noisy_sine"`, `"softmax"`,
            `"challenge"`, `"ensemble"` or `"activations"`.
        settings: to change from the lesson's, such as `seeds=3`: arguments of `compare`, of
            `sweep` (dropout_rate, l2_strength), of `search` (challenge), of
            `dropout_ensemble` (ensemble) or of `activation_histograms` (activations).

    Returns:
        A `Study`; a `Sweep` of dropout_rate and l2_strength; a `Search`; a `DropoutEnsemble`;
        `ActivationHistograms`.

    Raises:
        DataError: an unknown name.
    """
    if name not in LESSONS:
        raise DataError(f"There is no lesson {name!r}. {did_you_mean(name, LESSONS)}")
    return LESSONS[name].run(**settings)


def dropout_rate(**settings: Any) -> Sweep:
    """Validation accuracy against the dropout rate, on the main job's data and network."""
    return _swept({"Dropout.rate": [0, 0.2, 0.5, 0.8]}, settings)


def l2_strength(**settings: Any) -> Sweep:
    """Train and validation accuracy against λ, on the main job's data and network."""
    return _swept({"L2.strength": [0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]}, settings)


def softmax(**settings: Any) -> Study:
    """Ten classes: plain against dropout 0.5 and L2 0.001."""
    data = example("digits")
    recipes = {"plain": Recipe(), "dropout + L2": Dropout(0.5) + L2(0.001)}
    parts = {"validation": data.validation, "test": data.test}
    settings = {"epochs": 100, "batch_size": 20, **parts, **settings}
    return compare(None, data.train, recipes, **settings)


def challenge(**settings: Any) -> Search:
    """Size, dropout, L2 and early stopping for the smallest gap while accuracy stays high."""
    data = example("breast_cancer")
    parts = {"validation": data.validation, "test": data.test}
    space = ["width", "depth", "Dropout", "L2", "EarlyStopping"]
    wish: dict[str, Any] = {"choose": "smallest gap", "budget": 100, "epochs": 100, "batch_size": 8}
    return search(None, data.train, **{**wish, **parts, "space": space, **settings})


def ensemble(**settings: Any) -> DropoutEnsemble:
    """Weight scaling, sampled masks and all masks of 12 hidden units, on the main job's data."""
    data = example("breast_cancer")
    parts = {"validation": data.validation, "test": data.test}
    return dropout_ensemble(None, data.train, **{**SETTINGS, **parts, "seeds": 10, **settings})


def _swept(over: dict[str, list[float]], settings: dict[str, Any]) -> Sweep:
    data = example("breast_cancer")
    parts = {"validation": data.validation, "test": data.test}
    return sweep(None, data.train, over, **{**SETTINGS, **parts, **settings})


LESSONS = {
    "main_job": Lesson(
        "what dropout + L2 and early stopping do to overfitting", "justright compare", main_job
    ),
    "dropout_rate": Lesson(
        "which dropout rate is just right",
        "justright sweep --over dropout=0,0.2,0.5,0.8",
        dropout_rate,
    ),
    "l2_strength": Lesson(
        "which λ is just right, and where it is too much",
        "justright sweep --over l2=0,1e-4,1e-3,1e-2,1e-1,1",
        l2_strength,
    ),
    "noisy_sine": Lesson("regression where dropout hurts", "", noisy_sine),
    "softmax": Lesson(
        "ten classes with dropout 0.5 and L2 0.001",
        "justright compare --data digits --recipe dropout=0.5,l2=1e-3 --epochs 100 --batch-size 20",
        softmax,
    ),
    "challenge": Lesson(
        "the smallest gap while validation accuracy stays high, searched for",
        "justright search --space width,depth,dropout,l2,early_stopping --choose gap --epochs 100 "
        "--batch-size 8",
        challenge,
    ),
    "ensemble": Lesson(
        "dropout as an ensemble: weight scaling against sampled masks and all of them",
        "justright ensemble",
        ensemble,
    ),
    "activations": Lesson(
        "what dropout does to a hidden layer's activations",
        "justright techniques dropout --figure dropout.png",
        activation_histograms,
    ),
}

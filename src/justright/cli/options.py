"""Options that commands share beside those of a job: a network by its units, JSON, no progress."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from justright.errors import DataError

_MOST_DIGITS = 10


def network_of(model: Path | None, hidden: str | None) -> Any:
    """The model in a file, or units of hidden layers, or None for the default network.

    Raises:
        DataError: both, or units that are none.
        ModelError: a file that is no network.
    """
    if model is None:
        return None if hidden is None else units_of("--hidden", hidden)
    if hidden is not None:
        raise DataError(f"--hidden {hidden} and --model {model} are two networks. Give one.")
    from justright.network.files import read_model

    return read_model(model)


def optimizer_of(name: str | None, learning_rate: float | None) -> Any:
    """An optimizer by its name, with its own rate or another one.

    Raises:
        DataError: a rate that is none.
        ModelError: no such optimizer.
    """
    if learning_rate is None:
        return name
    if not 0 < learning_rate < float("inf"):
        raise DataError(f"--learning-rate {learning_rate}: it is a number above 0, such as 0.001.")
    from justright.network.optimizer import keras_optimizer

    made = keras_optimizer(name)
    made.learning_rate = learning_rate
    return made


def units_of(option: str, text: str) -> tuple[int, ...]:
    """Units of hidden layers, by comma.

    Raises:
        DataError: something else.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(map(is_count, parts)):
        raise DataError(
            f"{option} {text}: give whole numbers of at least 1 by comma, as in 128,64."
        )
    return tuple(int(part) for part in parts)


def is_count(text: str) -> bool:
    """Whether text is a whole number of at least 1 that something may have so many of.

    >>> is_count("64"), is_count("0"), is_count("9" * 5000)
    (True, False, False)
    """
    return text.isdecimal() and len(text) < _MOST_DIGITS and int(text) > 0


def hidden_option(default: str) -> Callable[..., Any]:
    """Units of the default network."""
    return click.option(
        "--hidden",
        metavar="N,N,…",
        help="A dense network with so many units in each hidden layer, in place of a file.  "
        f"[default: {default}]",
    )


def learning_rate_option() -> Callable[..., Any]:
    """Another learning rate than the optimizer's own."""
    return click.option(
        "--learning-rate", type=float, help="Of the optimizer, if not its own, as 0.001 of adam."
    )


def json_option() -> Callable[..., Any]:
    """One JSON object for machines."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON object instead of text."
    )


def quiet_option() -> Callable[..., Any]:
    """No progress."""
    return click.option("--quiet", "-q", is_flag=True, help="Show no progress on the error stream.")

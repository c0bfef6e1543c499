"""What targets are: classes or numbers, and whether the network's output fits them."""

from __future__ import annotations

from typing import Literal

import numpy as np

from justright.errors import DataError, ModelError

Kind = Literal["binary", "multilabel", "categorical", "regression"]

PROBABILITIES = ("sigmoid", "hard_sigmoid", "softmax")


def kind_of(y: np.ndarray, activation: str, shape: tuple[int, ...], loss: str) -> Kind:
    """What kind of task the targets, the last activation and a named loss make.

    Args:
        y: training targets, (rows,) or (rows, outputs).
        activation: name of the network's last one.
        shape: of one row of its outputs.
        loss: name of the loss that was given, or "".
    """
    if loss:
        return _kind_of_loss(loss, shape)
    few = y.ndim == 1 and len(np.unique(y)) <= 2
    if activation in ("sigmoid", "hard_sigmoid") and y.dtype.kind not in "US":
        return _kind_of_probabilities(y, shape, few)
    if activation == "softmax" or _is_one_hot(y, shape):
        return "categorical"
    if y.ndim > 1 and y.dtype.kind in "biu" and ((y == 0) | (y == 1)).all():
        return "multilabel"
    labels = y.ndim == 1 and y.dtype.kind in "biuUS"
    if labels and few and shape == (1,):
        return "binary"
    return "categorical" if labels and (y.dtype.kind in "US" or shape != (1,)) else "regression"


def _is_one_hot(y: np.ndarray, shape: tuple[int, ...]) -> bool:
    """Whether every row holds one 1 among zeros, one column for each output."""
    if y.ndim != 2 or y.shape[1:] != shape or y.dtype.kind not in "biuf":
        return False
    return bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())


def _kind_of_loss(loss: str, shape: tuple[int, ...]) -> Kind:
    if "crossentropy" not in loss:
        return "regression"
    if loss.startswith("binary"):
        return "binary" if shape == (1,) else "multilabel"
    return "categorical"


def _kind_of_probabilities(y: np.ndarray, shape: tuple[int, ...], few: bool) -> Kind:
    """Sigmoid outputs: labels, or numbers between 0 and 1 to be fitted as they are."""
    if y.ndim > 1:
        return "multilabel"
    if shape == (1,) and y.dtype.kind == "f" and not few:
        return "regression"
    return "binary"


def classes_of(y: np.ndarray, kind: Kind) -> np.ndarray | None:
    """The labels in the order of the outputs; None where targets are not classes.

    Raises:
        DataError: one class only, or numbers that are all the same.
    """
    if kind == "regression" and len(y) > 1 and (y == y[0]).all():
        raise DataError(
            f"The training targets are all the same ({_shown(y[0])}); there is nothing to predict. "
            "Check y, or how the rows were split."
        )
    if kind in {"regression", "multilabel"}:
        return None
    if y.ndim == 1 or (kind == "binary" and y.shape[1:] == (1,)):
        classes = np.unique(y)
        if len(classes) < 2:
            raise DataError(
                f"The training targets hold one class only ({classes[0]}); there is nothing to "
                "tell apart. Check y, or how the rows were split."
            )
        return classes
    if (y.argmax(axis=-1) == y[0].argmax(axis=-1)).all():
        raise DataError(
            "The training targets hold one class only (one-hot); there is nothing to tell apart. "
            "Check y, or how the rows were split."
        )
    return np.arange(y.shape[-1])


def check_fit(
    y: np.ndarray,
    kind: Kind,
    classes: np.ndarray | None,
    activation: str,
    shape: tuple[int, ...],
) -> None:
    """Refuse a network whose outputs do not fit the targets' classes.

    Raises:
        ModelError: too few or too many outputs.
    """
    if classes is None:
        return
    wanted = 1 if kind == "binary" else len(classes)
    many = kind == "binary" and len(classes) > 2
    unlike = kind == "categorical" and y.ndim == 1 and len(shape) == 1 and shape != (wanted,)
    mend = f"End the network with Dense({len(classes)}, activation='softmax')"
    if unlike and shape == (1,) and activation == "softmax":
        raise ModelError(
            "The network's last layer is a softmax over one unit, which is always 1. "
            + mend
            + (", or Dense(1, activation='sigmoid')." if len(classes) == 2 else ".")
        )
    if many or unlike:
        outputs = "one output" if shape == (1,) else f"{shape[-1]} outputs"
        raise ModelError(
            f"The network has {outputs} ({activation}), and the targets hold {len(classes)} "
            f"classes. {mend}."
        )
    if shape != (wanted,):
        raise ModelError(
            f"The network's outputs have shape {shape} a row, and the targets need ({wanted},). "
            "Change the last layer."
        )


def check_task(task: str | None, kind: Kind) -> None:
    """Refuse a network that does another task than the one that is asked for.

    Args:
        task: `"classification"`, `"regression"`, or None for any.
        kind: what targets and network make.

    Raises:
        ModelError: an output for classes where numbers are wanted, or the other way round.
    """
    if task == "regression" and kind != "regression":
        raise ModelError(
            'task="regression" wants outputs that are numbers, and the network ends as one for '
            "classes does. End it with Dense(1) without an activation, or leave task out."
        )
    if task == "classification" and kind == "regression":
        raise ModelError(
            'task="classification" wants an output for each class, and the network ends as one for '
            "numbers does. End it with Dense(classes, activation='softmax'), or leave task out."
        )


def _shown(target: np.ndarray) -> str:
    return f"{target.ravel()[0]:g}" if target.size == 1 else "in all columns"

"""What a network is trained for: loss and metric, row by row, and the targets in their form.

The loss is read off the last activation and the targets; probabilities and
logits are told apart by the activation. The arithmetic is Keras' own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.errors import DataError, ModelError, did_you_mean
from justright.network.registered import registered_in
from justright.network.targets import PROBABILITIES, Kind, check_fit, classes_of, kind_of

Rows = Callable[[jax.Array, jax.Array], jax.Array]
"""`(targets, outputs) → one number a row`."""

METRIC_NAMES = ("accuracy", "mean_absolute_error", "mean_squared_error")
_SHORT = {"acc": "accuracy", "mae": "mean_absolute_error", "mse": "mean_squared_error"}
_CROSSENTROPIES = (
    "binary_crossentropy",
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
)


@dataclass(frozen=True)
class Objective:
    """Loss and metric of a task.

    Attributes:
        kind: binary, multilabel, categorical or regression.
        loss_name: as Keras names it.
        loss_rows: the data loss of each row.
        metric_name: of `METRIC_NAMES`.
        metric_rows: the metric of each row; a data set's metric is their mean.
        higher_is_better: whether a larger metric is a better one.
        classes: the labels in the order of the outputs; None for regression.
        output_shape: of one row.
        from_logits: whether outputs are logits; they are probabilities or values if not.
        sparse: whether targets of many classes are one number a row, not one-hot.
        given_loss: the loss that the user gave, if any.
        key: equal for objectives that can share a compiled program.
    """

    kind: Kind
    loss_name: str
    loss_rows: Rows
    metric_name: str
    metric_rows: Rows
    higher_is_better: bool
    classes: np.ndarray | None
    output_shape: tuple[int, ...]
    from_logits: bool
    sparse: bool
    given_loss: object
    key: str

    def encode(self, y: np.ndarray, where: str) -> np.ndarray:
        """Targets in the form that the loss takes.

        Args:
            y: targets (rows,) or (rows, outputs) as the user gives them.
            where: what to call them in an error message.

        Raises:
            DataError: labels that training does not have, or a wrong shape.
        """
        if self.classes is not None and y.ndim == 1:
            return self._encode_labels(y, self.classes, where)
        shape = (len(y), *self.output_shape)
        if y.ndim == 1 and self.output_shape == (1,):
            y = y.reshape(-1, 1)
        if y.dtype.kind in "US":
            raise DataError(
                f"{where} holds text, and the loss {self.loss_name} needs numbers. Give numbers, "
                "or leave the loss to be chosen."
            )
        if y.shape != shape:
            raise DataError(
                f"{where} has shape {y.shape}, and the network's outputs for it have shape "
                f"{shape}. Change the last layer or the targets."
            )
        return y.astype(np.float32)

    def for_keras(self) -> tuple[object, list[object]]:
        """The loss and the metrics to compile a Keras model with."""
        logits = {"from_logits": self.from_logits}
        losses = {
            "binary_crossentropy": keras.losses.BinaryCrossentropy(**logits),
            "categorical_crossentropy": keras.losses.CategoricalCrossentropy(**logits),
            "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy(**logits),
        }
        loss = losses.get(self.loss_name, self.given_loss or self.loss_name)
        if self.metric_name == "accuracy" and self.kind != "categorical":
            boundary = 0.0 if self.from_logits else 0.5
            return loss, [keras.metrics.BinaryAccuracy(name="accuracy", threshold=boundary)]
        return loss, [self.metric_name]

    def _encode_labels(self, y: np.ndarray, classes: np.ndarray, where: str) -> np.ndarray:
        known = np.isin(y, classes)
        if not known.all():
            unknown = ", ".join(map(str, np.unique(y[~known])[:5]))
            raise DataError(
                f"{where} holds labels that the training targets do not: {unknown}. Every class "
                "must be among the training rows."
            )
        index = np.searchsorted(classes, y)
        if self.kind == "binary":
            return index.astype(np.float32).reshape(-1, 1)
        return (
            index.astype(np.int32) if self.sparse else np.eye(len(classes), dtype=np.float32)[index]
        )


def infer_objective(
    y: np.ndarray,
    output_activation: str,
    output_shape: tuple[int, ...],
    loss: object = None,
    metric: str | None = None,
) -> Objective:
    """Choose loss and metric from the targets and the network's last activation.

    Args:
        y: training targets, (rows,) of numbers or labels, or (rows, outputs).
        output_activation: name of the last activation; sigmoid and softmax give
            probabilities, others are taken as logits (classes) or values.
        output_shape: of one row.
        loss: a Keras loss or its name, to override the choice.
        metric: one of `METRIC_NAMES` or its short form, to override accuracy
            (classes) or mean absolute error (regression).

    Raises:
        DataError: targets with one class.
        ModelError: a network whose output does not fit the targets.
    """
    given = _given(loss)
    name = _name_of(loss if given is None else given)
    kind = kind_of(y, output_activation, output_shape, name)
    classes = classes_of(y, kind)
    check_fit(y, kind, classes, output_activation, output_shape)
    from_logits = output_activation not in PROBABILITIES
    sparse = kind == "categorical" and y.ndim == 1 and not _wants_one_hot(given)
    if kind == "categorical" and y.ndim > 1 and name.startswith("sparse"):
        raise ModelError(
            f"The loss {name} takes one label a row, and the targets are one-hot of shape "
            f"{y.shape}. Give y.argmax(axis=1), or leave the loss to be chosen."
        )
    loss_name, loss_rows = _loss(given, kind, sparse, from_logits)
    metric_name = _metric_name(metric, kind, sparse)
    return Objective(
        kind=kind,
        loss_name=loss_name,
        loss_rows=loss_rows,
        metric_name=metric_name,
        metric_rows=_metric_rows(metric_name, kind, sparse, from_logits),
        higher_is_better=metric_name == "accuracy",
        classes=classes,
        output_shape=output_shape,
        from_logits=from_logits,
        sparse=sparse,
        given_loss=loss,
        key=repr((kind, sparse, from_logits, loss_name, _loss_key(loss), metric_name)),
    )


def _given(loss: object) -> object:
    """The loss that the user gave, as Keras has it; None where the choice is ours."""
    if loss is None or (isinstance(loss, str) and loss in _CROSSENTROPIES):
        return None
    try:
        found = keras.losses.get(loss)
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"loss={loss!r} is not a loss that Keras knows. Give a name such as "
            "'mean_squared_error', a keras.losses.Loss, or nothing to let it be chosen."
        ) from error
    # A short name such as "bce" is a long one.
    ours = isinstance(loss, str) and getattr(found, "__name__", "") in _CROSSENTROPIES
    return None if ours else found


def _loss(given: object, kind: Kind, sparse: bool, from_logits: bool) -> tuple[str, Rows]:
    if given is None:
        return _default_loss(kind, sparse, from_logits)
    rows: Any = given.call if isinstance(given, keras.losses.Loss) else given
    return _name_of(given) or type(given).__name__, lambda y, out: _per_row(rows(y, out))


def _default_loss(kind: Kind, sparse: bool, from_logits: bool) -> tuple[str, Rows]:
    losses = keras.losses
    if kind in ("binary", "multilabel"):
        return "binary_crossentropy", lambda y, out: losses.binary_crossentropy(
            y, out, from_logits=from_logits
        )
    if kind == "categorical" and sparse:
        return (
            "sparse_categorical_crossentropy",
            lambda y, out: losses.sparse_categorical_crossentropy(y, out, from_logits=from_logits),
        )
    if kind == "categorical":
        return "categorical_crossentropy", lambda y, out: losses.categorical_crossentropy(
            y, out, from_logits=from_logits
        )
    return "mean_squared_error", lambda y, out: _per_row(losses.mean_squared_error(y, out))


def _loss_key(loss: Any) -> str:
    if loss is None:
        return ""
    if isinstance(loss, str):
        return repr((loss, [(one, id(one)) for one in registered_in(loss)]))
    if type(loss) in vars(keras.losses).values() and type(loss) is not keras.losses.Loss:
        return repr((type(loss).__name__, loss.get_config()))
    return f"{loss!r} at {id(loss)}"


def _name_of(loss: object) -> str:
    """The long name of a loss; "" where none was given."""
    if isinstance(loss, str):
        return str(getattr(keras.losses.get(loss), "__name__", loss))
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", ""))


def _wants_one_hot(given: object) -> bool:
    """Whether a loss that was given takes classes one-hot."""
    return given is not None and _name_of(given).startswith("categorical")


def _metric_name(metric: str | None, kind: Kind, sparse: bool) -> str:
    if metric is None:
        return "mean_absolute_error" if kind == "regression" else "accuracy"
    name = _SHORT.get(metric, metric) if isinstance(metric, str) else ""
    if name not in METRIC_NAMES:
        raise DataError(f"metric={metric!r} is not known. {did_you_mean(metric, METRIC_NAMES)}")
    if name == "accuracy" and kind == "regression":
        raise DataError(
            "metric='accuracy' needs classes, and these targets are numbers. Use "
            "'mean_absolute_error' or 'mean_squared_error'."
        )
    if name != "accuracy" and sparse:
        raise DataError(
            f"metric={metric!r} needs numbers, and these targets are classes. Use 'accuracy', or "
            "give the targets one-hot."
        )
    return name


def _metric_rows(name: str, kind: Kind, sparse: bool, from_logits: bool) -> Rows:
    if name == "accuracy" and kind == "categorical":
        if sparse:
            return lambda y, out: (jnp.argmax(out, axis=-1) == y).astype(jnp.float32)
        return lambda y, out: (jnp.argmax(out, -1) == jnp.argmax(y, -1)).astype(jnp.float32)
    if name == "accuracy":
        boundary = 0.0 if from_logits else 0.5
        return lambda y, out: _per_row(((out > boundary) == (y > 0.5)).astype(jnp.float32))
    if name == "mean_absolute_error":
        return lambda y, out: _per_row(jnp.abs(y - out))
    return lambda y, out: _per_row(jnp.square(y - out))


def _per_row(values: jax.Array) -> jax.Array:
    if not values.ndim:
        raise ModelError("The loss gives one number for a batch; it must give one number a row.")
    return values.reshape(values.shape[0], -1).mean(axis=1)

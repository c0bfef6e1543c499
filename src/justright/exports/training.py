"""One training of a study, as much of it as a script that repeats it must say."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import keras

from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.errors import ModelError, RecipeError
from justright.network.anatomy import Anatomy
from justright.network.blueprint import Blueprint
from justright.network.export import compiled, network_of
from justright.network.objective import Objective
from justright.regularizers.learned import settled
from justright.regularizers.recipe import Recipe
from justright.regularizers.schedule import Schedule
from justright.regularizers.strength import PerLayer

Loss = Literal["binary", "categorical", "sparse", "mean_squared_error", "mean_absolute_error"]

_LOSSES: dict[str, Loss] = {
    "binary_crossentropy": "binary",
    "categorical_crossentropy": "categorical",
    "sparse_categorical_crossentropy": "sparse",
    "mean_squared_error": "mean_squared_error",
    "mean_absolute_error": "mean_absolute_error",
}


@dataclass(frozen=True)
class Training:
    """A trial to be repeated by a script.

    Attributes:
        name: what the study calls the recipe.
        recipe: with what it has learned in its place.
        model: a plain Keras model with the recipe's layers, penalties and constraints.
        optimizer: Keras', with the recipe's weight decay and the trial's learning rate.
        objective: loss and metric.
        loss: which of those that a script knows.
        batch_size, epochs, seed: of the trial.
        rows: training rows, each of this shape.
        row_shape: of a row.
        shuffle: whether the rows are shuffled in each epoch.
        standardized: whether the rows' columns are standardized on the training rows.
        file: the name of the file of rows.
        anatomy: of the user's network: where each layer stands.
    """

    name: str
    recipe: Recipe
    model: keras.Model
    optimizer: keras.optimizers.Optimizer
    objective: Objective
    loss: Loss
    batch_size: int
    epochs: int
    seed: int
    rows: int
    row_shape: tuple[int, ...]
    shuffle: bool
    standardized: bool
    file: str
    anatomy: Anatomy

    @classmethod
    def of(cls, task: Task, result: TrialResult, standardized: bool, file: str) -> Training:
        """The training that a trial was.

        Raises:
            RecipeError: a strength that changes by epoch, or what standard Keras cannot hold.
            ModelError: a loss of the user's own, or frozen weights.
        """
        trial = result.trial
        recipe = settled(trial.recipe, task.blueprint.anatomy.sites, result.values)
        _check_steady(recipe)
        _check_trained(task.blueprint)
        optimizer = type(task.optimizer).from_config(task.optimizer.get_config())
        if not isinstance(optimizer.get_config().get("learning_rate"), dict):
            optimizer.learning_rate = trial.learning_rate
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always", UserWarning)
            model = network_of(task.blueprint, recipe, result.values)
            model = compiled(model, recipe, task.objective, optimizer)
        for text in (str(one.message) for one in said):
            if "exported model" in text:  # It lacks a part of the recipe.
                raise RecipeError(f"The recipe {trial.name!r} cannot be a script. {text}")
        train, _, _ = task.rows.parts(trial.split)
        return cls(
            name=trial.name,
            recipe=recipe,
            model=model,
            optimizer=model.optimizer,
            objective=task.objective,
            loss=_loss(task.objective),
            batch_size=task.batch_size,
            epochs=trial.epochs,
            seed=trial.seed,
            rows=int(train.index.shape[0] if train.count is None else train.count),
            row_shape=tuple(task.rows.inputs.shape[1:]),
            shuffle=task.shuffle,
            standardized=standardized,
            file=file,
            anatomy=task.blueprint.anatomy,
        )

    def find(self, kind: type[Any]) -> Any | None:
        """The recipe's technique of a kind, if it has one."""
        return next((t for t in self.recipe.techniques if type(t) is kind), None)

    @property
    def steps_per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-self.rows // self.batch_size)

    @property
    def has_labels(self) -> bool:
        """Whether targets are one label a row, text or numbers."""
        objective = self.objective
        one_hot = objective.kind == "categorical" and not objective.sparse
        return objective.classes is not None and not one_hot

    @property
    def outputs(self) -> int:
        """Of a row."""
        return int(self.model.output_shape[-1])

    @property
    def smoothing(self) -> float:
        """The recipe's label smoothing; 0 without."""
        return next(
            (float(t.smoothing) for t in self.recipe.techniques if hasattr(t, "smoothing")), 0.0
        )


def _check_steady(recipe: Recipe) -> None:
    for one in recipe.techniques:
        for name in one.strength_names():
            value = getattr(one, name)
            numbers = value.values if isinstance(value, PerLayer) else (value,)
            if any(isinstance(number, Schedule) for number in numbers):
                raise RecipeError(
                    f"{type(one).__name__}.{name} changes from epoch to epoch, and scripts are "
                    "written for recipes whose strengths are numbers."
                )


def _check_trained(blueprint: Blueprint) -> None:
    frozen = [x.name for x in blueprint.model.layers if x.weights and not x.trainable]
    if frozen:
        raise ModelError(
            f"The layer {frozen[0]!r} is frozen at weights of its own, which a script would have "
            "to hold. Study.model gives the network with its weights."
        )


def _loss(objective: Objective) -> Loss:
    loss, given = objective.for_keras()[0], objective.given_loss
    name = objective.loss_name
    if name not in _LOSSES or not (given is None or isinstance(given, str) or _is_plain(given)):
        named = getattr(loss, "name", None) or getattr(loss, "__name__", None) or name
        raise ModelError(
            f"The loss {named!r} is one of your own, and a script that stands alone can only name "
            f"what the framework has: {', '.join(_LOSSES)}."
        )
    return _LOSSES[name]


def _is_plain(loss: Any) -> bool:
    """Whether a loss object has no settings but the names and logits that the objective knows."""
    kind = type(loss)
    if getattr(keras.losses, kind.__name__, None) is not kind:
        return getattr(keras.losses, getattr(loss, "__name__", ""), None) is loss
    config = loss.get_config()
    logits = {"from_logits": config["from_logits"]} if "from_logits" in config else {}
    return config == kind(**logits).get_config()

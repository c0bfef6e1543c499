"""Compare recipes on one task, in pairs over seeds."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from justright.backend import idle_cores, keep_compiled_programs
from justright.deferred import import_meanwhile
from justright.engine.layout import Layout
from justright.engine.passes import run_passes
from justright.engine.program import Task
from justright.engine.scheduler import run_trials
from justright.engine.size import layout_for
from justright.engine.trial import Trial
from justright.errors import DataError, ModelError, RecipeError
from justright.experiments.parts import Given, Parts, parts_of
from justright.network.blueprint import Blueprint
from justright.network.default import default_network
from justright.network.objective import infer_objective
from justright.network.optimizer import initial_learning_rate, keras_optimizer
from justright.network.own import own_regularization
from justright.network.weights import Arrays, random_numbers_kept
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.console import progress_bar
from justright.study import Study

MOST_EPOCHS = 2**31 - 1
MOST_LANES = 2**16
BATCH_SIZE = 32

Recipes = Mapping[str, Recipe | Technique]


@random_numbers_kept()
def compare(
    model: Any,
    train: Given,
    recipes: Recipes,
    *,
    target: str | None = None,
    validation: Given | float | None = None,
    test: Given | float | None = None,
    seeds: int | Sequence[int] = 10,
    epochs: int = 100,
    batch_size: int | None = None,
    optimizer: Any = None,
    loss: Any = None,
    metric: str | None = None,
    shuffle: bool = True,
    initial_weights: Literal["model"] | None = None,
    lanes: int | None = None,
    progress: bool | None = None,
) -> Study:
    """Train every recipe with every seed, as one compiled program a structure.

    Recipes with the same seed share initial weights and batch order, so they
    compare in pairs. Strengths, seeds and the learning rate are traced: other
    values do not compile again.

    Args:
        model: a Sequential or Functional Keras model, built or not, compiled or not;
            it is not changed. None for a dense network of 128 and 64 units.
        train: `(X, y)`: X (rows, …) of numbers, y (rows,) of labels or numbers, or
            (rows, outputs). Rows that do not fit into memory are read anew in each epoch,
            and all trials take the same batches: a pair of NumPy memory maps or HDF5 data
            sets, the path of a Parquet file, a `keras.utils.PyDataset`. Trials that find no
            lane at first take the passes again, so a PyDataset must give the same batches at
            each reading: let justright shuffle, and not `on_epoch_end`.
        recipes: by name. The first is the baseline that the summary compares with.
        target: the column to predict, where `train` is a Parquet file; the last one if None.
        validation: like `train`, or a fraction of the training rows to hold out; a
            quarter if None. These rows select (early stopping). Where `train` is read in
            each epoch, at most 100,000 of them, or 256 MB, are held in memory.
        test: like `validation`, or none if None. These rows judge.
        seeds: how many (0, 1, …), or which; at least 0 each.
        epochs: at most so many for each trial.
        batch_size: rows a step, at most the training rows; 32, or all rows if fewer, if
            None. The last step of an epoch takes what is left. A PyDataset brings its own.
        optimizer: `"sgd"`, `"momentum"`, `"adam"`, `"adamw"`, `"rmsprop"`, a Keras
            optimizer, or None for the one that the model was compiled with, and Adam
            otherwise.
        loss: a Keras loss or its name; None for the one that the model was compiled with,
            or else cross-entropy for classes and mean squared error for numbers, from
            probabilities or logits as the last activation says.
        metric: `"accuracy"`, `"mean_absolute_error"`, `"mean_squared_error"`; None for
            accuracy (classes) or mean absolute error (numbers).
        shuffle: whether each epoch takes the rows in a new order.
        initial_weights: `"model"` starts every trial from the model's own weights; None
            draws them anew for each seed with the layers' initializers.
        lanes: how many trials each device (each core of a CPU) holds at a time; chosen from
            the network's size and the device if None. It changes speed, and no numbers beyond
            rounding.
        progress: whether to show a progress bar; None for where someone watches.

    Returns:
        The study.

    Raises:
        DataError: rows, targets or parts that cannot be trained on.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a recipe that is not valid or finds nowhere to act.
    """
    keep_compiled_programs()
    named = _checked_recipes(recipes)
    parts = parts_of(train, validation, test, target)
    network = default_network(parts.row_shape, parts.targets) if model is None else model
    blueprint = Blueprint.of(network, parts.row_shape)
    objective = infer_objective(
        parts.targets,
        blueprint.anatomy.output_activation,
        blueprint.anatomy.output_shape,
        loss if loss is not None else _compiled_loss(network),
        metric,
    )
    made = keras_optimizer(optimizer, network)
    batch_size = _batch_size(batch_size, parts)
    _check_sizes(epochs, batch_size, parts.training_rows)
    task = Task(
        blueprint=blueprint,
        objective=objective,
        optimizer=made,
        rows=parts.rows(objective),
        batch_size=int(batch_size),
        shuffle=bool(shuffle),
        stream=parts.stream(objective, int(batch_size), bool(shuffle)),
    )
    rate = initial_learning_rate(made)
    trials = [
        Trial(name, recipe, seed, 0, int(epochs), rate)
        for name, recipe in named.items()
        for seed in _checked_seeds(seeds)
    ]
    start = _initial_values(blueprint, initial_weights)
    import_meanwhile("pandas")
    with progress_bar(progress) as on_progress:
        run = run_trials if task.stream is None else partial(run_passes, stream=task.stream)
        layout = _layout(task, lanes)
        results = run(task, trials, start, layout=layout, on_progress=on_progress)
    return Study(task, results, (*parts.notes, *_notes(task, made)), parts.features)


def _layout(task: Task, lanes: int | None) -> Layout:
    chosen = layout_for(task)
    if lanes is None:
        return chosen
    if not _is_whole(lanes) or not 1 <= lanes <= MOST_LANES:
        raise DataError(
            f"lanes={lanes!r}: lanes is a whole number from 1 to {MOST_LANES}, or None."
        )
    return replace(chosen, lanes_per_device=int(lanes))


def _checked_recipes(recipes: Recipes) -> dict[str, Recipe]:
    if not isinstance(recipes, Mapping):
        raise RecipeError(
            'recipes is a mapping from names to recipes, as in {"plain": Recipe(), "dropout": '
            f"Dropout(0.4)}}; a {type(recipes).__name__} was given."
        )
    if not recipes:
        raise RecipeError('recipes is empty. Give at least one, such as {"plain": Recipe()}.')
    named: dict[str, Recipe] = {}
    for name, recipe in recipes.items():
        if not isinstance(recipe, Recipe | Technique):
            raise RecipeError(
                f"The recipe {name!r} is {recipe!r}; give a Recipe or a regularizer, such as "
                "Dropout(0.4) + L2(0.001)."
            )
        if str(name) in named:
            raise RecipeError(f"Two recipes have the name {str(name)!r}. Give each its own.")
        named[str(name)] = as_recipe(recipe)
    return named


def _checked_seeds(seeds: Any) -> list[int]:
    if _is_whole(seeds):
        if seeds < 1:
            raise DataError(f"seeds={seeds}: at least one is wanted.")
        return list(range(int(seeds)))
    given: list[Any] = list(seeds) if isinstance(seeds, Iterable) else [None]
    if not all(map(_is_whole, given)):
        raise DataError(f"seeds={seeds!r}: give a count or a list of whole numbers.")
    listed = [int(seed) for seed in given]
    if not listed or min(listed) < 0 or len(set(listed)) < len(listed):
        raise DataError(f"seeds={listed}: give distinct whole numbers of at least 0.")
    return listed


def _batch_size(given: Any, parts: Parts) -> Any:
    own = parts.own_batch_size
    if given is None:
        return own or min(BATCH_SIZE, parts.training_rows)
    if own:
        raise DataError(
            f"batch_size={given!r}: a PyDataset brings its own batches, of {own} rows. Leave "
            "batch_size out, or change it in the PyDataset."
        )
    return given


def _check_sizes(epochs: int, batch_size: int, rows: int) -> None:
    for name, value in (("epochs", epochs), ("batch_size", batch_size)):
        if not _is_whole(value) or value < 1:
            raise DataError(f"{name}={value!r}: a whole number of at least 1 is wanted.")
    if epochs > MOST_EPOCHS:
        raise DataError(f"epochs={epochs}: at most {MOST_EPOCHS} can be counted.")
    if batch_size > rows:
        raise DataError(
            f"batch_size={batch_size} is larger than the {rows} training rows. Use at most {rows}."
        )


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _compiled_loss(model: Any) -> Any:
    """The loss that a model was compiled with, if it is one loss."""
    found = getattr(model, "loss", None) if getattr(model, "compiled", False) else None
    return None if isinstance(found, dict | list | tuple) else found


def _initial_values(
    blueprint: Blueprint, initial_weights: str | None
) -> Callable[[int], Arrays] | Arrays:
    if initial_weights is None:
        return blueprint.initial_values
    if initial_weights != "model":
        raise ModelError(
            f"initial_weights={initial_weights!r}: give 'model' to start from the model's own "
            "weights, or None to draw them anew for each seed."
        )
    if blueprint.own_values is None:
        raise ModelError(
            'initial_weights="model" wants weights, and the model is not built. Give it an Input '
            "layer, or call model.build((None, features))."
        )
    return blueprint.own_values


def _notes(task: Task, optimizer: Any) -> list[str]:
    objective = task.objective
    scale = " from logits" if objective.from_logits and objective.kind != "regression" else ""
    classes = objective.classes
    target = "numbers" if classes is None else f"{len(classes)} classes"
    if objective.kind == "multilabel":
        target = "several labels a row"
    notes = [f"Target: {target}. Loss: {objective.loss_name.replace('_', ' ')}{scale}."]
    own = own_regularization(task.blueprint.model)
    if own:
        notes.append(
            f"The model has regularization of its own, which stays on in every recipe: "
            f"{', '.join(own)}. justright.strip_regularization(model) gives a copy without."
        )
    if optimizer.weight_decay:
        notes.append(
            f"The optimizer {type(optimizer).__name__} has a weight decay of its own "
            f"({optimizer.weight_decay:g}), which stays on in every recipe."
        )
    idle = idle_cores()
    return [*notes, idle] if idle else notes

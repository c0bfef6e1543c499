"""Compare recipes on one task, in pairs over seeds."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from justright.backend import idle_cores, keep_compiled_programs
from justright.data.arrays import checked_inputs, checked_targets
from justright.data.holdout import hold_out
from justright.deferred import import_meanwhile
from justright.engine.program import Task
from justright.engine.rows import Split, pooled
from justright.engine.scheduler import run_trials
from justright.engine.trial import Trial
from justright.errors import DataError, ModelError, RecipeError
from justright.network.default import default_network
from justright.network.network import Blueprint
from justright.network.objective import Objective, infer_objective
from justright.network.optimizer import initial_learning_rate, keras_optimizer
from justright.network.own import own_regularization
from justright.network.weights import Arrays, random_numbers_kept
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.report.console import progress_bar
from justright.study import Study

VALIDATION_SHARE = 0.25
MOST_EPOCHS = 2**31 - 1
BATCH_SIZE = 32

Pair = tuple[Any, Any]
Recipes = Mapping[str, Recipe | Technique]


@random_numbers_kept()
def compare(
    model: Any,
    train: Pair,
    recipes: Recipes,
    *,
    validation: Pair | float | None = None,
    test: Pair | float | None = None,
    seeds: int | Sequence[int] = 10,
    epochs: int = 100,
    batch_size: int | None = None,
    optimizer: Any = None,
    loss: Any = None,
    metric: str | None = None,
    shuffle: bool = True,
    initial_weights: Literal["model"] | None = None,
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
            (rows, outputs).
        recipes: by name. The first is the baseline that the summary compares with.
        validation: `(X, y)`, or a fraction of the training rows to hold out; a
            quarter if None. These rows select (early stopping).
        test: `(X, y)`, a fraction of the training rows, or None. These rows judge.
        seeds: how many (0, 1, …), or which; at least 0 each.
        epochs: at most so many for each trial.
        batch_size: rows a step, at most the training rows; 32, or all rows if fewer, if
            None. The last step of an epoch takes what is left.
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
    X, y, split, held = _parts(train, validation, test)
    network = default_network(X.shape[1:], y[split.train]) if model is None else model
    blueprint = Blueprint.of(network, X.shape[1:])
    objective = infer_objective(
        y[split.train],
        blueprint.anatomy.output_activation,
        blueprint.anatomy.output_shape,
        loss if loss is not None else _compiled_loss(network),
        metric,
    )
    made = keras_optimizer(optimizer, network)
    if batch_size is None:
        batch_size = min(BATCH_SIZE, len(split.train))
    _check_sizes(epochs, batch_size, len(split.train))
    task = Task(
        blueprint=blueprint,
        objective=objective,
        optimizer=made,
        rows=pooled(X, _encoded(objective, y, split), [split]),
        batch_size=int(batch_size),
        shuffle=bool(shuffle),
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
        results = run_trials(task, trials, start, on_progress=on_progress)
    return Study(task, results, (*held, *_notes(task, made)))


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


def _parts(
    train: Pair, validation: Pair | float | None, test: Pair | float | None
) -> tuple[np.ndarray, np.ndarray, Split, list[str]]:
    """All rows in one pool, which of them do what, and what was held out, in words."""
    X, y = _checked_pair(train, "train")
    pools_X, pools_y = [X], [y]
    notes: list[str] = []
    rows = np.arange(len(X))
    parts: dict[str, np.ndarray] = {}
    if validation is None:
        validation = VALIDATION_SHARE
    for name, given in (("test", test), ("validation", validation)):
        if given is None:
            parts[name] = np.arange(0)
        elif isinstance(given, int | float | np.number):
            kept, held = hold_out(y[rows], float(given), name)
            parts[name], rows = rows[held], rows[kept]
            notes.append(f"{len(held)} of the training rows were held out for {name}.")
        else:
            more_X, more_y = _checked_pair(given, name)
            _check_alike(X, y, more_X, more_y, name)
            start = sum(map(len, pools_X))
            parts[name] = np.arange(start, start + len(more_X))
            pools_X.append(more_X)
            pools_y.append(more_y)
    split = Split(rows, parts["validation"], parts["test"])
    return np.concatenate(pools_X), np.concatenate(pools_y), split, notes


def _checked_pair(pair: Any, name: str) -> tuple[np.ndarray, np.ndarray]:
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise DataError(f"{name} is a pair (X, y); a {type(pair).__name__} was given.")
    X = checked_inputs(pair[0], f"X of {name}")
    return X, checked_targets(pair[1], len(X), f"y of {name}", f"X of {name}")


def _check_alike(
    X: np.ndarray, y: np.ndarray, more_X: np.ndarray, more_y: np.ndarray, name: str
) -> None:
    if X.shape[1:] != more_X.shape[1:]:
        raise DataError(
            f"Rows of X have shape {X.shape[1:]} in train and {more_X.shape[1:]} in {name}. Give "
            "both the same features."
        )
    text = [array.dtype.kind in "US" for array in (y, more_y)]
    if y.shape[1:] != more_y.shape[1:] or text[0] != text[1]:
        raise DataError(
            f"Targets are {y.dtype} of shape {y.shape[1:]} a row in train, and {more_y.dtype} of "
            f"shape {more_y.shape[1:]} in {name}. Give both in the same form."
        )


def _encoded(objective: Objective, y: np.ndarray, split: Split) -> np.ndarray:
    for name, rows in (("validation", split.validation), ("test", split.test)):
        objective.encode(y[rows], f"y of {name}")
    return objective.encode(y, "y of train")


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

"""Compare recipes on one task, in pairs over seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from justright.engine.interruption import stoppable
from justright.errors import RecipeError
from justright.experiments.given import Given
from justright.experiments.seeds import checked_seeds
from justright.experiments.setup import Setup
from justright.network.randomness import random_numbers_kept
from justright.regularizers.recipe import Recipe, as_recipe
from justright.regularizers.technique import Technique
from justright.study import Study

Recipes = Mapping[str, Recipe | Technique]


@stoppable()
@random_numbers_kept()
def compare(
    model: Any,
    train: Given,
    recipes: Recipes,
    *,
    target: str | None = None,
    task: Literal["classification", "regression"] | None = None,
    validation: Given | float | None = None,
    test: Given | float | None = None,
    splits: Any = None,
    groups: Any = None,
    preprocess: Any = None,
    sample_weight: Any = None,
    seeds: int | Sequence[int] = 10,
    epochs: int = 100,
    batch_size: int | None = None,
    optimizer: Any = None,
    loss: Any = None,
    metric: str | None = None,
    shuffle: bool = True,
    initial_weights: Literal["model"] | None = None,
    lanes: int | None = None,
    store: str | Path | None = None,
    workers: str | None = None,
    progress: bool | None = None,
) -> Study:
    """Train every recipe with every seed, as one compiled program a structure.

    Recipes with the same seed share initial weights and batch order, so they
    compare in pairs. Strengths, seeds and the learning rate are traced: other
    values do not compile again.

    Args:
        model: a Sequential or Functional Keras model, built or not, compiled or not;
            it is not changed. Units of hidden layers, such as `(128, 64)`, for a dense network
            of these; None for one of 128 and 64, behind convolutions where rows are pictures or
            signals.
        train: `(X, y)`: X (rows, …) of numbers, y (rows,) of labels or numbers, or
            (rows, outputs); or a table that holds its target: a frame of pandas, polars or
            pyarrow, or a file (CSV, Parquet, Arrow); or a folder of pictures, or an `.npz` file.
            A table is prepared by `TablePreparation`. Rows that do not fit into memory are read
            anew in each epoch, and all trials take the same batches: a pair of NumPy memory maps
            or HDF5 data sets, the path of a Parquet file of numbers, a `keras.utils.PyDataset`.
            Trials that find no lane at first take the passes again, so a PyDataset must give the
            same batches at each reading: let justright shuffle, and not `on_epoch_end`.
        recipes: by name. The first is the baseline that the summary compares with.
        target: the column to predict, where `train` is a table that holds it; the last one if
            None.
        task: `"classification"` or `"regression"`. If None, text and truth values are classes,
            floats are numbers, and whole numbers are classes where at most 20 differ or where
            they are codes from 0 on without gaps, ten rows each. The notes say which it is.
        validation: like `train`, or a fraction of the training rows to hold out; a
            quarter if None. These rows select (early stopping). Where `train` is read in
            each epoch, at most 100,000 of them, or 256 MB, are held in memory.
        test: like `validation`, or none if None. These rows judge.
        splits: several divisions of the training rows, for every recipe and seed. A number
            draws the shares of validation and test anew, so many times; a scikit-learn
            splitter (with `random_state`, where it draws) or a list of index arrays
            `(train, held)` or `(train, validation, test)` brings folds. What a fold holds out
            validates; where `validation` is given, it judges, and nothing of its division
            selects on it. With `TimeSeriesSplit` shares are the last rows. Rows in memory only.
        groups: one a training row; rows of a group are never on two sides of a division.
        preprocess: a scikit-learn transformer, `"standardize"` (by channel where rows have
            several dimensions), or `"table"` for `TablePreparation()`, that is fitted anew on the
            training rows of each split and of no other part. X may then be what the transformer
            takes. If None, arrays and frames of numbers are taken as they are (pictures of uint8
            divided by 255 where no model is given), and frames with text, dates or missing values
            as tables.
        sample_weight: one number of at least 0 a training row. A row's data loss is multiplied
            by its own and averaged over the rows of the batch, as in Keras' `fit`, and train,
            validation and test figures are means with these weights. Rows of validation and
            test that were given apart count 1. Rows in memory only.
        seeds: how many (0, 1, …), or which; at least 0 each.
        epochs: at most so many for each trial.
        batch_size: rows a step, at most the training rows; 32, or all rows if fewer, if
            None, as in Keras' `fit` (the command line goes by the number of rows). The last
            step of an epoch takes what is left. A PyDataset brings its own.
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
        store: a file that keeps the study while it is trained. If
            it exists already, the study goes on from it: what has ended is not trained again.
        workers: `"dask"` or `"ray"` to train on the workers of a cluster that runs, or with its
            address as in `"dask=tcp://10.0.0.1:8786"`; None to train here. Rows in memory only. The
            numbers are the same where workers have the same kind of processor.
        progress: whether to show a progress bar; None for where someone watches.

    Returns:
        The study. Ctrl-C ends it early: it is then the study of the trainings that had ended, or
        where none had, of those that were running, as they were; a warning and its notes say
        after how many. A second Ctrl-C raises KeyboardInterrupt at once.

    Raises:
        BackendError: the cluster has no worker that can train.
        DataError: rows, targets or parts that cannot be trained on, or no such cluster.
        ModelError: a network that cannot be read or does not fit.
        RecipeError: a recipe that is not valid or finds nowhere to act.
        StoreError: a store of another study, or one that cannot be used.
    """
    named = _checked_recipes(recipes)
    listed = checked_seeds(seeds)
    setup = Setup.of(
        model,
        train,
        target=target,
        task=task,
        validation=validation,
        test=test,
        splits=splits,
        groups=groups,
        preprocess=preprocess,
        sample_weight=sample_weight,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        loss=loss,
        metric=metric,
        shuffle=shuffle,
        initial_weights=initial_weights,
        lanes=lanes,
        store=store,
        workers=workers,
    )
    trials = [
        trial for name, recipe in named.items() for trial in setup.trials(name, recipe, listed)
    ]
    return setup.train(trials, progress, cut_short=True)


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

"""Predictions, as they are or sampled with a recipe's noise: Monte-Carlo dropout."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from justright.engine.evaluate import CHUNK
from justright.engine.forward import run
from justright.engine.keys import prediction_draws, prediction_key, step_key
from justright.engine.program import Task
from justright.errors import RecipeError
from justright.network.export import plain_model
from justright.network.moments import moment_matched, variances
from justright.network.network import Network
from justright.network.objective import Objective
from justright.network.probabilities import together
from justright.network.randomness import random_numbers_kept
from justright.network.structure import structure_of
from justright.network.weights import Arrays
from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.exports import PredictsByMoments
from justright.regularizers.places import ActsOnActivations, ActsOnStepWeights, Batch
from justright.regularizers.random import fold_in
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique

# Draws that take more bytes are summed up and not kept.
_KEPT_BYTES = 10**9


class Sampled(NamedTuple):
    """Mean, spread and draws, as `Prediction` has them."""

    mean: np.ndarray
    spread: np.ndarray | None = None
    draws: np.ndarray | None = None


def predicted(
    network: Network,
    objective: Objective,
    trained: Sequence[tuple[Recipe, Arrays]],
    inputs: np.ndarray,
    samples: int,
    seed: int,
) -> Sampled:
    """Outputs for rows, and how far they spread over draws of the recipe's noise.

    What layers and branches do is that of prediction: batch normalization uses its running
    statistics, dropout layers of the model itself rest, and branches have their mean. Networks
    that predict together each draw noise of their own, and a sample is their joint prediction.

    Args:
        network: with the recipe's structure.
        objective: what the network is trained for.
        trained: of each network that predicts, the recipe as it was, whose noise on units and
            weights is drawn, and the variables by path.
        inputs: (rows, …).
        samples: how many draws; 0 for the outputs without noise.
        seed: of the draws.

    Raises:
        RecipeError: samples of a recipe without noise.

    Source: Gal & Ghahramani, "Dropout as a Bayesian approximation: representing model
    uncertainty in deep learning", ICML 2016, equations 6 and 7 (without the noise of the
    targets, τ⁻¹).
    """
    acting = [_acting(recipe, samples) for recipe, _ in trained]
    variables = [jax.tree.map(jnp.asarray, network.complete(values)) for _, values in trained]
    key_data = jnp.asarray(prediction_key(seed))

    @jax.jit
    def outputs(rows: jax.Array, sample: jax.Array, chunk: jax.Array) -> jax.Array:
        batch = Batch(rows, jnp.zeros(len(rows)), None)

        def of(number: int) -> jax.Array:
            def key(technique: object) -> jax.Array:
                drawn = fold_in(step_key(key_data, technique, sample), chunk)
                return fold_in(drawn, number) if number else drawn

            weights, buffers = variables[number]
            passed, _ = run(
                network,
                objective,
                acting[number],
                weights,
                buffers,
                batch,
                key,
                training=False,
                noisy=True,
            )
            return passed.outputs

        if len(trained) == 1:
            return of(0)
        each = jnp.stack([of(number) for number in range(len(trained))])
        return together(objective, each, jnp.ones(len(trained), bool))

    def sample(number: int) -> np.ndarray:
        starts = range(0, len(inputs), CHUNK)
        parts = [outputs(inputs[s : s + CHUNK], jnp.uint32(number), jnp.uint32(s)) for s in starts]
        return np.concatenate([np.asarray(part) for part in parts])

    return _summed_up(map(sample, range(samples)), samples) if samples else Sampled(sample(0))


@random_numbers_kept()
def predicted_by_moments(
    task: Task, trained: Sequence[tuple[Recipe, Arrays]], inputs: np.ndarray, seed: int
) -> Sampled | None:
    """Outputs for rows by the rule of `PredictsByMoments`: pre-activations are drawn.

    None where the recipe has no such rule, or its weights no variance.

    Args:
        task: gives the network.
        trained: of each network that predicts, the recipe whose weights have a variance at
            prediction, and the variables by path.
        inputs: (rows, …).
        seed: of the draws.
    """
    outputs = [_by_moments(task, recipe, values, inputs, seed) for recipe, values in trained]
    drawn = [one for one in outputs if one is not None]
    if len(drawn) < len(outputs):
        return None
    if len(drawn) == 1:
        return Sampled(drawn[0])
    joint = together(task.objective, jnp.stack(drawn), jnp.ones(len(drawn), bool))
    return Sampled(np.asarray(joint))


def _by_moments(
    task: Task, recipe: Recipe, values: Arrays, inputs: np.ndarray, seed: int
) -> np.ndarray | None:
    spreads = variances(task.blueprint, structure_of(task.blueprint, recipe), recipe)
    if not spreads:
        return None
    others = (one for one in recipe.techniques if not isinstance(one, PredictsByMoments))
    model = plain_model(task.blueprint, Recipe(*others), values, task.objective, task.optimizer)
    drawing = moment_matched(model, inputs.shape[1:], spreads, prediction_draws(seed))
    return np.asarray(drawing.predict(inputs, verbose=0), np.float32)


def _acting(recipe: Recipe, samples: int) -> Recipe:
    """What of a recipe acts on a pass: its branches, and the noise that samples draw."""
    noise = noise_of(recipe) if samples else Recipe()
    if samples and not noise.techniques:
        raise RecipeError(
            f"samples={samples} draws the noise of a recipe, and {recipe!s} has none. Leave "
            "samples out, or choose a recipe with dropout or its kin."
        )
    branches = (one for one in recipe.techniques if isinstance(one, ActsOnBranches))
    return Recipe(*noise.techniques, *branches)


def noise_of(recipe: Recipe) -> Recipe:
    """The techniques of a recipe that disturb units or weights, each row for itself."""

    def disturbs(one: Technique) -> bool:
        units = isinstance(one, ActsOnActivations) and not one.one_draw
        return units or isinstance(one, ActsOnStepWeights)

    return Recipe(*filter(disturbs, recipe.techniques))


def _summed_up(samples: Iterator[np.ndarray], total: int) -> Sampled:
    """Mean and spread, one sample after the other (Welford); and the samples, where they fit."""
    mean, squares, count = np.zeros(()), np.zeros(()), 0
    kept: list[np.ndarray] = []
    for count, one in enumerate(samples, start=1):
        step = one - mean
        mean = mean + step / count
        squares = squares + step * (one - mean)
        if one.nbytes * total <= _KEPT_BYTES:
            kept.append(one)
    spread = np.sqrt(squares / (count - 1))
    draws = np.stack(kept) if kept else None
    return Sampled(mean.astype(np.float32), spread.astype(np.float32), draws)

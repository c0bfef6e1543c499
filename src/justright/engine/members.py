"""What predicts: one network, or several of the training together."""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp

from justright.engine.forward import weigh_in_prediction
from justright.errors import RecipeError
from justright.network.network import Buffers, Network
from justright.network.objective import Objective
from justright.network.probabilities import together
from justright.regularizers.places import ActsOnEnsemble, Moment, Weights
from justright.regularizers.recipe import Recipe


class Predictor(NamedTuple):
    """The variables of a network, or of several that predict together.

    Attributes:
        weights, buffers: by path; (members, …) of several.
        steps: that each member has been trained (members,), 0 where there is none yet; None for
            one network.
        epochs: the epoch of the last of these steps (members,), counted from 1; None likewise.
    """

    weights: Weights
    buffers: Buffers
    steps: jax.Array | None = None
    epochs: jax.Array | None = None

    def recipe(self, recipe: Recipe, epoch: jax.Array) -> Recipe:
        """A recipe as it was when this was trained; of several, strengths are (members,).

        Args:
            recipe: with its schedules.
            epoch: of one network, counted from 0; members know their own.
        """
        return recipe.at(epoch) if self.epochs is None else jax.vmap(recipe.at)(self.epochs - 1)


class Members(NamedTuple):
    """The networks that are kept while training goes on, in a ring.

    Attributes:
        predictor: all of them.
        slot: which of them is under way, or was the last to be (a scalar).
        complete: whether it stays as it is, and the next step begins another.
    """

    predictor: Predictor
    slot: jax.Array
    complete: jax.Array


def ensemble_of(recipe: Recipe) -> ActsOnEnsemble | None:
    """The technique by which several networks predict together; None where one predicts.

    Raises:
        RecipeError: several such techniques.
    """
    found = recipe.filling(ActsOnEnsemble)
    if len(found) > 1:
        raise RecipeError(
            "A recipe holds one technique that says which networks predict together; keep one of "
            f"{' and '.join(type(one).__name__ for one in found)}."
        )
    return next((one for one in found if one.networks() > 1), None)


def start(recipe: Recipe, weights: Weights, buffers: Buffers) -> Members | None:
    """No members yet; None where one network predicts."""
    one = ensemble_of(recipe)
    if one is None:
        return None
    count = one.networks()
    alone = Predictor(weights, buffers, jnp.int32(0), jnp.int32(0))
    each = jax.tree.map(lambda v: jnp.broadcast_to(v, (count, *v.shape)), alone)
    return Members(each, jnp.int32(count - 1), jnp.bool_(True))


def after_step(
    members: Members, weights: Weights, buffers: Buffers, moment: Moment, complete: jax.Array
) -> Members:
    """Put the network that a step has left into its slot.

    Args:
        members: before the step.
        weights, buffers: what would predict alone.
        moment: where training stands after the step.
        complete: whether this network stays as it is.
    """
    slot = (members.slot + members.complete) % len(jax.tree.leaves(members.predictor)[0])

    def put(kept: jax.Array, new: jax.Array) -> jax.Array:
        return jax.lax.dynamic_update_index_in_dim(kept, new, slot, 0)

    epoch = (moment.step - 1) // moment.steps_per_epoch + 1
    now = Predictor(weights, buffers, moment.step, epoch)
    return Members(jax.tree.map(put, members.predictor, now), slot, complete)


def outputs(
    network: Network, objective: Objective, recipe: Recipe, predictor: Predictor, inputs: jax.Array
) -> jax.Array:
    """What is predicted for rows, without noise: (rows, …).

    Args:
        network, objective: what predicts.
        recipe: says what prediction does with branches, from `Predictor.recipe`.
        predictor: the variables.
        inputs: (rows, …).
    """

    def of(pair: tuple[Predictor, Recipe]) -> jax.Array:
        one, recipe = pair
        weigh = weigh_in_prediction(recipe)
        passed = network.forward(one.weights, one.buffers, inputs, training=False, weigh=weigh)
        return passed.outputs

    if predictor.steps is None:
        return of((predictor, recipe))
    # One after the other: a convolution with the weights of several networks at once is slow.
    each = jax.lax.map(of, (predictor, recipe))
    return together(objective, each, predictor.steps > 0)

"""Manifold mixup: one draw for targets and the drawn layer; the places equally often."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.engine.forward import run
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.regularizers.location import Site
from justright.regularizers.places import Batch

SITES = (Site(0, "input", "input", count=3), *(Site(i, "", "hidden", count=3) for i in (1, 2)))
ROWS = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)


def mixed_at(technique, key):
    """Which sites change the identity, and the matrices that mix there and in the targets."""
    eye = jnp.eye(12)
    at = [technique.activation(eye, site, key) for site in SITES]
    targets = technique.batch(Batch(eye, eye, None), key).targets
    return [bool((m != eye).any()) for m in at], at, targets


@pytest.mark.parametrize("with_input", [True, False])
def test_one_place_mixes_and_each_as_often_as_the_others(with_input):
    technique = jr.ManifoldMixup(2.0, with_input)
    keys = jax.random.split(jax.random.key(1), 3000)
    eye = jnp.eye(12)
    at = jax.jit(
        jax.vmap(
            lambda key: jnp.stack(
                [jnp.any(technique.activation(eye, site, key) != eye) for site in SITES]
            )
        )
    )(keys)
    count = 3 if with_input else 2
    assert (np.asarray(at).sum(axis=1) == 1).all()
    shares = np.asarray(at).mean(axis=0)[3 - count :]
    np.testing.assert_allclose(shares, 1 / count, atol=4.5 * 0.5 / np.sqrt(3000))


def test_targets_are_mixed_as_the_place_is():
    for seed in range(8):
        changed, at, targets = mixed_at(jr.ManifoldMixup(2.0), jax.random.key(seed))
        (place,) = np.flatnonzero(changed)
        np.testing.assert_array_equal(at[place], targets)
        share = 1 - np.unique(np.diag(targets)).min()
        assert 0 < share <= 0.5
        np.testing.assert_allclose(np.asarray(targets).sum(axis=1), 1, rtol=1e-6)
        np.testing.assert_allclose(np.asarray(targets).sum(axis=0), 1, rtol=1e-6)


def test_a_pass_is_the_networks_two_halves_with_a_mixture_between():
    """By hand in NumPy, for every place that a key may draw."""
    keras.utils.set_random_seed(2)
    model = dense_net(activation=None)
    blueprint = Blueprint.of(model, (5,))
    technique = jr.ManifoldMixup(2.0)
    network = Network(blueprint, jr.Recipe(technique))
    weights, buffers = network.complete(blueprint.own_values)
    objective = infer_objective(ROWS[:, 0], "linear", (1,))
    batch = Batch(jnp.asarray(ROWS), jnp.asarray(ROWS[:, :1]), None)
    layers = [np.asarray(w, float) for w in model.get_weights()]
    seen = set()
    for seed in range(9):
        key = jax.random.key(seed)
        changed, _, matrix = mixed_at(technique, key)
        passed, _ = run(
            network, objective, jr.Recipe(technique), weights, buffers, batch,
            lambda _, key=key: key, training=True,
        )  # fmt: skip
        h = ROWS.astype(float)
        for i, change in enumerate(changed):
            h = np.asarray(matrix, float) @ h if change else h
            h = h @ layers[2 * i] + layers[2 * i + 1]
            h = np.maximum(h, 0) if i < 2 else h
        np.testing.assert_allclose(passed.outputs, h, atol=1e-5)
        seen.add(tuple(changed))
    assert len(seen) == 3


def test_rows_apart_have_nobody_to_mix_with(binary, small_net):
    recipe = jr.DropConnect(0.5, per_example=True) + jr.ManifoldMixup(1.0)
    with pytest.raises(jr.RecipeError, match="ManifoldMixup is of the whole batch"):
        jr.compare(small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=1)

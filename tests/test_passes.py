"""What a step costs, by the operations that XLA counts: the passes that the catalog says."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.engine.lane import Order, enter
from justright.engine.step import Machinery, train_step
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.network.optimizer import FunctionalOptimizer, keras_optimizer
from justright.regularizers import TECHNIQUES
from justright.regularizers.catalog import entry_of
from justright.regularizers.places import Batch
from test_laws import TABLE, company

FURTHER = [kind for kind in TECHNIQUES if entry_of(kind).extra_passes]
WITHOUT = [jr.Dropout, jr.L2, jr.EMA, jr.Mixup, jr.BatchNorm, jr.GradientClipping, jr.WeightDecay]
ROWS = 64


@functools.cache
def blueprint():
    return Blueprint.of(dense_net((128, 128), features=32), (32,))


def operations(recipe):
    """Floating-point operations of a compiled step."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(ROWS, 32)).astype(np.float32), np.arange(ROWS) % 2
    network = Network(blueprint(), recipe)
    anatomy = blueprint().anatomy
    objective = infer_objective(y, anatomy.output_activation, anatomy.output_shape)
    machinery = Machinery(
        network, objective, FunctionalOptimizer(keras_optimizer("sgd"), network), 5
    )
    weights, buffers = network.complete(blueprint().initial_values(0))
    zero, key = jnp.int32(0), jnp.array([1, 2], jnp.uint32)
    order = Order(recipe, None, None, None, zero, jnp.int32(1), None, weights, buffers, zero)
    state = enter(machinery, order).training
    batch = Batch(jnp.asarray(X), jnp.asarray(objective.encode(y, "y")), None)

    def step(recipe, state, batch):
        return train_step(machinery, recipe, jnp.float32(0.01), key, state, batch)

    compiled = jax.jit(step).lower(recipe, state, batch).compile()
    return compiled.cost_analysis()["flops"]


@pytest.mark.parametrize("kind", [*FURTHER, *WITHOUT], ids=lambda kind: kind.__name__)
def test_a_step_takes_as_many_passes_as_the_catalog_says(kind):
    without = jr.Recipe(company(kind))
    more = operations(without + TABLE[kind][0]) / operations(without) - 1
    assert more == pytest.approx(entry_of(kind).extra_passes, abs=0.35)

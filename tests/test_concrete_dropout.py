"""Concrete dropout: against the authors' arithmetic in PyTorch, and the rates that are learned."""

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
from justright.regularizers.concrete_dropout import kept
from justright.regularizers.places import Batch
from justright.regularizers.random import fold_in, uniform

ROWS = np.random.default_rng(0).normal(size=(12, 5)).astype(np.float32)
KEY = jax.random.key(4)
RATES = {"site_1_hidden_0/ConcreteDropout": 0.2, "site_2_hidden_1/ConcreteDropout": 0.6}


def authors_loss(torch, weights, rates, draws, technique):
    """The authors' `ConcreteDropout` around each layer, in 64 bits, with given draws."""
    x, total = torch.tensor(ROWS, dtype=torch.float64), 0
    for i, layer in enumerate(("hidden_0", "hidden_1", "out")):
        kernel, bias = weights[f"{layer}/kernel"], weights[f"{layer}/bias"]
        if i:
            p, u = torch.sigmoid(rates[i - 1]), draws[i - 1]
            drop = torch.log(p) - torch.log(1 - p) + torch.log(u) - torch.log(1 - u)
            drop = torch.sigmoid(drop / technique.temperature)
            x = x * (1 - drop) / (1 - p)
            negative_entropy = p * torch.log(p) + (1 - p) * torch.log(1 - p)
            total = total + technique.l2 * (kernel**2).sum() / (1 - p)
            total = total + technique.entropy * x.shape[1] * negative_entropy
        x = x @ kernel + bias
        x = torch.relu(x) if i < 2 else x
    y = torch.tensor(ROWS[:, :1], dtype=torch.float64)
    return ((x - y) ** 2).mean() + total


def test_loss_and_gradients_are_those_of_the_authors_code():
    torch = pytest.importorskip("torch")
    technique = jr.ConcreteDropout(0.01, 0.05, 0.3)
    keras.utils.set_random_seed(3)
    blueprint = Blueprint.of(dense_net(activation=None), (5,))
    network = Network(blueprint, jr.Recipe(technique))
    weights, buffers = network.complete(blueprint.own_values)
    weights |= {path: np.float32(np.log(p / (1 - p))) for path, p in RATES.items()}
    objective = infer_objective(ROWS[:, 0], "linear", (1,))
    batch = Batch(jnp.asarray(ROWS), jnp.asarray(ROWS[:, :1]), None)

    def loss(weights):
        passed, look = run(
            network, objective, jr.Recipe(technique), weights, buffers, batch, lambda _: KEY,
            training=True,
        )  # fmt: skip
        rows = objective.loss_rows(batch.targets, passed.outputs)
        return rows.mean() + technique.penalty(look(technique))

    value, gradient = jax.value_and_grad(loss)(weights)
    theirs = {
        p: torch.tensor(w, dtype=torch.float64, requires_grad=True) for p, w in weights.items()
    }
    draws = [
        torch.tensor(np.asarray(uniform(fold_in(KEY, site + 1), (12, units)), float))
        for site, units in ((1, 8), (2, 4))
    ]
    expected = authors_loss(torch, theirs, [theirs[p] for p in RATES], draws, technique)
    expected.backward()
    assert float(value) == pytest.approx(expected.item(), rel=1e-5)
    for path, one in theirs.items():
        np.testing.assert_allclose(gradient[path], one.grad, atol=2e-5, err_msg=path)


def test_cold_draws_are_those_of_dropout():
    u = uniform(KEY, (100_000,))
    factor = np.asarray(kept(jnp.log(0.3 / 0.7), 1e-4, u))
    assert (factor < 0.01).mean() == pytest.approx(0.3, abs=4.5 * np.sqrt(0.21 / 100_000))
    near = np.isclose(factor, 0, atol=1e-3) | np.isclose(factor, 1 / 0.7, rtol=1e-3)
    assert near.mean() > 0.999


def trained(binary, recipe, model=None, **options):
    return jr.compare(
        model or dense_net(), binary, {"it": recipe}, validation=binary, seeds=2,
        **{"epochs": 12, "optimizer": keras.optimizers.Adam(0.05)} | options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("l2", "entropy", "between"), [(0.0, 5.0, (0.4, 0.55)), (1.0, 0.0, (0.0, 0.2))]
)
def test_entropy_asks_for_one_half_and_weights_for_none(binary, l2, entropy, between):
    study = trained(binary, jr.ConcreteDropout(l2, entropy, initial_rate=0.3))
    for seed in range(2):
        (dropout,) = study.settled("it", seed).techniques
        rates = dict(zip(dropout.rate.patterns, dropout.rate.values, strict=True))
        assert list(rates) == ["hidden_0", "hidden_1"]
        assert all(between[0] < rate < between[1] for rate in rates.values())


def test_the_exported_model_drops_at_the_learned_rates(binary):
    study = trained(binary, jr.Dropout({"input": 0.1}) + jr.ConcreteDropout(1e-3, 0.1), epochs=4)
    model, recipe = study.model("it"), study.settled("it")
    drops = [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    assert drops == [0.1, *recipe.techniques[1].rate.values]
    assert 0.1 not in drops[1:]
    accuracy = ((np.asarray(model(binary[0]))[:, 0] > 0.5) == binary[1]).mean()
    row = study.table.loc[study.table["val_loss"].idxmin()]
    assert accuracy == pytest.approx(row["val_metric"], abs=1e-6)


def test_a_layer_that_is_named_like_a_position_is_meant_alone():
    settled = jr.ConcreteDropout(0.0, 0.0).settled({"hidden": 0.0, "a[1]": 0.0})
    assert settled.rate.patterns == ("[h]idden", "a[[]1]")


def test_a_recipe_that_learns_nothing_settles_as_it_is(binary):
    recipe = jr.Dropout(0.2) + jr.L2(0.1)
    assert trained(binary, recipe, epochs=1).settled("it") == recipe


def test_kernels_know_the_sites_that_they_read():
    """Two branches from one layer, one of them recurrent in name alone: joined, then out."""
    entry = keras.Input((4, 3))
    first = keras.layers.GRU(5, return_sequences=True, name="first")(entry)
    left = keras.layers.GRU(2, name="left")(first)
    right = keras.layers.Dense(3, "relu", name="right")(keras.layers.Flatten()(first))
    out = keras.layers.Dense(1, name="out")(keras.layers.Concatenate()([left, right]))
    blueprint = Blueprint.of(keras.Model(entry, out), (4, 3))
    layers = [site.layer for site in blueprint.anatomy.sites]
    kernels = Network(blueprint, jr.Recipe()).kernels
    reads = {k.path: [layers[i] for i in k.reads] for k in kernels}
    assert {p.split("/")[0]: r for p, r in reads.items() if p.endswith("/kernel")} == {
        "first": ["input"], "left": ["first"], "right": ["first"], "out": ["left", "right"],
    }  # fmt: skip
    assert not any(r for p, r in reads.items() if p.endswith("recurrent_kernel"))


@pytest.mark.parametrize("rate", [0, 1, True, "0.1"])
def test_a_rate_to_start_from_that_is_none_is_refused(rate):
    with pytest.raises(jr.RecipeError, match="initial_rate="):
        jr.ConcreteDropout(0.0, 0.0, initial_rate=rate)

"""Penalties on what a network computes: entropies, activations, Jacobians; and orthogonality."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

import justright as jr
from conftest import dense_net
from justright.network.objective import infer_objective
from justright.network.probabilities import log_probabilities
from justright.regularizers.location import Site
from justright.regularizers.orthogonal_penalty import distance_from_orthogonal
from justright.regularizers.places import Batch, Forward

rng = np.random.default_rng(2)
ROWS = rng.normal(size=(12, 4)).astype(np.float32)
CLASSES = np.arange(12) % 3
LOGITS = rng.normal(size=(12, 3)).astype(np.float32)
KEY = jax.random.key(4)


def forward(outputs, *, inputs=ROWS, row_weights=None, activations=(), at=None, logs=None, key=KEY):
    batch = Batch(jnp.asarray(inputs), jnp.zeros(len(inputs)), row_weights)
    return Forward({}, (), jnp.asarray(outputs), batch, activations, at, lambda: logs, key)


def trained(model, recipe, y=CLASSES, epochs=4, **options):
    return jr.compare(
        model, (ROWS, y), {"it": recipe}, validation=(ROWS, y), seeds=1, epochs=epochs,
        optimizer="sgd", shuffle=False, initial_weights="model", **{"batch_size": 12} | options,
    )  # fmt: skip


# Probabilities and confidence


CASES = {
    "categorical, logits": (CLASSES, "linear", (3,)),
    "categorical, probabilities": (CLASSES, "softmax", (3,)),
    "binary, logits": (CLASSES > 0, "linear", (1,)),
    "binary, probabilities": (CLASSES > 0, "sigmoid", (1,)),
    "several labels": (np.eye(3, dtype=int)[CLASSES], "sigmoid", (3,)),
}


@pytest.mark.parametrize("name", CASES)
def test_probabilities_are_those_of_the_loss(name):
    y, activation, shape = CASES[name]
    objective = infer_objective(y, activation, shape)
    z = LOGITS[:, : shape[0]]
    squash = {"linear": np.asarray, "softmax": lambda z: special.softmax(z, -1)}
    logs = log_probabilities(objective, squash.get(activation, special.expit)(z))
    if objective.kind == "categorical":
        expected = special.log_softmax(z.astype(float), axis=-1)
    else:
        expected = np.stack([special.log_expit(z.astype(float)), special.log_expit(-z)], axis=-1)
    np.testing.assert_allclose(logs, expected, atol=1e-5)


@pytest.mark.parametrize("weights", [None, np.arange(12.0)])
def test_the_confidence_penalty_is_the_entropy(weights):
    logs = jax.nn.log_softmax(LOGITS)
    given = forward(LOGITS, logs=logs, row_weights=weights)
    entropy = stats.entropy(special.softmax(LOGITS, axis=1), axis=1)
    expected = -0.3 * np.average(entropy, weights=weights)
    assert float(jr.ConfidencePenalty(0.3).penalty(given)) == pytest.approx(expected, rel=1e-5)


def test_the_confidence_penalty_takes_several_yes_or_no_outputs():
    logs = jnp.stack([jax.nn.log_sigmoid(LOGITS), jax.nn.log_sigmoid(-LOGITS)], axis=-1)
    p = special.expit(LOGITS)
    expected = -0.3 * stats.entropy(np.stack([p, 1 - p]), axis=0).mean()
    ours = jr.ConfidencePenalty(0.3).penalty(forward(LOGITS, logs=logs))
    assert float(ours) == pytest.approx(expected, rel=1e-5)


def test_the_confidence_penalty_of_numbers_is_refused():
    with pytest.raises(jr.RecipeError, match="targets are numbers"):
        trained(dense_net(features=4, activation=None), jr.ConfidencePenalty(0.1), ROWS[:, 0])


def test_the_logged_penalty_is_that_of_the_training_rows():
    model = dense_net(features=4, outputs=3, activation="softmax")
    study = trained(model, jr.ConfidencePenalty(0.3) + jr.L2(0.1) + jr.Dropout(0.5))
    plain = jr.strip_regularization(study.model("it"))
    squares = sum(np.square(w).sum() for w in plain.get_weights()[::2])
    entropy = stats.entropy(np.asarray(plain(ROWS)), axis=1).mean()
    logged = study.curves["penalty"].iloc[-1]
    assert logged == pytest.approx(-0.3 * entropy + 0.1 * squares, rel=1e-5)


# Activations


@pytest.mark.parametrize("kind", ["L1", "L2"])
@pytest.mark.parametrize("batch_size", [12, 8], ids=["full batches", "a smaller last batch"])
def test_activity_penalties_are_keras_activity_regularizers(kind, batch_size):
    ours = {"L1": jr.ActivityL1, "L2": jr.ActivityL2}[kind]
    keras.utils.set_random_seed(5)
    model = dense_net(features=4, activation=None)
    twin = dense_net(
        features=4, activation=None, activity_regularizer=getattr(keras.regularizers, kind)(0.2)
    )
    twin.set_weights(model.get_weights())
    twin.compile("sgd", "mse")
    y = ROWS[:, :1]
    for _ in range(4):
        for start in range(0, 12, batch_size):
            twin.train_on_batch(ROWS[start : start + batch_size], y[start : start + batch_size])
    study = trained(model, ours(0.2), y[:, 0], batch_size=batch_size)
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


def test_activities_are_taken_before_dropout():
    model = dense_net(features=4, activation=None)
    alone = trained(model, jr.ActivityL1(0.2), ROWS[:, 0], epochs=1)
    beside = trained(model, jr.ActivityL1(0.2) + jr.Dropout(0.0), ROWS[:, 0], epochs=1)
    both = [s.curves["penalty"].iloc[0] for s in (alone, beside)]
    assert both[0] == pytest.approx(both[1], rel=1e-6)
    first, second, _ = alone.model("it").layers
    expected = sum(0.2 * np.abs(h).sum() / 12 for h in (first(ROWS), second(first(ROWS))))
    assert both[0] == pytest.approx(expected, rel=1e-5)


def test_activity_penalties_differ_by_layer_and_want_one():
    h = jnp.ones((12, 2, 5))
    seen = ((Site(1, "a", "hidden"), h), (Site(2, "b", "hidden"), 2 * h))
    given = forward(LOGITS, activations=seen)
    assert float(jr.ActivityL2({"b": 0.1}).penalty(given)) == pytest.approx(0.1 * 40)
    assert float(jr.ActivityL1({"a": 0.1, "hidden": 1.0}).penalty(given)) == pytest.approx(21)
    with pytest.raises(jr.RecipeError, match="ActivityL1 finds nowhere to act"):
        trained(dense_net(features=4), jr.ActivityL1({"output": 0.1}), CLASSES > 0)


# Orthogonality


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 6))
def test_the_distance_from_orthogonal_is_the_definition(seed, inputs, units):
    w = np.random.default_rng(seed).normal(size=(inputs, units))
    gram = w.T @ w if units <= inputs else w @ w.T
    expected = np.linalg.norm(gram - np.eye(len(gram))) ** 2
    assert float(distance_from_orthogonal(jnp.float32(w))) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("shape", [(6, 4), (4, 6)])
def test_orthogonal_weights_cost_nothing(shape):
    w = stats.ortho_group.rvs(6, random_state=0)[: shape[0], : shape[1]]
    assert float(distance_from_orthogonal(jnp.float32(w))) == pytest.approx(0, abs=1e-5)


def test_filters_count_as_columns():
    keras.utils.set_random_seed(3)
    layers = [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.Flatten()]
    model = keras.Sequential([keras.Input((4, 4, 2)), *layers, keras.layers.Dense(1, name="out")])
    X = rng.normal(size=(8, 4, 4, 2)).astype(np.float32)
    study = jr.compare(
        model, (X, X[:, 0, 0, 0]), {"it": jr.OrthogonalPenalty({"conv": 0.1})}, epochs=2, seeds=1,
        validation=(X, X[:, 0, 0, 0]),
    )  # fmt: skip
    w = study.model("it").get_weights()[0].reshape(18, 4)
    expected = 0.1 * np.linalg.norm(w.T @ w - np.eye(4)) ** 2
    assert study.curves["penalty"].iloc[-1] == pytest.approx(expected, rel=1e-4)


# Jacobians


def tanh_net(outputs):
    w1, w2 = rng.normal(size=(4, 5)), rng.normal(size=(5, outputs))
    h = np.tanh(ROWS @ w1)
    jacobians = np.einsum("ij,nj,jk->nik", w1, 1 - h**2, w2)
    return lambda x: jnp.tanh(x @ jnp.float32(w1)) @ jnp.float32(w2), jacobians


def test_the_jacobian_of_one_output_is_exact():
    network, jacobians = tanh_net(1)
    weights = np.arange(12.0)
    given = forward(network(ROWS), at=network, row_weights=weights)
    expected = 0.3 / 2 * np.average((jacobians**2).sum(axis=(1, 2)), weights=weights)
    assert float(jr.JacobianPenalty(0.3).penalty(given)) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("projections", [1, 3])
def test_the_jacobian_of_many_outputs_is_estimated_without_bias(projections):
    network, jacobians = tanh_net(3)
    technique = jr.JacobianPenalty(2.0, projections)
    estimates = jax.jit(
        jax.vmap(lambda key: technique.penalty(forward(network(ROWS), at=network, key=key)))
    )(jax.random.split(KEY, 2000))
    expected = (jacobians**2).sum(axis=(1, 2)).mean()
    error = float(np.std(estimates)) / np.sqrt(2000)
    assert np.mean(estimates) == pytest.approx(expected, abs=4.5 * error)


def test_training_under_the_jacobian_penalty_is_ridge_for_a_linear_network():
    """There J is the weights, and λ/2·‖J‖² the penalty of L2(λ/2)."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    y = ROWS @ [1.0, -1.0, 0.5, 0.0]
    jacobian, ridge = (trained(model, r, y, 50) for r in (jr.JacobianPenalty(0.4), jr.L2(0.2)))
    pairs = zip(jacobian.model("it").get_weights(), ridge.model("it").get_weights(), strict=True)
    for a, b in pairs:
        np.testing.assert_allclose(a, b, atol=1e-5)
    logged = [study.curves["penalty"].iloc[-1] for study in (jacobian, ridge)]
    assert logged[0] == pytest.approx(logged[1], rel=1e-4)


@pytest.mark.parametrize("projections", [0, 1.5, True])
def test_projections_that_are_none_are_refused(projections):
    with pytest.raises(jr.RecipeError, match="projections="):
        jr.JacobianPenalty(0.1, projections)

"""From the same weights and batches, justright trains what Keras' own `train_on_batch` trains."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net

STEPS = 50


def same_weights(model):
    """A second model of the same kind with the same weights."""
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    return twin


def train_in_keras(model, X, y, batch_size, epochs, optimizer, loss):
    model.compile(optimizer=optimizer, loss=loss)
    for _ in range(epochs):
        for start in range(0, len(X), batch_size):
            model.train_on_batch(X[start : start + batch_size], y[start : start + batch_size])
    return model


def train_here(model, X, y, recipe, batch_size, epochs, optimizer, **options):
    study = jr.compare(
        model,
        (X, y),
        {"it": recipe},
        validation=(X, y),
        seeds=1,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        shuffle=False,
        initial_weights="model",
        **options,
    )
    return study, study.model("it")


def assert_same(ours, theirs, tolerance=1e-5):
    for a, b in zip(ours.get_weights(), theirs.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=tolerance, rtol=0)


@pytest.mark.parametrize("optimizer", ["sgd", "momentum", "adam", "adamw", "rmsprop"])
def test_plain_training_equals_keras(binary, small_net, optimizer):
    X, y = binary
    theirs = {"momentum": keras.optimizers.SGD(momentum=0.9)}.get(optimizer, optimizer)
    twin = train_in_keras(same_weights(small_net), X, y, 8, 5, theirs, "binary_crossentropy")
    _, ours = train_here(small_net, X, y, jr.Recipe(), 8, 5, optimizer)
    assert_same(ours, twin)


def test_l2_training_equals_keras(binary, small_net):
    X, y = binary
    penalized = dense_net(kernel_regularizer=keras.regularizers.L2(0.01))
    penalized.set_weights(small_net.get_weights())
    twin = train_in_keras(penalized, X, y, 8, 5, "adam", "binary_crossentropy")
    _, ours = train_here(small_net, X, y, jr.L2({"hidden": 0.01}), 8, 5, "adam")
    assert_same(ours, twin)


@pytest.mark.parametrize("batch_size", [16, 24], ids=["full batches", "a smaller last batch"])
def test_batch_norm_training_equals_keras(binary, small_net, batch_size):
    X, y = binary
    layers = [keras.Input((5,))]
    for dense in small_net.layers[:-1]:
        layers += [
            keras.layers.Dense(dense.units),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
        ]
    theirs = keras.Sequential([*layers, keras.layers.Dense(1, activation="sigmoid")])
    for mine, given in zip(theirs.layers[::3], small_net.layers, strict=True):
        mine.set_weights(given.get_weights())
    # Not Adam: a bias before a batch normalization has no gradient but rounding, which
    # Adam would blow up to full steps.
    sgd = keras.optimizers.SGD(0.05, momentum=0.9)
    train_in_keras(theirs, X, y, batch_size, STEPS // 4 + 1, sgd, "binary_crossentropy")
    _, ours = train_here(small_net, X, y, jr.BatchNorm(), batch_size, STEPS // 4 + 1, sgd)
    assert [type(a) for a in ours.layers] == [type(b) for b in theirs.layers]
    assert_same(ours, theirs)


def test_a_smaller_last_batch_counts_as_in_keras(binary, small_net):
    X, y = binary
    twin = train_in_keras(same_weights(small_net), X, y, 32, 10, "adam", "binary_crossentropy")
    _, ours = train_here(small_net, X, y, jr.Recipe(), 32, 10, "adam")
    assert_same(ours, twin)


def _three_classes(y):
    return (y + np.arange(len(y)) % 2).astype(int)


LOSSES = {
    "binary, logits": (
        1,
        None,
        lambda y: y,
        keras.losses.BinaryCrossentropy(from_logits=True),
    ),
    "sparse, probabilities": (3, "softmax", _three_classes, "sparse_categorical_crossentropy"),
    "sparse, logits": (
        3,
        None,
        _three_classes,
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ),
    "one-hot, probabilities": (
        3,
        "softmax",
        lambda y: np.eye(3)[_three_classes(y)],
        "categorical_crossentropy",
    ),
    "multi-label": (
        3,
        "sigmoid",
        lambda y: np.eye(3, dtype=int)[_three_classes(y)],
        "binary_crossentropy",
    ),
    "regression": (1, None, lambda y: y + 0.25, "mean_squared_error"),
    "two numbers": (2, None, lambda y: np.stack([y, 0.5 - y], 1), "mean_squared_error"),
}


@pytest.mark.parametrize("name", LOSSES)
def test_the_loss_read_off_the_network_is_keras_loss(binary, name):
    outputs, activation, targets, loss = LOSSES[name]
    X, y = binary
    y = targets(y)
    keras.utils.set_random_seed(3)
    model = dense_net(outputs=outputs, activation=activation)
    twin = same_weights(model)
    study, ours = train_here(model, X, y, jr.Recipe(), 16, 2, "sgd")
    train_in_keras(twin, X, y, 16, 2, "sgd", loss)
    assert_same(ours, twin)
    evaluated = twin.evaluate(X, y, verbose=0)
    assert study.table["train_loss"][0] == pytest.approx(evaluated, abs=1e-5)


@pytest.mark.parametrize("loss", ["mean_absolute_error", keras.losses.Huber(delta=0.3)])
def test_a_loss_that_is_given_is_used(binary, loss):
    X, y = binary
    y = y + 0.25
    keras.utils.set_random_seed(3)
    model = dense_net(activation=None)
    twin = train_in_keras(same_weights(model), X, y, 16, 4, "adam", loss)
    _, ours = train_here(model, X, y, jr.Recipe(), 16, 4, "adam", loss=loss)
    assert_same(ours, twin)


def test_loss_and_optimizer_of_a_compiled_model_are_used(binary):
    X, y = binary
    keras.utils.set_random_seed(3)
    model = dense_net(activation=None)
    twin = same_weights(model)
    model.compile(keras.optimizers.SGD(0.05, momentum=0.5, nesterov=True), "mean_absolute_error")
    train_in_keras(
        twin, X, y, 16, 4, keras.optimizers.SGD(0.05, momentum=0.5, nesterov=True), "mae"
    )
    _, ours = train_here(model, X, y, jr.Recipe(), 16, 4, None)
    assert_same(ours, twin)


def test_any_keras_optimizer_and_its_schedule_are_used(binary, small_net):
    X, y = binary
    schedule = keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)
    twin = train_in_keras(
        same_weights(small_net), X, y, 8, 5, keras.optimizers.Nadam(schedule), "binary_crossentropy"
    )
    _, ours = train_here(small_net, X, y, jr.Recipe(), 8, 5, keras.optimizers.Nadam(schedule))
    assert_same(ours, twin)


def test_curves_are_what_keras_evaluates_without_penalty_or_noise(binary, held_out, small_net):
    recipe = jr.Dropout(0.5) + jr.L2(0.01)
    study = jr.compare(
        small_net, binary, {"it": recipe}, validation=held_out, seeds=1, epochs=3, batch_size=8
    )
    model = study.model("it")
    bare = jr.strip_regularization(model)
    bare.compile(loss="binary_crossentropy", metrics=["accuracy"])
    last = study.curves.iloc[-1]
    for (X, y), part in ((binary, "train"), (held_out, "val")):
        loss, accuracy = bare.evaluate(X, y, verbose=0)
        assert last[f"{part}_loss"] == pytest.approx(loss, abs=1e-5)
        assert last[f"{part}_metric"] == pytest.approx(accuracy, abs=1e-6)
    squares = sum(float(np.sum(np.square(w))) for w in bare.get_weights()[::2])
    assert last["penalty"] == pytest.approx(0.01 * squares, rel=1e-5)

"""L16 of the lessons: noisy 1-D regression, where dropout hurts and the tool must say so."""

import keras
import numpy as np
import pytest

import justright as jr

EPOCHS = 500


@pytest.fixture(scope="module")
def task():
    """The lesson's data: 100 noisy rows to train on, 500 clean ones to test."""
    rng = np.random.default_rng(1)

    def draw(rows, noise):
        x = rng.uniform(-np.pi, np.pi, rows)
        return x.reshape(-1, 1), np.sin(x) + rng.normal(0, noise, rows)

    return draw(100, 0.5), draw(500, 0.0)


@pytest.fixture(scope="module")
def network():
    """1 → 64 → 64 → 1 with the lesson's initial weights."""
    rng = np.random.default_rng(42)
    shapes = [((64, 1), 2 / 1), ((64, 64), 2 / 64), ((1, 64), 2 / 64)]
    kernels = [rng.normal(0, np.sqrt(variance), shape).T for shape, variance in shapes]
    dense = keras.layers.Dense
    model = keras.Sequential(
        [keras.Input((1,)), dense(64, activation="relu"), dense(64, activation="relu"), dense(1)]
    )
    for layer, kernel in zip(model.layers, kernels, strict=True):
        layer.set_weights([kernel, np.zeros(kernel.shape[1])])
    return model


@pytest.fixture(scope="module")
def study(task, network):
    train, test = task
    # The lesson reads the test loss before each epoch's update, so its last reading
    # is that of one update fewer. Its L2 has gradient λw.
    l2 = jr.L2.from_gradient(0.001)
    return jr.compare(
        network,
        train,
        {"no dropout": jr.Recipe(l2), "dropout": jr.Dropout(0.3) + l2},
        validation=train,
        test=test,
        seeds=20,
        epochs=EPOCHS - 1,
        batch_size=100,
        optimizer=keras.optimizers.SGD(0.01),
        initial_weights="model",
    )


def reference(task, network):
    """The lesson's training in float64 NumPy, written from its own description."""
    (X, y), (X_test, y_test) = task
    W = [w.astype(np.float64).T for w in network.get_weights()[::2]]
    b = [np.zeros((len(w), 1)) for w in W]
    target = y[None, :]

    def forward(rows):
        layers = [rows.T]
        for i, (w, bias) in enumerate(zip(W, b, strict=True)):
            z = w @ layers[-1] + bias
            layers.append(z if i == 2 else np.maximum(z, 0))
        return layers

    for _ in range(EPOCHS):
        test_loss = np.mean((forward(X_test)[-1] - y_test[None, :]) ** 2)
        layers = forward(X)
        delta = 2 * (layers[-1] - target) / len(X)
        gradients = []
        for i in (2, 1, 0):
            gradients.append((i, delta @ layers[i].T + 0.001 * W[i], delta.sum(1, keepdims=True)))
            delta = (W[i].T @ delta) * (layers[i] > 0)
        for i, dw, db in gradients:
            W[i] -= 0.01 * dw
            b[i] -= 0.01 * db
    return test_loss


def test_without_dropout_the_test_error_is_the_lessons(study, task, network):
    without = study.table.query("recipe == 'no dropout'")
    assert round(float(without["test_loss"].iloc[0]), 4) == 0.0576
    assert without["test_loss"].iloc[0] == pytest.approx(reference(task, network), abs=5e-5)


def test_dropouts_mean_error_is_the_lessons(study):
    with_dropout = study.table.query("recipe == 'dropout'")
    assert 0.185 < with_dropout["test_loss"].mean() < 0.206


def test_the_tool_says_that_dropout_hurts(study):
    verdict = study.verdict("dropout", "no dropout", on="test_loss")
    assert verdict.decision == "worse"
    assert "in test mean absolute error it is worse than no dropout" in study.summary()

"""L16 of the lessons: noisy 1-D regression, where dropout hurts and the tool must say so."""

import numpy as np
import pytest

from justright.experiments.noisy_sine import network as lesson_network
from justright.experiments.noisy_sine import noisy_sine, rows

EPOCHS = 500


@pytest.fixture(scope="module")
def study():
    return noisy_sine()


def test_rows_and_weights_are_drawn_as_the_lesson_says():
    rng = np.random.default_rng(1)
    (X, y), (X_test, y_test) = rows()
    x = rng.uniform(-np.pi, np.pi, 100)
    np.testing.assert_array_equal(X[:, 0], x)
    np.testing.assert_array_equal(y, np.sin(x) + rng.normal(0, 0.5, 100))
    assert np.array_equal(X_test[:, 0], rng.uniform(-np.pi, np.pi, 500))
    assert np.array_equal(y_test, np.sin(X_test[:, 0]))
    rng = np.random.default_rng(42)
    first = rng.normal(0, np.sqrt(2 / 1), (64, 1))
    np.testing.assert_allclose(lesson_network().get_weights()[0], first.T, rtol=1e-6)


def reference():
    """The lesson's training in float64 NumPy, written from its own description."""
    (X, y), (X_test, y_test) = rows()
    W = [w.astype(np.float64).T for w in lesson_network().get_weights()[::2]]
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


def test_without_dropout_the_test_error_is_the_lessons(study):
    without = study.table.query("recipe == 'no dropout'")
    assert round(float(without["test_loss"].iloc[0]), 4) == 0.0576
    assert without["test_loss"].iloc[0] == pytest.approx(reference(), abs=5e-5)


def test_dropouts_mean_error_is_the_lessons(study):
    with_dropout = study.table.query("recipe == 'dropout 0.3'")
    assert 0.185 < with_dropout["test_loss"].mean() < 0.206


def test_the_tool_says_that_dropout_hurts(study):
    verdict = study.verdict("dropout 0.3", "no dropout", on="test_loss")
    assert verdict.decision == "worse"
    assert "in test mean squared error it is worse than no dropout" in study.summary()


def test_it_says_that_its_validation_rows_are_the_training_rows(study):
    assert "the training rows stand in" in " ".join(study.notes)
    rows = study.task.rows
    np.testing.assert_array_equal(rows.inputs[rows.validation[0]], rows.inputs[rows.train[0]])

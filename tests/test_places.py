"""All twelve places act, each against its own arithmetic. The techniques here live in this file:
a technique of one's own needs nothing but the public names."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.learning_rate import ActsOnLearningRate
from justright.regularizers.places import (
    PLACES,
    ActsOnActivations,
    ActsOnBatch,
    ActsOnEnsemble,
    ActsOnGradient,
    ActsOnLoss,
    ActsOnPrediction,
    ActsOnStepWeights,
    ActsOnStopping,
    ActsOnStructure,
    ActsOnUpdate,
    StopRule,
)
from justright.regularizers.strength import strength

RATE = 0.05


@jr.technique
class Shift(jr.Technique, ActsOnBatch):
    """Add a constant to the inputs."""

    by: float = strength(meaning="a shift")

    def batch(self, batch, key):
        return batch._replace(inputs=batch.inputs + self.by)


@jr.technique
class Halve(jr.Technique, ActsOnStepWeights):
    """Compute with scaled kernels."""

    factor: float = strength(meaning="a factor")

    def step_weights(self, weights, kernels, key):
        return weights | {k.path: self.factor * weights[k.path] for k in kernels}


@jr.technique
class Scale(jr.Technique, ActsOnActivations):
    """Scale what hidden units send on."""

    factor: float = strength(meaning="a factor")

    def activation(self, x, site, key):
        return self.factor * x if site.position == "hidden" else x


@jr.technique
class MeanOutput(jr.Technique, ActsOnLoss):
    """Penalize the mean of the outputs: a penalty that needs the forward pass."""

    weight: float = strength(meaning="a weight")

    def penalty(self, forward):
        return self.weight * jnp.mean(forward.outputs)


@jr.technique
class Clip(jr.Technique, ActsOnGradient):
    """Clip each gradient value."""

    limit: float = strength(meaning="a limit")

    def gradient(self, gradient, backward, key):
        return jax.tree.map(lambda g: jnp.clip(g, -self.limit, self.limit), gradient)


@jr.technique
class Ahead(jr.Technique, ActsOnGradient):
    """The gradient at weights a step ahead: a second backward pass, as SAM needs."""

    rho: float = strength(meaning="a distance")

    def gradient(self, gradient, backward, key):
        ahead = jax.tree.map(lambda w, g: w + self.rho * g, backward.weights, gradient)
        return backward.again(ahead, backward.batch)


@jr.technique
class Cap(jr.Technique, ActsOnUpdate):
    """Keep every kernel value within a cap."""

    cap: float = strength(meaning="a cap")

    def after_update(self, weights, update):
        capped = {k.path: jnp.clip(weights[k.path], -self.cap, self.cap) for k in update.kernels}
        return weights | capped


@jr.technique
class Average(jr.Technique, ActsOnPrediction):
    """Predict with an exponential moving average of the weights."""

    decay: float = strength(meaning="a decay")

    def start(self, weights):
        return weights

    def after_step(self, state, weights, moment):
        return jax.tree.map(lambda a, w: self.decay * a + (1 - self.decay) * w, state, weights)

    def prediction_weights(self, state, weights):
        return state


@jr.technique
class KeepEach(jr.Technique, ActsOnEnsemble):
    """Predict together with the network of so many steps ago, and of so many before that."""

    steps: float = strength(integer=True, meaning="a number of steps")

    def networks(self):
        return 3

    def keeps(self, moment):
        return moment.step % self.steps == 0


@jr.technique
class Norm(jr.Technique, ActsOnStructure):
    """Layer normalization before each activation."""

    def before_activation(self, layer):
        return [keras.layers.LayerNormalization(name=f"{layer.name}_norm")]


@jr.technique
class Doubled(jr.Technique, ActsOnBranches):
    """Multiply branches in training and at prediction."""

    factor: float = strength(meaning="a factor")

    def branches(self):
        return 1

    def factors(self, branch, rows, key):
        return jnp.full(rows, self.factor), jnp.full(rows, self.factor)

    def expected(self, branch):
        return self.factor


@jr.technique
class Decayed(jr.Technique, ActsOnLearningRate):
    """Divide the learning rate by the steps taken."""

    power: float = strength(meaning="a power")

    def learning_rate(self, rate, moment):
        return rate / (1.0 + moment.step) ** self.power


@jr.technique
class StopAt(jr.Technique, ActsOnStopping):
    """Stop once so many epochs have passed."""

    epoch: float = strength(meaning="an epoch")

    def stop_rule(self):
        return StopRule(1, 1e30, int(self.epoch), False, False)


def test_every_place_has_a_technique_here():
    here = (
        Norm, Doubled, Shift, Halve, Scale, MeanOutput, Clip, Decayed, Cap, Average, KeepEach,
        StopAt,
    )  # fmt: skip
    assert len(PLACES) == len(here) == 12
    for place, kind in zip(PLACES.values(), here, strict=True):
        assert issubclass(kind, place)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 3)).astype(np.float32)
    return X, (X @ [1.0, -2.0, 0.5] + 0.1).astype(np.float32)


@pytest.fixture(scope="module")
def net():
    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(6, activation="tanh", name="a"),
            keras.layers.Dense(1, name="b"),
        ]
    )


def trained(net, rows, recipe, steps=6):
    study = jr.compare(
        net, rows, {"it": recipe}, validation=rows, seeds=1, epochs=steps, batch_size=24,
        optimizer=keras.optimizers.SGD(RATE), shuffle=False, initial_weights="model",
    )  # fmt: skip
    return study.results[0].values


def by_hand(net, rows, *, steps=6, shift=0.0, kernels=1.0, units=1.0, mean=0.0, limit=np.inf,
            ahead=0.0, cap=np.inf, decay=None,
            power=0.0):  # fmt: skip
    """Gradient descent in float64 NumPy, the places spelt out."""
    X, y = (a.astype(np.float64) for a in rows)
    W1, b1, W2, b2 = (w.astype(np.float64) for w in net.get_weights())
    average = [W1, b1, W2, b2]

    def gradients(W1, b1, W2, b2):
        inputs = X + shift
        h = np.tanh(inputs @ (kernels * W1) + b1)
        out = units * h @ (kernels * W2) + b2
        d = 2 * (out - y[:, None]) / len(X) + mean / len(X)
        dh = d @ (kernels * W2).T * units * (1 - h**2)
        return [
            kernels * inputs.T @ dh, dh.sum(0), kernels * (units * h).T @ d, d.sum(0),
        ]  # fmt: skip

    for step in range(steps):
        weights = [W1, b1, W2, b2]
        g = gradients(*weights)
        if ahead:
            g = gradients(*(w + ahead * dw for w, dw in zip(weights, g, strict=True)))
        g = [np.clip(dw, -limit, limit) for dw in g]
        W1, b1, W2, b2 = (
            w - RATE / (1 + step) ** power * dw for w, dw in zip(weights, g, strict=True)
        )
        W1, W2 = np.clip(W1, -cap, cap), np.clip(W2, -cap, cap)
        if decay is not None:
            pairs = zip(average, (W1, b1, W2, b2), strict=True)
            average = [decay * a + (1 - decay) * w for a, w in pairs]
    return (W1, b1, W2, b2) if decay is None else average


CASES = {
    "none": (jr.Recipe(), {}),
    "the batch": (Shift(0.3), {"shift": 0.3}),
    "the weights used in this step": (Halve(0.5), {"kernels": 0.5}),
    "activations at a site": (Scale(0.7), {"units": 0.7}),
    "a penalty on the loss": (MeanOutput(0.4), {"mean": 0.4}),
    "the gradient": (Clip(0.05), {"limit": 0.05}),
    "a second backward pass": (Ahead(0.1), {"ahead": 0.1}),
    "the learning rate": (Decayed(0.5), {"power": 0.5}),
    "the weights after the update": (Cap(0.2), {"cap": 0.2}),
    "the weights used for prediction": (Average(0.8), {"decay": 0.8}),
    "several at once": (
        Shift(0.3) + Clip(0.05) + Cap(0.4) + Average(0.5),
        {"shift": 0.3, "limit": 0.05, "cap": 0.4, "decay": 0.5},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_place_acts_as_its_arithmetic_says(net, rows, name):
    recipe, arithmetic = CASES[name]
    ours = trained(net, rows, recipe)
    theirs = by_hand(net, rows, **arithmetic)
    for path, expected in zip(("a/kernel", "a/bias", "b/kernel", "b/bias"), theirs, strict=True):
        np.testing.assert_allclose(ours[path], expected, atol=2e-6, err_msg=path)


def test_networks_of_several_steps_predict_together(net, rows):
    """After 7 steps those of steps 3, 6 and 7, each of them gradient descent in NumPy."""
    study = jr.compare(
        net, rows, {"it": KeepEach(3)}, validation=rows, seeds=1, epochs=7, batch_size=24,
        optimizer=keras.optimizers.SGD(RATE), shuffle=False, initial_weights="model",
    )  # fmt: skip
    outputs = []
    for steps in (3, 6, 7):
        w1, b1, w2, b2 = by_hand(net, rows, steps=steps)
        outputs.append(np.tanh(rows[0] @ w1 + b1) @ w2 + b2)
    expected = np.mean(outputs, axis=0)
    np.testing.assert_allclose(study.predict(rows[0], "it").mean, expected, atol=1e-5)
    loss = np.square(expected[:, 0] - rows[1]).mean()
    assert study.curves["val_loss"].iloc[-1] == pytest.approx(loss, abs=1e-5)


def test_structure_adds_layers_before_the_activation(net, rows):
    study = jr.compare(net, rows, {"it": Norm()}, validation=rows, seeds=1, epochs=2)
    kinds = [type(layer).__name__ for layer in study.model("it").layers]
    assert kinds == ["Dense", "LayerNormalization", "Activation", "Dense"]


@pytest.mark.parametrize("factor", [0.0, 2.0])
def test_branches_are_multiplied_in_training_and_at_prediction(rows, factor):
    """Against Keras, trained by itself on the same network written by hand."""
    keras.utils.set_random_seed(2)
    entry = keras.Input((3,))
    dense = keras.layers.Dense
    a, b, c = dense(4, "tanh", name="a"), dense(4, "tanh", name="b"), dense(1, name="c")
    given = keras.Model(entry, c(b(a(entry))))
    study = jr.compare(
        given, rows, {"it": Doubled(factor)}, validation=rows, seeds=1, epochs=5, batch_size=24,
        optimizer=keras.optimizers.SGD(RATE), initial_weights="model",
    )  # fmt: skip
    x = a(entry)
    twin = keras.Model(entry, c(x + factor * b(x)))
    twin.compile(keras.optimizers.SGD(RATE), "mse")
    twin.fit(*rows, batch_size=24, epochs=5, verbose=0)
    for layer in ("a", "b", "c"):
        for ours, theirs in zip(
            *(m.get_layer(layer).get_weights() for m in (study.model("it"), twin)), strict=True
        ):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)
    expected = twin.evaluate(*rows, verbose=0)
    assert study.curves["val_loss"].iloc[-1] == pytest.approx(expected, abs=1e-5)


def test_a_rule_of_ones_own_stops(net, rows):
    study = jr.compare(net, rows, {"it": StopAt(4)}, validation=rows, seeds=1, epochs=20)
    # The fifth epoch is the first that is watched, the sixth the first without improvement.
    assert study.table["epochs_run"].tolist() == [6]


def test_techniques_act_in_the_order_of_the_recipe(net, rows):
    @jr.technique
    class Double(jr.Technique, ActsOnUpdate):
        def after_update(self, weights, update):
            return jax.tree.map(lambda w: 2 * w, weights)

    capped_last = trained(net, rows, Double() + Cap(0.1), steps=1)
    capped_first = trained(net, rows, Cap(0.1) + Double(), steps=1)
    largest = [max(abs(v).max() for p, v in values.items() if "kernel" in p)
               for values in (capped_last, capped_first)]  # fmt: skip
    np.testing.assert_allclose(largest, [0.1, 0.2], rtol=1e-6)


def test_a_technique_without_a_place_is_refused():
    with pytest.raises(jr.RecipeError, match="fills no place"):

        @jr.technique
        class Nothing(jr.Technique):
            pass


def test_a_technique_without_its_decorator_says_so():
    class Bare(jr.Technique, ActsOnBatch):
        def batch(self, batch, key):
            return batch

    with pytest.raises(jr.RecipeError, match="lacks @technique"):
        Bare()

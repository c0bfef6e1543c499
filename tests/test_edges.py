"""Between the user's Keras model and the engine: nothing is lost or changed without a word."""

import threading

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net

L = keras.layers


def evaluated(model, data, loss="binary_crossentropy"):
    model.compile(loss=loss)
    return float(np.ravel(model.evaluate(*data, verbose=0))[0])


def barely_trained(model, data, **options):
    """One epoch of next to nothing, from the model's own weights."""
    return jr.compare(
        model, data, {"it": jr.Recipe()}, validation=data, seeds=1, epochs=1,
        optimizer=keras.optimizers.SGD(1e-9), initial_weights="model", **options,
    )  # fmt: skip


def test_an_adapted_normalization_stays_adapted(binary):
    X, y = binary
    data = (10 * X + 5, y)
    normalization = L.Normalization()
    normalization.adapt(data[0])
    model = keras.Sequential([keras.Input((5,)), normalization, *dense_net().layers])
    study = barely_trained(model, data)
    assert study.table["val_loss"][0] == pytest.approx(evaluated(model, data), abs=1e-5)
    assert evaluated(study.model("it"), data) == pytest.approx(evaluated(model, data), abs=1e-5)


@keras.saving.register_keras_serializable("justright_tests")
class Block(L.Layer):
    """A layer with layers inside, whose names Keras numbers anew in each copy."""

    def __init__(self, units, **options):
        super().__init__(**options)
        self.units = units
        self.first, self.second = L.Dense(units, activation="relu"), L.Dense(units)

    def build(self, shape):
        self.first.build(shape)
        self.second.build((None, self.units))
        super().build(shape)

    def call(self, x):
        return self.second(self.first(x))

    def compute_output_shape(self, shape):
        return (*shape[:-1], self.units)

    def get_config(self):
        return super().get_config() | {"units": self.units}


def test_a_layer_with_layers_inside_keeps_its_weights(binary):
    model = keras.Sequential(
        [keras.Input((5,)), Block(6, name="block"), L.Dense(1, activation="sigmoid")]
    )
    study = barely_trained(model, binary)
    assert study.table["val_loss"][0] == pytest.approx(evaluated(model, binary), abs=1e-5)
    penalized = jr.compare(
        model, binary, {"it": jr.L2(0.1)}, validation=binary, seeds=2, epochs=2
    )  # fmt: skip
    values = penalized.results[0].values
    kernels = [value for path, value in values.items() if "kernel" in path]
    assert len(kernels) == 3
    squares = 0.1 * sum(float(np.sum(k**2)) for k in kernels)
    first = penalized.curves[penalized.curves["seed"] == 0]
    assert first["penalty"].iloc[-1] == pytest.approx(squares, rel=1e-4)


def scaled(factor):
    """A model with a layer that is defined anew at each call, as in a notebook cell."""

    class Scale(L.Layer):
        def call(self, x):
            return factor * x

    Scale.__qualname__ = "Scale"
    layers = [L.Dense(1, name="a"), Scale(name="scale")]
    keras.utils.set_random_seed(0)
    return keras.Sequential([keras.Input((5,), name="in"), *layers], name="model")


def test_a_layer_that_is_defined_anew_is_compiled_anew(binary):
    X, y = binary
    data = (X, y + 0.5)
    for factor in (1.0, 100.0):
        model = scaled(factor)
        study = barely_trained(model, data)
        expected = evaluated(model, data, "mse")
        assert study.table["val_loss"][0] == pytest.approx(expected, rel=1e-3)


def test_a_loss_scaling_optimizer_trains_as_the_one_inside(binary, small_net):
    inner = keras.optimizers.SGD(0.1)
    losses = [
        jr.compare(
            small_net, binary, {"it": jr.Recipe()}, validation=binary, seeds=1, epochs=3,
            optimizer=optimizer, initial_weights="model",
        ).table["val_loss"][0]
        for optimizer in (inner, keras.optimizers.LossScaleOptimizer(inner))
    ]  # fmt: skip
    assert losses[0] == losses[1]


def test_threads_give_what_one_thread_gives(binary):
    def study(results, i):
        options = {"validation": binary, "seeds": [i, i + 1], "epochs": 2}
        results[i] = jr.compare(None, binary, {"it": jr.Dropout(0.2)}, **options).table["val_loss"]

    alone, together = {}, {}
    for i in range(3):
        study(alone, i)
    threads = [threading.Thread(target=study, args=(together, i)) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for i in range(3):
        np.testing.assert_array_equal(alone[i], together[i])


def test_a_first_epoch_that_fails_is_in_the_curves(binary):
    X, y = binary
    study = jr.compare(
        None, (X, y + 0.5), {"it": jr.L2(0.1)}, validation=0.25, seeds=1, epochs=5,
        optimizer=keras.optimizers.SGD(1e20),
    )  # fmt: skip
    assert study.table["outcome"].tolist() == ["failed"]
    assert study.table["epochs_run"].tolist() == [len(study.curves)]
    assert len(study.curves) >= 1


def test_a_normalization_behind_a_mask_counts_real_rows_only():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 4, 3)).astype(np.float32)
    X[:, 2:] *= rng.integers(0, 2, (20, 2, 1))
    y = (X.sum(axis=(1, 2)) > 0).astype(int)
    keras.utils.set_random_seed(1)
    model = keras.Sequential(
        [
            keras.Input((4, 3)), L.Masking(), L.Dense(5), L.BatchNormalization(), L.LSTM(3),
            L.Dense(1, activation="sigmoid"),
        ]
    )  # fmt: skip
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    for start in range(0, 20, 8):
        twin.train_on_batch(X[start : start + 8], y[start : start + 8])
    study = jr.compare(
        model, (X, y), {"it": jr.Recipe()}, validation=(X, y), seeds=1, epochs=1, batch_size=8,
        optimizer=keras.optimizers.SGD(0.1), shuffle=False, initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_frozen_layers_of_a_built_model_are_not_drawn_anew(binary, small_net):
    small_net.layers[0].trainable = False
    study = jr.compare(small_net, binary, {"it": jr.Recipe()}, seeds=3, epochs=1)
    for seed in range(3):
        kernel = study.model("it", seed=seed).get_weights()[0]
        np.testing.assert_array_equal(kernel, small_net.get_weights()[0])


def test_names_that_are_taken_do_not_collide(binary):
    model = keras.Sequential(
        [
            keras.Input((5,)), L.Dense(4, activation="relu", name="input"),
            L.Dense(4, activation="relu", name="e"), L.Activation("tanh", name="e_activation"),
            L.Dense(1, activation="sigmoid"),
        ]
    )  # fmt: skip
    study = jr.compare(model, binary, {"it": jr.BatchNorm()}, seeds=1, epochs=1)
    assert study.model("it").predict(binary[0], verbose=0).shape == (80, 1)


def test_the_same_name_in_two_nested_models_is_said():
    x = keras.Input((5,))
    inner = [keras.Sequential([keras.Input((5,)), L.Dense(5, name="x")]) for _ in range(2)]
    model = keras.Model(x, L.Dense(1, activation="sigmoid")(inner[1](inner[0](x))))
    rows = (np.zeros((8, 5)), np.arange(8) % 2)
    with pytest.raises(jr.ModelError, match="bear the same name"):
        jr.compare(model, rows, {"it": jr.Recipe()}, seeds=1, epochs=1)


REFUSED = {
    "an average in the optimizer": (
        {"optimizer": keras.optimizers.SGD(0.1, use_ema=True)}, jr.Recipe(), "use_ema=True"
    ),
    "accumulated gradients": (
        {"optimizer": keras.optimizers.SGD(0.1, gradient_accumulation_steps=2)}, jr.L1(0.1),
        "accumulates gradients",
    ),
    "a loss of a batch": (
        {"loss": lambda y, out: keras.ops.mean((y - out) ** 2)}, jr.Recipe(), "one number a row"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_followed_is_refused(binary, name):
    options, recipe, words = REFUSED[name]
    with pytest.raises(jr.ModelError, match=words):
        jr.compare(dense_net(), binary, {"it": recipe}, seeds=1, epochs=1, **options)


def test_variables_of_64_bits_are_refused(binary):
    model = keras.Sequential([keras.Input((5,)), L.Dense(1, activation="sigmoid", dtype="float16")])
    with pytest.raises(jr.ModelError, match="variables of float16"):
        jr.compare(model, binary, {"it": jr.Recipe()}, seeds=1, epochs=1)


def test_an_activity_regularizer_wants_full_batches(binary):
    model = dense_net(activity_regularizer="l2")
    with pytest.raises(jr.ModelError, match="do not divide"):
        jr.compare(model, binary, {"it": jr.Recipe()}, validation=binary, batch_size=32, epochs=1)


def test_short_names_of_losses_are_the_long_ones(binary):
    study = jr.compare(None, binary, {"it": jr.Recipe()}, seeds=1, epochs=1, loss="bce")
    assert study.task.objective.loss_name == "binary_crossentropy"
    assert study.metric.name == "accuracy"
    focal = jr.compare(
        None, binary, {"it": jr.Recipe()}, seeds=1, epochs=1, loss="binary_focal_crossentropy"
    )
    assert focal.metric.name == "accuracy"


def test_several_labels_on_logits_are_classes(binary):
    X, y = binary
    labels = np.stack([y, 1 - y, np.ones_like(y)], axis=1)
    model = dense_net(outputs=3, activation=None)
    study = jr.compare(model, (X, labels), {"it": jr.Recipe()}, seeds=1, epochs=1)
    assert study.task.objective.kind == "multilabel"
    assert study.notes[-1].startswith("Target: several labels a row.")
    with pytest.raises(jr.DataError, match="one class only"):
        jr.compare(model, (X, np.eye(3)[0 * y]), {"it": jr.Recipe()}, seeds=1, epochs=1)


def test_a_penalty_reaches_every_cell_of_a_stack(binary):
    X = np.random.default_rng(0).normal(size=(40, 4, 2)).astype(np.float32)
    model = keras.Sequential(
        [
            keras.Input((4, 2)), L.RNN([L.LSTMCell(3), L.LSTMCell(2)], name="cells"),
            L.Dense(1, activation="sigmoid"),
        ]
    )  # fmt: skip
    study = jr.compare(model, (X, np.arange(40) % 2), {"it": jr.L2(0.1)}, seeds=1, epochs=1)
    exported = float(sum(study.model("it").losses))
    assert exported == pytest.approx(study.curves["penalty"].iloc[-1], rel=1e-4)

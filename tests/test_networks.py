"""Networks of many kinds: functional, residual, nested, convolutional, recurrent, shared layers."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import Compilations, dense_net
from justright.network.blueprint import Blueprint
from justright.network.network import Network

L = keras.layers


def residual():
    x = keras.Input((6,))
    h = L.Dense(6, activation="relu", name="first")(x)
    h = L.Add()([x, L.Dense(6, name="second")(h)])
    return keras.Model(x, L.Dense(1, activation="sigmoid", name="out")(L.ReLU()(h)))


def nested():
    inner = keras.Sequential([L.Dense(5, activation="relu", name="a"), L.Dense(4, name="b")])
    x = keras.Input((6,))
    entry = keras.Input((6,))
    middle = keras.Model(entry, inner(entry))
    return keras.Model(x, L.Dense(1, activation="sigmoid", name="out")(middle(x)))


def shared():
    """One layer called twice."""
    x = keras.Input((6,))
    layer = L.Dense(6, activation="relu", name="twice")
    return keras.Model(x, L.Dense(1, activation="sigmoid", name="out")(layer(layer(x))))


def unbuilt():
    return keras.Sequential([L.Dense(4, activation="relu"), L.Dense(1, activation="sigmoid")])


def images():
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            L.Conv2D(3, 3, activation="relu", name="conv"),
            L.MaxPooling2D(),
            L.SeparableConv2D(4, 2, name="separable"),
            L.BatchNormalization(),
            L.Activation("relu"),
            L.Flatten(),
            L.Dense(1, activation="sigmoid", name="out"),
        ]
    )


def signals():
    return keras.Sequential(
        [
            keras.Input((6, 2)),
            L.Conv1D(4, 3, activation="relu", name="conv"),
            L.Bidirectional(L.GRU(3), name="recurrent"),
            L.Dense(1, activation="sigmoid", name="out"),
        ]
    )


def recurrent():
    return keras.Sequential(
        [keras.Input((6, 2)), L.LSTM(4, name="lstm"), L.Dense(1, activation="sigmoid", name="out")]
    )


NETWORKS = {
    "residual": (residual, (6,)),
    "nested": (nested, (6,)),
    "shared": (shared, (6,)),
    "unbuilt": (unbuilt, (6,)),
    "images": (images, (6, 6, 1)),
    "signals": (signals, (6, 2)),
    "recurrent": (recurrent, (6, 2)),
}


def rows(shape, count=48):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(count, *shape)).astype(np.float32)
    return X, (X.reshape(count, -1).mean(axis=1) > 0).astype(int)


@pytest.mark.parametrize("name", NETWORKS)
def test_it_trains_regularized_and_comes_back(name):
    make, shape = NETWORKS[name]
    model = make()
    data = rows(shape)
    recipe = jr.Dropout(0.3) + jr.L2(0.01)
    study = jr.compare(
        model, data, {"plain": jr.Recipe(), "it": recipe}, validation=data, seeds=2, epochs=3,
        batch_size=20,
    )  # fmt: skip
    table = study.table.set_index(["recipe", "seed"])
    for recipe_name in ("plain", "it"):
        trained = study.model(recipe_name, seed=1)
        accuracy = float(((trained.predict(data[0], verbose=0)[:, 0] > 0.5) == data[1]).mean())
        assert accuracy == pytest.approx(table.loc[(recipe_name, 1), "val_metric"], abs=1e-6)
    penalized = [k.path for k in Network(study.task.blueprint, recipe).kernels]
    values = study.results[-1].values
    squares = 0.01 * sum(float(np.sum(np.square(values[path]))) for path in penalized)
    assert study.curves["penalty"].iloc[-1] == pytest.approx(squares, rel=1e-4)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_a_recipe_it_computes_what_the_users_model_does(name):
    make, shape = NETWORKS[name]
    model = make()
    if not model.built:
        model.build((None, *shape))
    X, _ = rows(shape, 7)
    blueprint = Blueprint.of(model, shape)
    network = Network(blueprint, jr.Recipe())
    weights, buffers = network.complete(blueprint.own_values)
    ours = network.forward(weights, buffers, X, training=False).outputs
    np.testing.assert_allclose(ours, model(X), atol=1e-6)


def layers_of(make, shape):
    anatomy = Blueprint.of(make(), shape).anatomy
    return dict(zip(anatomy.layers, anatomy.positions, strict=True)), dict(anatomy.ends)


@pytest.mark.parametrize(
    ("name", "ends"),
    [
        ("residual", {"first": "first", "second": "second"}),
        ("nested", {"a": "a", "b": "b"}),
        ("images", {"conv": "conv", "separable": "activation"}),
        ("signals", {"conv": "conv", "recurrent": "recurrent"}),
    ],
)
def test_sites_stand_after_the_activation_of_each_hidden_layer(name, ends):
    positions, found = layers_of(*NETWORKS[name])
    assert positions["out"] == "output"
    assert all(position == "hidden" for layer, position in positions.items() if layer != "out")
    assert {k: v.rstrip("_0123456789") for k, v in found.items()} == ends


def test_batch_norm_leaves_out_what_is_normalized_or_recurrent():
    assert Blueprint.of(images(), (6, 6, 1)).anatomy.normalizable == ("conv",)
    assert Blueprint.of(signals(), (6, 2)).anatomy.normalizable == ("conv",)
    with pytest.raises(jr.RecipeError, match="BatchNorm finds no hidden dense"):
        Network(Blueprint.of(recurrent(), (6, 2)), jr.Recipe(jr.BatchNorm()))


def test_a_model_made_again_shares_the_program():
    data = rows((6,))
    for make in (residual, nested):
        jr.compare(make(), data, {"it": jr.Dropout(0.1)}, validation=data, seeds=1, epochs=1)
    same = nested()
    jr.compare(same, data, {"it": jr.Dropout(0.1)}, validation=data, seeds=1, epochs=1)
    with Compilations() as again:
        jr.compare(same, data, {"it": jr.Dropout(0.5)}, validation=data, seeds=1, epochs=1)
    assert again.count == 0


def test_no_model_means_a_default_network():
    X, y = rows((6,))
    for targets, units, activation in (
        (y, 1, "sigmoid"),
        (np.array(["a", "b", "c"])[np.arange(48) % 3], 3, "softmax"),
        (y + 0.5, 1, "linear"),
    ):
        study = jr.compare(None, (X, targets), {"plain": jr.Recipe()}, seeds=1, epochs=1)
        last = study.model("plain").layers[-1]
        assert (last.units, last.activation.__name__) == (units, activation)


def test_initializers_draw_for_each_seed_and_the_callers_generator_is_left_alone():
    import random

    blueprint = Blueprint.of(dense_net(), (5,))
    random.seed(11)
    expected = random.random()
    random.seed(11)
    a, b, again = (blueprint.initial_values(seed) for seed in (1, 2, 1))
    assert random.random() == expected
    kernel = "hidden_0/kernel"
    np.testing.assert_array_equal(a[kernel], again[kernel])
    assert not np.array_equal(a[kernel], b[kernel])


def test_rows_that_fill_up_a_batch_do_not_enter_a_normalization_of_the_models_own():
    data = rows((6, 6, 1), count=33)
    keras.utils.set_random_seed(2)
    model = images()
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile(keras.optimizers.SGD(0.1), "binary_crossentropy")
    for start in range(0, 33, 8):
        twin.train_on_batch(*(a[start : start + 8] for a in data))
    study = jr.compare(
        model, data, {"it": jr.Recipe()}, validation=data, seeds=1, epochs=1, batch_size=8,
        optimizer=keras.optimizers.SGD(0.1), shuffle=False, initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)

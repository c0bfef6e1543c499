"""The way back: a plain Keras model that predicts the same, saves, loads elsewhere, trains on."""

import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import justright as jr

EVERYTHING = (
    jr.Dropout({"input": 0.1, "hidden": 0.4})
    + jr.L1(1e-4)
    + jr.L2({"hidden": 1e-3})
    + jr.BatchNorm()
    + jr.EarlyStopping(5)
)


@pytest.fixture
def study(binary, held_out, small_net):
    return jr.compare(
        small_net, binary, {"it": EVERYTHING}, validation=held_out, test=held_out, seeds=3, epochs=9
    )


def test_the_model_is_plain_keras_in_the_recommended_order(study):
    model = study.model("it")
    assert isinstance(model, keras.Sequential)
    assert [type(layer).__name__ for layer in model.layers] == [
        "Dropout", "Dense", "BatchNormalization", "Activation", "Dropout",
        "Dense", "BatchNormalization", "Activation", "Dropout", "Dense",
    ]  # fmt: skip
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    first, last = model.layers[1], model.layers[-1]
    np.testing.assert_allclose(
        [first.kernel_regularizer.l1, first.kernel_regularizer.l2], [1e-4, 1e-3]
    )
    assert isinstance(last.kernel_regularizer, keras.regularizers.L1)


def test_it_predicts_what_the_study_judged(study, held_out):
    X, y = held_out
    for seed in range(3):
        model = study.model("it", seed=seed)
        accuracy = float(((model.predict(X, verbose=0)[:, 0] > 0.5) == y).mean())
        row = study.table.set_index("seed").loc[seed]
        assert accuracy == pytest.approx(row["test_metric"], abs=1e-6)
        assert accuracy == pytest.approx(row["val_metric"], abs=1e-6)


def test_the_best_seed_is_given_if_none_is_asked_for(study):
    best = int(study.table.set_index("seed")["val_loss"].idxmin())
    for a, b in zip(
        study.model("it").get_weights(), study.model("it", seed=best).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(a, b)


def test_it_loads_where_justright_is_not(study, held_out, tmp_path):
    model = study.model("it")
    path, rows, expected = tmp_path / "it.keras", tmp_path / "x.npy", tmp_path / "p.npy"
    model.save(path)
    np.save(rows, held_out[0])
    np.save(expected, model.predict(held_out[0], verbose=0))
    script = textwrap.dedent("""
        import os, sys
        os.environ["KERAS_BACKEND"] = "jax"
        sys.modules["justright"] = None  # An import of it fails.
        import keras, numpy as np
        model = keras.models.load_model(sys.argv[1])
        X, expected = np.load(sys.argv[2]), np.load(sys.argv[3])
        np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-6)
        y = (expected > 0.5).astype("float32")
        before = model.evaluate(X, y, verbose=0)
        history = model.fit(X, y, epochs=2, verbose=0)
        print(len(before), len(history.history["loss"]), "accuracy" in history.history)
    """)
    arguments = [sys.executable, "-c", script, str(path), str(rows), str(expected)]
    ended = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert "UserWarning" not in ended.stderr
    assert ended.stdout.split() == ["2", "2", "True"]


def test_it_trains_on_as_the_study_did(binary, held_out, small_net):
    """Exported regularizers have the strength of the recipe: one more epoch is the same."""
    recipe = jr.L2(0.05) + jr.WeightDecay(0.01)
    one, two = (
        jr.compare(
            small_net,
            binary,
            {"it": recipe},
            validation=held_out,
            seeds=1,
            epochs=epochs,
            batch_size=16,
            optimizer=keras.optimizers.SGD(0.1),
            shuffle=False,
            initial_weights="model",
        ).model("it")
        for epochs in (1, 2)
    )
    one.fit(*binary, batch_size=16, epochs=1, shuffle=False, verbose=0)
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def once_more(model, recipe, rows, **options):
    """The exported model after one epoch, trained on in Keras, and that of two epochs here."""
    one, two = (
        jr.compare(
            model, rows, {"it": recipe}, validation=rows, seeds=1, epochs=epochs, batch_size=16,
            optimizer=keras.optimizers.SGD(0.1), shuffle=False, initial_weights="model",
        ).model("it")
        for epochs in (1, 2)
    )  # fmt: skip
    one.fit(*rows, batch_size=16, epochs=1, shuffle=False, verbose=0)
    return one, two


def images():
    rng = np.random.default_rng(0)
    return rng.normal(size=(32, 6, 6, 2)).astype(np.float32), np.arange(32) % 2


@pytest.mark.parametrize(
    "recipe", [jr.MaxNorm(0.6), jr.UnitNorm(1.0), jr.UnitNorm({"hidden": 0.4})], ids=str
)
def test_constraints_act_on_as_in_the_study(recipe):
    keras.utils.set_random_seed(2)
    layers = [
        keras.layers.Conv2D(3, 3, activation="tanh"),
        keras.layers.DepthwiseConv2D(2, depth_multiplier=2, activation="tanh"),
        keras.layers.SeparableConv2D(4, 2, activation="tanh"),
        keras.layers.Reshape((4, 4)),
        keras.layers.Bidirectional(keras.layers.GRU(3)),
        keras.layers.Dense(1, activation="sigmoid", name="out"),
    ]
    model = keras.Sequential([keras.Input((6, 6, 2)), *layers])
    one, two = once_more(model, recipe, images())
    for a, b in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    constrained = one.layers[0].kernel_constraint
    assert type(constrained).__module__.startswith("keras.")
    if recipe.strengths().keys() == {"UnitNorm.rate[hidden]"}:
        assert one.layers[-1].kernel_constraint is None
    assert keras.models.model_from_json(one.to_json()).layers[0].kernel_constraint is not None


def test_a_neutral_constraint_is_left_out(binary, small_net):
    recipe = jr.MaxNorm(float("inf")) + jr.UnitNorm(0.0)
    study = jr.compare(small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=1)
    assert all(layer.kernel_constraint is None for layer in study.model("it").layers)


def test_a_second_constraint_is_said_to_be_left_out(binary, small_net):
    recipe = jr.MaxNorm(2.0) + jr.UnitNorm(1.0)
    study = jr.compare(small_net, binary, {"it": recipe}, validation=binary, seeds=1, epochs=1)
    with pytest.warns(UserWarning, match="the exported model has UnitNorm alone"):
        model = study.model("it")
    assert isinstance(model.layers[0].kernel_constraint, keras.constraints.UnitNorm)


def test_a_constraint_whose_axes_differ_among_a_layers_kernels_is_said_to_be_left_out():
    entry = keras.Input((4, 6))
    attended = keras.layers.MultiHeadAttention(2, 3, name="heads")(entry, entry)
    end = keras.layers.Dense(1, activation="sigmoid")(keras.layers.Flatten()(attended))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(32, 4, 6)).astype(np.float32), np.arange(32) % 2
    study = jr.compare(
        keras.Model(entry, end), rows, {"it": jr.MaxNorm(0.5)}, validation=rows, seeds=1, epochs=2
    )
    with pytest.warns(UserWarning, match="one constraint for all kernels of the layer 'heads'"):
        model = study.model("it")
    heads = model.get_layer("heads")
    assert heads.get_config()["kernel_constraint"] is None
    for dense, axes in (("query", 0), ("key", 0), ("value", 0), ("output", (0, 1))):
        norms = np.linalg.norm(np.asarray(getattr(heads, f"{dense}_dense").kernel), axis=0)
        norms = norms if axes == 0 else np.sqrt(np.square(norms).sum(axis=0))
        assert norms.max() <= 0.5 + 1e-6
        assert norms.max() > 0.4


def test_a_decay_by_layer_is_said_to_be_left_out(binary, small_net):
    study = jr.compare(
        small_net, binary, {"it": jr.WeightDecay({"hidden": 0.1})}, validation=binary, seeds=1,
        epochs=1,
    )  # fmt: skip
    with pytest.warns(UserWarning, match="differs by layer"):
        study.model("it")


def test_the_users_model_is_not_changed(binary, small_net):
    before = [w.copy() for w in small_net.get_weights()]
    config = small_net.get_config()
    jr.compare(small_net, binary, {"it": EVERYTHING}, validation=binary, seeds=2, epochs=3)
    for a, b in zip(small_net.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)
    assert small_net.get_config() == config
    assert not small_net.compiled


def test_an_unknown_recipe_or_seed_is_refused(study):
    with pytest.raises(jr.DataError, match="Did you mean it"):
        study.model("its")
    with pytest.raises(jr.DataError, match="Seed 77"):
        study.model("it", seed=77)

"""What structural techniques build: against models written by hand in Keras, PyTorch and NumPy."""

import dataclasses

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
import scipy.stats

import justright as jr
from conftest import Compilations, dense_net
from justright.regularizers.branches import Branch, weighed


def study_of(recipe, rows, model=None, **options):
    given = {"seeds": 2, "epochs": 3, "batch_size": 16} | options
    return jr.compare(model or dense_net(), rows, {"it": recipe}, validation=rows, **given)


def test_layer_norm_predicts_what_pytorch_computes_from_the_same_weights(binary):
    torch = pytest.importorskip("torch")
    study = study_of(jr.LayerNorm(epsilon=0.01), binary)
    model = study.model("it", seed=1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "LayerNormalization", "Activation"] * 2 + ["Dense"]
    w = [torch.tensor(np.asarray(v), dtype=torch.float64) for v in model.get_weights()]
    x = torch.tensor(binary[0], dtype=torch.float64)
    for kernel, bias, scale, shift in (w[:4], w[4:8]):
        x = x @ kernel + bias
        x = torch.relu(torch.nn.functional.layer_norm(x, x.shape[1:], scale, shift, eps=0.01))
    expected = torch.sigmoid(x @ w[8] + w[9]).numpy()
    np.testing.assert_allclose(model.predict(binary[0], verbose=0), expected, atol=1e-5)
    loss = keras.losses.binary_crossentropy(binary[1][:, None], expected.astype("float32"))
    last = study.curves[study.curves["seed"] == 1].iloc[-1]
    assert last["val_loss"] == pytest.approx(float(np.mean(loss)), abs=1e-5)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), True, "small", float("inf")])
def test_a_layer_norm_out_of_range_is_refused(wrong):
    with pytest.raises(jr.RecipeError, match=r"epsilon is a number in \(0, inf\)"):
        jr.LayerNorm(epsilon=wrong)


def weights_of(model, layer):
    return [np.asarray(v, np.float64) for v in model.get_layer(layer).get_weights()]


def relu(x):
    return np.maximum(x, 0)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def by_hand(model, X, widths, scales=(1.0, 1.0), twins=False):
    """The default kind of network with skip connections, in float64 NumPy."""

    def dense(name, x):
        kernel, *bias = weights_of(model, name)
        return x @ kernel + sum(bias)

    x = relu(dense("hidden_0", X.astype(np.float64)))
    for i, scale in enumerate(scales, start=1):
        name = f"hidden_{i}"
        branch = relu(dense(name, x))
        if twins:
            branch = (branch + relu(dense(f"{name}_2", x))) / 2
        path = x if widths[i] == widths[i - 1] else dense(f"{name}_shortcut", x)
        x = path + scale * branch
    return sigmoid(dense("out", x))


SKIPPING = {
    "skip connections": (jr.SkipConnections(), {}),
    "stochastic depth": (jr.StochasticDepth(0.5), {"scales": (0.75, 0.5)}),
    "shake-drop": (jr.ShakeDrop(0.3), {"scales": (0.85, 0.7)}),
    "shake-shake": (jr.ShakeShake(0.8), {"twins": True}),
    "both": (jr.ShakeShake(0.8) + jr.StochasticDepth(0.5), {"scales": (0.75, 0.5), "twins": True}),
}


@pytest.mark.parametrize("name", SKIPPING)
def test_a_network_with_skip_connections_predicts_what_its_formula_says(binary, name):
    """Predictions, curves and the exported model, where one shortcut projects and one does not."""
    recipe, said = SKIPPING[name]
    widths = (8, 4, 4)
    study = study_of(recipe, binary, dense_net(widths))
    model = study.model("it", seed=1)
    assert not isinstance(model, keras.Sequential)
    assert all(type(layer).__module__.startswith("keras.") for layer in model.layers)
    expected = by_hand(model, binary[0], widths, **said)
    ours = study.predict(binary[0], "it", trial_seed=1).mean
    for predicted in (ours, model.predict(binary[0], verbose=0)):
        np.testing.assert_allclose(predicted, expected, atol=1e-5)
    y = binary[1][:, None]
    loss = -np.mean(y * np.log(expected) + (1 - y) * np.log(1 - expected))
    last = study.curves[study.curves["seed"] == 1].iloc[-1]
    assert last["val_loss"] == pytest.approx(loss, abs=1e-5)


def test_a_branch_is_judged_with_the_rate_of_the_epoch_whose_weights_are_restored(binary, held_out):
    recipe = jr.StochasticDepth(jr.Linear(0, 0.9, 20)) + jr.EarlyStopping(1)
    study = jr.compare(
        dense_net(), binary, {"it": recipe}, validation=held_out, test=held_out, seeds=2,
        epochs=20, batch_size=8, optimizer=keras.optimizers.Adam(0.05),
    )  # fmt: skip
    assert (study.table["best_epoch"] < study.table["epochs_run"]).all()
    np.testing.assert_allclose(study.table["test_loss"], study.table["val_loss"], rtol=1e-6)


def test_an_exported_network_with_skip_connections_is_standard_keras(binary, tmp_path):
    recipe = jr.BatchNorm() + jr.ShakeShake(1.0) + jr.StochasticDepth(0.5) + jr.L2(1e-3)
    model = study_of(recipe, binary).model("it")
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds.count("Rescaling") == kinds.count("BatchNormalization") - 1 == 2
    for name in ("hidden_1", "hidden_1_2", "hidden_1_shortcut"):
        assert float(model.get_layer(name).kernel_regularizer.l2) == pytest.approx(1e-3)
    model.save(tmp_path / "it.keras")
    loaded = keras.models.load_model(tmp_path / "it.keras", compile=False)
    rows = binary[0]
    np.testing.assert_array_equal(loaded.predict(rows, verbose=0), model.predict(rows, verbose=0))


def test_a_strength_that_names_a_layer_acts_on_its_twin_and_its_projection(binary):
    recipe = jr.ShakeShake(1.0) + jr.L2({"hidden_1": 0.1}) + jr.MaxNorm({"hidden_1": 0.7})
    study = study_of(recipe, binary, dense_net((8, 4, 4)))
    model = study.model("it", seed=1)
    names = ("hidden_1", "hidden_1_2", "hidden_1_shortcut")
    penalty = 0.1 * sum(np.square(weights_of(model, name)[0]).sum() for name in names)
    last = study.curves[study.curves["seed"] == 1].iloc[-1]
    assert last["penalty"] == pytest.approx(penalty, rel=1e-4)
    for layer in model.layers:
        if hasattr(layer, "kernel"):
            assert (layer.kernel_regularizer is not None) == (layer.name in names)
            assert (layer.kernel_constraint is not None) == (layer.name in names)
    norms = [np.linalg.norm(weights_of(model, name)[0], axis=0).max() for name in names]
    assert max(norms) <= 0.7 + 1e-6


def test_convolutions_are_skipped_where_their_output_has_the_place_of_their_input():
    conv = {"activation": "relu", "padding": "same"}
    keras.utils.set_random_seed(0)
    net = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(3, 3, name="stem", **conv),
            keras.layers.Conv2D(3, 3, name="same", **conv),
            keras.layers.Conv2D(5, 3, strides=2, name="strided", **conv),
            keras.layers.Conv2D(5, 2, activation="relu", name="valid"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, activation="sigmoid", name="out"),
        ]
    )
    X = np.random.default_rng(0).normal(size=(32, 6, 6, 1)).astype(np.float32)
    rows = X, (X.mean(axis=(1, 2, 3)) > 0).astype(int)
    study = study_of(jr.SkipConnections(), rows, net, seeds=1)
    model = study.model("it")
    x = model.get_layer("stem")(X)
    x = x + model.get_layer("same")(x)
    (kernel,) = weights_of(model, "strided_shortcut")
    x = np.einsum("nhwc,cd->nhwd", np.asarray(x)[:, ::2, ::2], kernel[0, 0]) + model.get_layer(
        "strided"
    )(x)
    x = model.get_layer("valid")(x)
    expected = model.get_layer("out")(np.asarray(x).reshape(32, -1))
    np.testing.assert_allclose(model.predict(X, verbose=0), expected, atol=1e-5)
    assert sum(isinstance(layer, keras.layers.Add) for layer in model.layers) == 2


def test_projections_and_twins_start_anew_for_each_seed_and_are_shared_by_recipes(binary):
    study = jr.compare(
        dense_net(), binary, {"a": jr.ShakeShake(1.0), "b": jr.SkipConnections(2)},
        validation=binary, seeds=2, epochs=1, optimizer=keras.optimizers.SGD(0.0),
    )  # fmt: skip
    first, second, same, _ = (result.values for result in study.results)
    for path in ("hidden_1_2/kernel", "hidden_1_shortcut/kernel"):
        assert (first[path] != second[path]).all()
        np.testing.assert_array_equal(first[path], same[path])
    assert (first["hidden_1/kernel"] != first["hidden_1_2/kernel"]).all()


@pytest.mark.parametrize("recipe", [jr.SkipConnections(), jr.StochasticDepth(0.5)])
def test_a_network_in_which_no_layer_can_be_skipped_is_refused(binary, recipe):
    with pytest.raises(jr.RecipeError, match="no hidden layer that a skip connection fits around"):
        study_of(recipe, binary, dense_net((8,)))


@pytest.mark.parametrize("wrong", [0, -1, 1.5, True, "two"])
def test_a_count_of_branches_out_of_range_is_refused(wrong):
    with pytest.raises(jr.RecipeError, match="whole number of at least 1"):
        jr.SkipConnections(count=wrong)


KEY = jax.random.key(5)
ROWS = 4000
LAST, MIDDLE = Branch("b", 4, 4, 0), Branch("a", 2, 4, 0)


def test_stochastic_depth_drops_rows_with_a_rate_that_grows():
    for branch, kept in ((LAST, 0.4), (MIDDLE, 0.7)):
        forwards, backwards = jr.StochasticDepth(0.6).factors(branch, ROWS, KEY)
        assert set(np.unique(forwards)) == {0.0, 1.0}
        np.testing.assert_array_equal(forwards, backwards)
        assert float(forwards.mean()) == pytest.approx(kept, abs=0.03)
        assert jr.StochasticDepth(0.6).expected(branch) == pytest.approx(kept)


def test_shake_drop_leaves_rows_alone_or_draws_their_factors():
    forwards, backwards = map(np.asarray, jr.ShakeDrop(0.6).factors(LAST, ROWS, KEY))
    alone = forwards == 1
    assert alone.mean() == pytest.approx(0.4, abs=0.03)
    np.testing.assert_array_equal(backwards[alone], 1)
    assert forwards.mean() == pytest.approx(jr.ShakeDrop(0.6).expected(LAST), abs=0.03)
    for drawn, low in ((forwards[~alone], -1), (backwards[~alone], 0)):
        uniform = scipy.stats.uniform(low, 1 - low)
        assert scipy.stats.kstest(drawn, uniform.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(forwards[~alone], backwards[~alone])[0, 1]) < 0.06


@pytest.mark.parametrize("amount", [1.0, 0.4])
def test_shake_shake_mixes_two_branches_by_numbers_that_sum_to_one(amount):
    twin = dataclasses.replace(LAST, number=1)
    technique = jr.ShakeShake(amount)
    pairs = zip(technique.factors(LAST, ROWS, KEY), technique.factors(twin, ROWS, KEY), strict=True)
    shares = []
    for one, other in pairs:
        np.testing.assert_allclose(one + other, 2, atol=1e-6)
        shares.append(np.asarray(one) / 2)
        uniform = scipy.stats.uniform(0.5 - amount / 2, amount)
        assert scipy.stats.kstest(shares[-1], uniform.cdf).pvalue > 1e-3
    assert abs(np.corrcoef(*shares)[0, 1]) < 0.06
    assert technique.factors(dataclasses.replace(LAST, number=2), ROWS, KEY) is None


def test_a_step_with_shake_drop_has_the_gradients_of_a_pytorch_function():
    """The pass forwards through α and backwards through β, written as for PyTorch."""
    torch = pytest.importorskip("torch")

    class Shake(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x, alpha, beta):
            ctx.save_for_backward(beta)
            return alpha[:, None] * x

        @staticmethod
        def backward(ctx, gradient):
            return ctx.saved_tensors[0][:, None] * gradient, None, None

    x, w = np.random.default_rng(0).normal(size=(2, 6, 6))
    factors = jr.ShakeDrop(0.9).factors(LAST, 6, KEY)

    def ours(w):
        return jnp.square(x + weighed(jnp.tanh(jnp.asarray(x) @ w), factors)).sum()

    wt = torch.tensor(w, requires_grad=True)
    xt, (alpha, beta) = torch.tensor(x), (torch.tensor(np.asarray(f)).double() for f in factors)
    loss = (xt + Shake.apply(torch.tanh(xt @ wt), alpha, beta)).square().sum()
    loss.backward()
    value, gradient = jax.value_and_grad(ours)(jnp.asarray(w))
    np.testing.assert_allclose(value, loss.item(), rtol=1e-5)
    np.testing.assert_allclose(gradient, wt.grad.numpy(), rtol=1e-4, atol=1e-5)


def test_a_network_that_is_built_again_finds_its_program_and_its_twins(binary):
    """Keras numbers layers on, and what skip connections add is named after them."""

    def trained():
        dense = keras.layers.Dense
        net = keras.Sequential(
            [keras.Input((5,)), dense(6, "relu"), dense(4, "relu"), dense(1, "sigmoid")]
        )
        return study_of(jr.BatchNorm() + jr.ShakeShake(1.0), binary, net, seeds=1, epochs=2)

    first = trained()
    with Compilations() as compiled:
        second = trained()
    assert compiled.count == 0
    np.testing.assert_array_equal(first.curves["val_loss"], second.curves["val_loss"])
    predicted = [study.model("it").predict(binary[0], verbose=0) for study in (first, second)]
    np.testing.assert_array_equal(*predicted)

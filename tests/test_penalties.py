"""L1, L2, elastic net and weight decay against closed forms, scikit-learn, Keras and PyTorch."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import ElasticNet, Lasso, LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier

import justright as jr
from justright.regularizers.l1 import soft_threshold
from justright.regularizers.location import Kernel
from justright.regularizers.places import Batch, Forward, Update

KERNELS = (Kernel("a/kernel", "a", "hidden"), Kernel("b/kernel", "b", "output"))
WEIGHTS = {
    "a/kernel": jnp.array([[1.0, -2.0], [0.5, 0.0]]),
    "a/bias": jnp.array([10.0, 10.0]),
    "b/kernel": jnp.array([[3.0], [-1.0]]),
}


def forward(weights):
    empty = jnp.zeros((1, 1))
    batch = Batch(empty, empty, None)
    return Forward(weights, KERNELS, empty, batch, (), None, None, None)


@pytest.fixture(scope="module")
def linear():
    """120 rows of 12 features, of which 4 matter."""
    rng = np.random.default_rng(5)
    X = rng.normal(size=(120, 12)).astype(np.float32)
    truth = np.array([2.0, -1.5, 1.0, 0.6] + [0.0] * 8)
    return X, (X @ truth + 0.3 * rng.normal(size=120) + 0.5).astype(np.float32)


def exactly(linear):
    """The same data in the precision that scikit-learn's solvers want."""
    return tuple(array.astype(np.float64) for array in linear)


def fit_linear(data, recipe, optimizer, epochs=3000):
    """Minimize mean squared error plus the recipe's penalty, full batch."""
    keras.utils.set_random_seed(0)
    rows, features = data[0].shape
    model = keras.Sequential([keras.Input((features,)), keras.layers.Dense(1)])
    study = jr.compare(
        model, data, {"it": recipe}, validation=data, seeds=1, epochs=epochs,
        batch_size=rows, optimizer=optimizer, progress=False,
    )  # fmt: skip
    kernel, bias = study.model("it").get_weights()
    return kernel[:, 0], bias[0]


def sgd():
    return keras.optimizers.SGD(0.05)


def heavy_ball():
    return keras.optimizers.SGD(0.01, momentum=0.9)


def decaying(kind):
    """An adaptive optimizer that comes to rest: its step size falls to nothing."""
    schedule = keras.optimizers.schedules.CosineDecay(0.02, 2900, alpha=1e-3)
    return lambda: kind(schedule)


OPTIMIZERS = {
    "SGD": sgd,
    "momentum": heavy_ball,
    "Adam": decaying(keras.optimizers.Adam),
    "RMSprop": decaying(keras.optimizers.RMSprop),
}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_l1_is_the_lasso_with_exact_zeros(linear, optimizer):
    strength = 0.3
    # scikit-learn halves the squared error, so its alpha is half of ours.
    lasso = Lasso(alpha=strength / 2, tol=1e-10, max_iter=100_000).fit(*exactly(linear))
    kernel, bias = fit_linear(linear, jr.L1(strength), OPTIMIZERS[optimizer]())
    np.testing.assert_allclose(kernel, lasso.coef_, atol=1e-3)
    np.testing.assert_array_equal(kernel == 0, lasso.coef_ == 0)
    assert bias == pytest.approx(lasso.intercept_, abs=1e-3)
    assert (kernel == 0).sum() >= 4


def test_l2_is_ridge(linear):
    strength = 0.2
    ridge = Ridge(alpha=strength * len(linear[0])).fit(*linear)
    kernel, bias = fit_linear(linear, jr.L2(strength), sgd())
    np.testing.assert_allclose(kernel, ridge.coef_, atol=1e-4)
    assert bias == pytest.approx(ridge.intercept_, abs=1e-4)


def test_elastic_net_is_scikit_learns(linear):
    l1, l2 = 0.3, 0.1
    # Theirs: 1/2 MSE + a r |w| + a (1-r)/2 w².
    alpha, ratio = l1 / 2 + l2, (l1 / 2) / (l1 / 2 + l2)
    theirs = ElasticNet(alpha=alpha, l1_ratio=ratio, tol=1e-10, max_iter=100_000).fit(
        *exactly(linear)
    )
    kernel, _ = fit_linear(linear, jr.ElasticNet(l1, l2), sgd())
    np.testing.assert_allclose(kernel, theirs.coef_, atol=1e-3)
    np.testing.assert_array_equal(kernel == 0, theirs.coef_ == 0)


@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_elastic_net_is_l1_and_l2_to_the_bit(linear, optimizer):
    joined, _ = fit_linear(linear, jr.ElasticNet(0.3, 0.1), optimizer, 200)
    apart, _ = fit_linear(linear, jr.L1(0.3) + jr.L2(0.1), optimizer, 200)
    np.testing.assert_array_equal(joined, apart)


@given(st.floats(-3, 3), st.floats(0, 2))
def test_the_proximal_step_is_the_minimizer(w, threshold):
    z = float(soft_threshold(jnp.float32(w), jnp.float32(threshold)))
    grid = np.append(np.linspace(-4, 4, 4001), [0.0, w])
    best = np.min(0.5 * (grid - w) ** 2 + threshold * abs(grid))
    assert 0.5 * (z - w) ** 2 + threshold * abs(z) <= best + 1e-5
    if abs(w) < threshold * 0.999:
        assert z == 0


def test_l2_adds_squares_of_kernels_only_with_keras_gradient():
    penalty, gradient = jax.value_and_grad(lambda w: jr.L2(0.1).penalty(forward(w)))(WEIGHTS)
    kernels = [WEIGHTS["a/kernel"], WEIGHTS["b/kernel"]]
    in_keras = sum(float(keras.regularizers.L2(0.1)(w)) for w in kernels)
    assert penalty == pytest.approx(in_keras, rel=1e-6)
    np.testing.assert_allclose(gradient["a/kernel"], 0.2 * WEIGHTS["a/kernel"])
    assert not gradient["a/bias"].any()


def test_a_mapping_says_which_kernels():
    penalty = jr.L2({"hidden": 0.1}).penalty(forward(WEIGHTS))
    assert penalty == pytest.approx(0.1 * float(jnp.sum(WEIGHTS["a/kernel"] ** 2)), rel=1e-6)


@given(st.floats(1e-6, 1), st.integers(1, 1000))
def test_conventions_convert_into_each_other(value, rows):
    assert jr.L2.from_gradient(value).to_gradient() == pytest.approx(value)
    assert jr.L2.from_pytorch(value).to_pytorch() == pytest.approx(value)
    assert jr.L2.from_sklearn(value, rows).to_sklearn(rows) == pytest.approx(value)
    assert jr.L2(value).to_gradient() == pytest.approx(2 * value)


def test_conversions_keep_what_differs_by_layer():
    assert jr.L2.from_gradient({"hidden": 0.2}) == jr.L2({"hidden": 0.1})


def test_scikit_learns_alpha_converts(binary):
    X, y = binary
    alpha = 8.0
    theirs = MLPClassifier((), alpha=alpha, solver="lbfgs", max_iter=5000, tol=1e-12).fit(X, y)
    logistic = LogisticRegression(C=1 / alpha, tol=1e-12, max_iter=5000).fit(X, y)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1, activation="sigmoid")])
    study = jr.compare(
        model, binary, {"it": jr.L2.from_sklearn(alpha, rows=len(X))}, validation=binary, seeds=1,
        epochs=3000, batch_size=len(X), optimizer=keras.optimizers.SGD(0.5),
    )  # fmt: skip
    kernel = study.model("it").get_weights()[0][:, 0]
    np.testing.assert_allclose(kernel, theirs.coefs_[0][:, 0], atol=2e-3)
    np.testing.assert_allclose(kernel, logistic.coef_[0], atol=2e-3)


def torch_twin(torch, model):
    """The same linear network in PyTorch."""
    kernel, bias = model.get_weights()
    twin = torch.nn.Linear(*kernel.shape)
    with torch.no_grad():
        twin.weight.copy_(torch.tensor(kernel.T))
        twin.bias.copy_(torch.tensor(bias))
    return twin


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW"])
def test_pytorchs_weight_decay_converts(linear, kind):
    torch = pytest.importorskip("torch")
    X, y = linear
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(1)])
    decay, rate, steps = 0.1, 0.01, 50
    twin = torch_twin(torch, model)
    # Biases are not decayed here, so theirs are put in a group of their own.
    groups = [{"params": [twin.weight], "weight_decay": decay}, {"params": [twin.bias]}]
    options = {"weight_decay": 0.0, "lr": rate}
    if kind != "SGD":
        options["eps"] = 1e-7
    optimizer = getattr(torch.optim, kind)(groups, **options)
    for _ in range(steps):
        optimizer.zero_grad()
        ((twin(torch.tensor(X))[:, 0] - torch.tensor(y)) ** 2).mean().backward()
        optimizer.step()
    recipe = jr.WeightDecay(decay) if kind == "AdamW" else jr.L2.from_pytorch(decay)
    study = jr.compare(
        model, linear, {"it": recipe}, validation=linear, seeds=1, epochs=steps, batch_size=len(X),
        optimizer=keras.optimizers.SGD(rate) if kind == "SGD" else keras.optimizers.Adam(rate),
        shuffle=False, initial_weights="model",
    )  # fmt: skip
    kernel, bias = study.model("it").get_weights()
    np.testing.assert_allclose(kernel[:, 0], twin.weight.detach().numpy()[0], atol=1e-5)
    np.testing.assert_allclose(bias, twin.bias.detach().numpy(), atol=1e-5)


def test_weight_decay_is_keras_adamw(linear):
    X, y = linear
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(1)])
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    adamw = keras.optimizers.AdamW(0.01, weight_decay=0.1)
    adamw.exclude_from_weight_decay(var_names=["bias"])
    twin.compile(adamw, "mse")
    for _ in range(50):
        twin.train_on_batch(X, y[:, None])
    study = jr.compare(
        model, linear, {"it": jr.WeightDecay(0.1)}, validation=linear, seeds=1, epochs=50,
        batch_size=len(X), optimizer=keras.optimizers.Adam(0.01), shuffle=False,
        initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_proximal_penalty_is_logged(linear):
    model = keras.Sequential([keras.Input((12,)), keras.layers.Dense(1)])
    study = jr.compare(
        model, linear, {"it": jr.L1(0.1) + jr.L2(0.2)}, validation=linear, seeds=1, epochs=3
    )
    kernel = study.model("it").get_weights()[0]
    expected = 0.1 * np.abs(kernel).sum() + 0.2 * np.square(kernel).sum()
    assert study.curves["penalty"].iloc[-1] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("sparse", [jr.L1(3.0), jr.ElasticNet(3.0, 0.0), jr.GroupLasso(3.0)])
def test_zeros_of_a_proximal_step_stay_under_weight_decay_in_either_order(sparse):
    kernels = (Kernel("a/kernel", "a", "hidden", reads_input=True),)
    before = {"a/kernel": jnp.array([[2.0, -2.0], [0.1, 0.2]])}
    rate = jnp.float32(0.1)
    update = Update(before, kernels, rate, lambda _: rate)
    decay = jr.WeightDecay(0.5)
    for recipe in (sparse + decay, decay + sparse):
        weights = before
        for one in recipe.techniques:
            weights = one.after_update(weights, update)
        large, small = np.asarray(weights["a/kernel"])
        assert (small == 0).all()
        assert (abs(large) > 0).all()
        assert (abs(large) < 2).all()

"""Laplace's approximation against BayesianRidge, numerical integrals, and Hessians in float64."""

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from sklearn.linear_model import BayesianRidge

import justright as jr
from justright.evidence.curvature import Curvature
from justright.evidence.derivatives import Outer, Whole
from justright.evidence.laplace import Mode, Spectrum, evidence_at
from justright.evidence.spectra import STRUCTURES, spectrum_of
from justright.experiments.setup import Setup
from justright.network.network import Network

ROWS, FEATURES = 90, 6


def linear_rows(seed=2):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(ROWS, FEATURES)) @ np.diag([2, 1.5, 1, 1, 0.3, 0.1])
    y = X @ rng.normal(size=FEATURES) + 1.3 * rng.normal(size=ROWS)
    return (X - X.mean(axis=0)).astype(np.float32), (y - y.mean()).astype(np.float32)


def bayesian_ridge(X, y):
    """MacKay's fixed point without hyperpriors, and the log evidence at each of its steps."""
    flat = {"alpha_1": 0, "alpha_2": 0, "lambda_1": 0, "lambda_2": 0}
    model = BayesianRidge(**flat, tol=1e-12, max_iter=5000, compute_score=True)
    return model.fit(X.astype(float), y.astype(float))


def curvature_of(model, rows, structure, **how):
    """What reads the curvature of a network, and the task."""
    X, y = rows
    setup = Setup.of(model, rows, validation=(X[:1], y[:1]), batch_size=len(X), epochs=1, **how)
    task = setup.task
    network = Network(task.blueprint, jr.Recipe())
    train = task.rows.train[0]
    inputs, targets = task.rows.inputs[train], task.rows.targets[train]
    return Curvature(network, jr.Recipe(), task.objective, structure, inputs, targets), setup


def values_at(setup, **weights):
    """The network's variables with some kernels replaced."""
    values = setup.start(0)
    for name, kernel in weights.items():
        values[name] = np.asarray(kernel, np.float32)
    return values


def dense(outputs=1, activation=None, features=FEATURES, bias=False):
    layer = keras.layers.Dense(outputs, activation=activation, use_bias=bias, name="out")
    return keras.Sequential([keras.Input((features,)), layer])


@pytest.mark.parametrize("factor", [0.1, 1.0, 7.0])
def test_a_linear_network_has_the_evidence_of_bayesian_ridge(factor):
    X, y = linear_rows()
    theirs = bayesian_ridge(X, y)
    # Its score at precisions of one's own: their noise is what ours fits for this λ.
    strength = factor * theirs.lambda_ / theirs.alpha_ / ROWS
    gram = X.astype(float).T @ X
    w = np.linalg.solve(gram + ROWS * strength * np.eye(FEATURES), X.T.astype(float) @ y)
    curvature, setup = curvature_of(dense(), (X, y), "full")
    found = evidence_at(
        curvature.mode(values_at(setup, **{"out/kernel": w[:, None]}), strength), strength
    )
    lam, alpha = found.precision, found.noise**-2
    residual = float(np.square(y - X @ w).sum())
    log_det = np.linalg.slogdet(alpha * gram + lam * np.eye(FEATURES))[1]
    score = 0.5 * (
        FEATURES * np.log(lam) + ROWS * np.log(alpha) - alpha * residual - lam * w @ w - log_det
        - ROWS * np.log(2 * np.pi)
    )  # fmt: skip
    assert found.log_evidence == pytest.approx(score, rel=1e-6)
    if factor == 1.0:
        assert found.log_evidence == pytest.approx(theirs.scores_[-1], rel=1e-6)
        assert lam == pytest.approx(theirs.lambda_, rel=1e-4)
        assert alpha == pytest.approx(theirs.alpha_, rel=1e-4)
        assert found.update == pytest.approx(strength, rel=1e-4)
    else:
        assert found.log_evidence < theirs.scores_[-1]
        assert (found.update > strength) == (factor < 1)


def test_the_whole_way_finds_the_precision_of_bayesian_ridge():
    X, y = linear_rows()
    theirs = bayesian_ridge(X, y)
    found = jr.evidence_strength(
        dense(), (X, y), seeds=1, refine=3, epochs=1500, batch_size=ROWS, progress=False,
        optimizer=keras.optimizers.SGD(0.02, momentum=0.9),
    )  # fmt: skip
    assert found.strength == pytest.approx(theirs.lambda_ / theirs.alpha_ / ROWS, rel=0.03)
    assert found.noise == pytest.approx(theirs.alpha_**-0.5, rel=1e-3)
    assert found.deviation == pytest.approx(theirs.lambda_**-0.5, rel=0.02)
    assert found.curve["log_evidence"].max() == pytest.approx(theirs.scores_[-1], rel=1e-5)
    assert found.table["unsettled"].max() < 1e-3
    assert found.trusted


def logistic_rows():
    rng = np.random.default_rng(4)
    X = rng.normal(size=(60, 2)).astype(np.float32)
    y = (X @ [1.0, -0.7] + rng.logistic(size=60) > 0).astype(int)
    return X, y


def test_the_evidence_of_two_weights_is_the_integral():
    X, y = logistic_rows()
    strength = 0.02
    precision = 2 * len(X) * strength

    def log_joint(w):
        z = X.astype(float) @ w
        fit = -np.logaddexp(0, np.where(y, -z, z)).sum()
        return fit - precision / 2 * w @ w + np.log(precision / (2 * np.pi))

    mode = minimize(lambda w: -log_joint(w), np.zeros(2), tol=1e-12).x
    steps = np.linspace(-4, 4, 161)
    grid = np.stack(np.meshgrid(mode[0] + steps, mode[1] + steps), axis=-1).reshape(-1, 2)
    joint = np.exp([log_joint(w) for w in grid])
    integral = np.log(joint.sum() * (steps[1] - steps[0]) ** 2)
    curvature, setup = curvature_of(dense(1, "sigmoid", 2), (X, y), "full")
    found = evidence_at(
        curvature.mode(values_at(setup, **{"out/kernel": mode[:, None]}), strength), strength
    )
    # What Laplace's approximation leaves out is of the order of 1/rows.
    assert found.log_evidence == pytest.approx(integral, abs=0.02)
    assert found.unsettled < 1e-6


KINDS = {
    "two classes": ("sigmoid", 1, lambda rng: rng.integers(0, 2, 40)),
    "two classes, logits": (None, 1, lambda rng: rng.integers(0, 2, 40)),
    "three classes": ("softmax", 3, lambda rng: np.arange(40) % 3),
    "three classes, logits": (None, 3, lambda rng: np.arange(40) % 3),
    "labels": ("sigmoid", 2, lambda rng: rng.integers(0, 2, (40, 2))),
    "numbers": (None, 2, lambda rng: rng.normal(size=(40, 2)).astype(np.float32)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_curvature_of_a_linear_network_is_the_hessian_in_float64(kind):
    activation, outputs, make = KINDS[kind]
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(40, 3)).astype(np.float32), make(rng)
    w = 0.5 * rng.normal(size=(3, outputs))
    curvature, setup = curvature_of(dense(outputs, activation, 3), (X, y), "full")
    mode = curvature.mode(values_at(setup, **{"out/kernel": w}), 0.1)

    def negative(v):
        """−log p(y|X, v), with noise of deviation 1 for numbers."""
        z = X.astype(float) @ v.reshape(3, outputs)
        if kind == "numbers":
            return 0.5 * np.square(y - z).sum()
        if outputs == 3:
            return (np.log(np.exp(z).sum(axis=1)) - z[np.arange(40), y]).sum()
        return np.logaddexp(0, np.where(y.reshape(40, -1), -z, z)).sum()

    hessian = np.array([second(negative, w.ravel(), i) for i in range(w.size)])
    expected = np.linalg.eigvalsh(hessian)
    found = np.sort(np.pad(mode.spectrum.eigenvalues, (w.size - len(mode.spectrum.eigenvalues), 0)))
    np.testing.assert_allclose(found, expected, atol=2e-3 * expected.max())
    half = 2 if kind == "numbers" else 1
    assert mode.misfit == pytest.approx(half * negative(w.ravel()), rel=1e-5)


def second(function, at, i, h=1e-4):
    """A row of the Hessian by central differences."""
    eye = h * np.eye(len(at))
    a, b = at + eye[i], at - eye[i]
    return [
        (function(a + e) - function(a - e) - function(b + e) + function(b - e)) / (4 * h * h)
        for e in eye
    ]


def random_derivatives(seed, rows):
    """Derivatives of two kernels, of a dense layer and of another kind, and a gradient."""
    rng = np.random.default_rng(seed)
    chunks = [
        {
            "a": Outer(rng.normal(size=(count, 4)), rng.normal(size=(count, 3))),
            "b": Whole(rng.normal(size=(count, 3, 2))),
        }
        for count in (rows, 2)
    ]
    return chunks, rows + 2, {"a": rng.normal(size=(4, 3)), "b": rng.normal(size=(3, 2))}


def as_matrix(chunks):
    return np.concatenate(
        [np.concatenate([chunk[p].rows() for p in "ab"], axis=1) for chunk in chunks]
    )


@given(st.integers(0, 10**6), st.sampled_from([1, 5, 40]), st.floats(1e-3, 1e3))
def test_the_directions_are_those_of_the_whole_matrix(seed, rows, ratio):
    chunks, outputs, gradient = random_derivatives(seed, rows)
    spectrum = spectrum_of("full", chunks, outputs, gradient)
    J = as_matrix(chunks)
    A = J.T @ J + ratio * np.eye(J.shape[1])
    g = np.concatenate([gradient[p].ravel() for p in "ab"])
    s = spectrum.eigenvalues
    assert np.log1p(s / ratio).sum() == pytest.approx(
        np.linalg.slogdet(A / ratio)[1], rel=1e-6, abs=1e-9
    )
    decided = (s / (s + ratio)) @ spectrum.shares
    inside = np.diag(np.linalg.solve(A, J.T @ J))
    np.testing.assert_allclose(decided, [inside[:12].sum(), inside[12:].sum()], rtol=1e-5)
    newton = (spectrum.slopes / (s + ratio)).sum() + spectrum.flat_slope / ratio
    assert newton == pytest.approx(g @ np.linalg.solve(A, g), rel=1e-5)
    assert list(spectrum.weights) == [12, 6]


@given(st.integers(0, 10**6), st.sampled_from([1, 5, 40]))
def test_the_parts_keep_the_trace_and_all_directions_of_the_gradient(seed, rows):
    chunks, outputs, gradient = random_derivatives(seed, rows)
    J = as_matrix(chunks)
    for structure in STRUCTURES:
        spectrum = spectrum_of(structure, chunks, outputs, gradient)
        assert spectrum.eigenvalues.sum() == pytest.approx(np.square(J).sum(), rel=1e-5)
        length = sum(np.square(g).sum() for g in gradient.values())
        assert spectrum.slopes.sum() + spectrum.flat_slope == pytest.approx(length, rel=1e-6)
        np.testing.assert_allclose(spectrum.shares.sum(axis=1), 1, rtol=1e-6)
    diagonal = spectrum_of("diag", chunks, outputs, gradient)
    np.testing.assert_allclose(diagonal.eigenvalues, np.square(J).sum(axis=0), rtol=1e-6)


@given(st.integers(0, 10**6), st.integers(1, 9))
def test_outer_products_are_what_they_stand_for(seed, outputs):
    rng = np.random.default_rng(seed)
    outer = Outer(rng.normal(size=(outputs, 4)), rng.normal(size=(outputs, 3)))
    whole, direction = Whole(outer.rows().reshape(-1, 4, 3)), rng.normal(size=(4, 3))
    for name in ("rows", "over_inputs", "over_units", "squares", "products"):
        np.testing.assert_allclose(getattr(outer, name)(), getattr(whole, name)(), atol=1e-12)
    np.testing.assert_allclose(outer.along(direction), whole.along(direction), atol=1e-12)
    np.testing.assert_array_equal(Outer.joined([outer, outer]).rows()[outputs:], whole.rows())


def test_dense_layers_that_are_used_once_have_outer_products():
    shared = keras.layers.Dense(3, activation="tanh", name="shared")
    x = keras.Input((3,))
    out = keras.layers.Dense(1, name="out")(shared(shared(x)))
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(20, 3)).astype(np.float32), rng.normal(size=20).astype(np.float32)
    curvature, setup = curvature_of(keras.Model(x, out), rows, "full")
    weights, buffers = curvature.network.complete(setup.start(0))
    (chunk,) = curvature._derivatives(weights, buffers)
    assert {path: type(one) for path, one in chunk.items()} == {
        "shared/kernel": Whole, "out/kernel": Outer,
    }  # fmt: skip
    hidden = rows[0]
    for _ in range(2):
        hidden = np.tanh(hidden @ weights["shared/kernel"])
    np.testing.assert_allclose(chunk["out/kernel"].rows(), hidden, atol=1e-5)


def test_a_kronecker_product_is_exact_for_a_linear_layer():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(50, 4)).astype(np.float32)
    y = rng.normal(size=(50, 3)).astype(np.float32)
    spectra = []
    for structure in ("full", "kron"):
        curvature, setup = curvature_of(dense(3, None, 4), (X, y), structure)
        spectra.append(curvature.mode(setup.start(0), 0.1).spectrum)
    whole, product = (np.sort(spectrum.eigenvalues) for spectrum in spectra)
    np.testing.assert_allclose(product, whole, rtol=1e-4)


@given(st.integers(0, 10**6), st.booleans(), st.floats(1e-3, 10))
def test_unsettled_is_what_the_posterior_of_a_quadratic_still_rises(seed, gaussian, strength):
    rng = np.random.default_rng(seed)
    J, b, w = rng.normal(size=(8, 4)), rng.normal(size=8), rng.normal(size=4)
    residual = b - J @ w
    # For classes the misfit is −log p itself; a quadratic one stands for it.
    misfit = np.square(residual).sum() / (1 if gaussian else 2)
    bare = Mode(misfit, np.array([w @ w]), None, 8, gaussian)
    ratio = bare.ratio(strength)
    gradient = {"a": (ratio * w - J.T @ residual).reshape(4, 1)}
    spectrum = spectrum_of("full", [{"a": Whole(J.reshape(8, 4, 1))}], 8, gradient)
    found = evidence_at(Mode(misfit, np.array([w @ w]), spectrum, 8, gaussian), strength)
    mode = np.linalg.solve(J.T @ J + ratio * np.eye(4), J.T @ b)

    def objective(v):
        return 0.5 * (np.square(b - J @ v).sum() + ratio * v @ v)

    variance = found.noise**2 if gaussian else 1.0
    rise = (objective(w) - objective(mode)) / variance
    assert found.unsettled == pytest.approx(rise, rel=1e-6, abs=1e-9)


def test_fitted_noise_is_where_the_evidence_is_highest():
    rng = np.random.default_rng(1)
    spectrum = Spectrum(np.array([3.0, 0.2]), np.eye(2), np.zeros(2), 0.0, np.array([1, 1]))
    mode = Mode(7.0, np.array([0.5, 0.1]), spectrum, 12, True)
    found = evidence_at(mode, 0.05)
    ratio = mode.ratio(0.05)

    def log_evidence(variance):
        tau, s = ratio / variance, spectrum.eigenvalues / variance
        fit = -0.5 * (12 * np.log(2 * np.pi * variance) + 7.0 / variance)
        return fit - tau / 2 * 0.6 - 0.5 * np.log1p(s / tau).sum()

    assert found.log_evidence == pytest.approx(log_evidence(found.noise**2))
    for factor in rng.uniform(0.5, 2, 20):
        assert log_evidence(factor * found.noise**2) <= found.log_evidence + 1e-12


def test_layers_of_any_kind_have_a_curvature():
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, activation="relu", name="conv"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax", name="out"),
        ]
    )
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(30, 6, 6, 1)).astype(np.float32), np.arange(30) % 3
    traces = {}
    for structure in ("kron", "last_layer"):
        curvature, setup = curvature_of(model, (X, y), structure)
        mode = curvature.mode(setup.start(0), 0.01)
        assert np.isfinite(evidence_at(mode, 0.01).log_evidence)
        traces[structure] = mode.spectrum.eigenvalues.sum()
    assert 0 < traces["last_layer"] < traces["kron"]
    assert curvature.kernels == ("out/kernel",)


def test_rows_too_many_to_differentiate_are_stood_for_by_some(monkeypatch):
    X, y = linear_rows()
    curvature, setup = curvature_of(dense(), (X, y), "full")
    whole = curvature.mode(setup.start(0), 0.1).spectrum.eigenvalues.sum()
    monkeypatch.setattr("justright.evidence.curvature._MOST_DERIVATIVES", ROWS * FEATURES / 2)
    assert curvature.read_rows == ROWS // 2
    some = curvature.mode(setup.start(0), 0.1).spectrum.eigenvalues.sum()
    assert some == pytest.approx(whole, rel=0.3)
    assert some != whole

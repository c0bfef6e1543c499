"""One battery of laws for every technique. A technique that is not in the table fails the build."""

import functools

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.engine.lane import Order, enter
from justright.engine.step import Machinery, predictor, train_step
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.network.optimizer import FunctionalOptimizer, keras_optimizer
from justright.regularizers import TECHNIQUES
from justright.regularizers.neutral import neutral_of
from justright.regularizers.option import allowed
from justright.regularizers.places import PLACES, ActsOnStructure, Batch
from justright.regularizers.strength import Limits, limits_of
from justright.regularizers.technique import fields_of

INFINITY = float("inf")

# For each technique: one that acts, and one that is neutral (None: it has no neutral value).
TABLE = {
    jr.Dropout: (jr.Dropout(0.5), jr.Dropout(0.0)),
    jr.ConcreteDropout: (jr.ConcreteDropout(1e-3, 0.1), None),
    jr.L1: (jr.L1(0.01), jr.L1(0.0)),
    jr.L2: (jr.L2(0.1), jr.L2(0.0)),
    jr.ElasticNet: (jr.ElasticNet(0.01, 0.1), jr.ElasticNet(0.0, 0.0)),
    jr.WeightDecay: (jr.WeightDecay(0.1), jr.WeightDecay(0.0)),
    jr.BatchNorm: (jr.BatchNorm(), None),
    jr.LayerNorm: (jr.LayerNorm(), None),
    jr.SkipConnections: (jr.SkipConnections(), None),
    jr.StochasticDepth: (jr.StochasticDepth(0.5), jr.StochasticDepth(0.0)),
    jr.ShakeDrop: (jr.ShakeDrop(0.5), jr.ShakeDrop(0.0)),
    jr.ShakeShake: (jr.ShakeShake(1.0), jr.ShakeShake(0.0)),
    jr.Mixup: (jr.Mixup(0.5), jr.Mixup(0.0)),
    jr.ManifoldMixup: (jr.ManifoldMixup(2.0), jr.ManifoldMixup(0.0)),
    jr.LabelSmoothing: (jr.LabelSmoothing(0.2), jr.LabelSmoothing(0.0)),
    jr.GaussianNoise: (jr.GaussianNoise(0.3), jr.GaussianNoise(0.0)),
    jr.GaussianDropout: (jr.GaussianDropout(0.3), jr.GaussianDropout(0.0)),
    jr.SpatialDropout: (jr.SpatialDropout(0.3), jr.SpatialDropout(0.0)),
    jr.DropConnect: (jr.DropConnect(0.3), jr.DropConnect(0.0)),
    jr.GradientClipping: (jr.GradientClipping(0.1), jr.GradientClipping(INFINITY)),
    jr.MaxNorm: (jr.MaxNorm(0.5), jr.MaxNorm(INFINITY)),
    jr.UnitNorm: (jr.UnitNorm(0.6), jr.UnitNorm(0.0)),
    jr.SpectralNorm: (jr.SpectralNorm(0.5), jr.SpectralNorm(INFINITY)),
    jr.EMA: (jr.EMA(0.8), jr.EMA(0.0)),
    jr.SWA: (jr.SWA(1), jr.SWA(INFINITY)),
    jr.Lookahead: (jr.Lookahead(5, 0.5), jr.Lookahead(1, 1.0)),
    jr.WarmRestarts: (jr.WarmRestarts(1, 2.0), jr.WarmRestarts(INFINITY, 2.0)),
    jr.SnapshotEnsemble: (jr.SnapshotEnsemble(3), jr.SnapshotEnsemble(1)),
    jr.GroupLasso: (jr.GroupLasso(0.05), jr.GroupLasso(0.0)),
    jr.FeatureMasking: (jr.FeatureMasking(0.3), jr.FeatureMasking(0.0)),
    jr.CutMix: (jr.CutMix(1.0), jr.CutMix(0.0)),
    jr.Cutout: (jr.Cutout(3), jr.Cutout(0)),
    jr.RandomFlip: (jr.RandomFlip(0.5), jr.RandomFlip(0.0)),
    jr.RandomShift: (jr.RandomShift(0.3), jr.RandomShift(0.0)),
    jr.RandomCrop: (jr.RandomCrop(2), jr.RandomCrop(0)),
    jr.RandomRotation: (jr.RandomRotation(0.2), jr.RandomRotation(0.0)),
    jr.SAM: (jr.SAM(0.1), jr.SAM(0.0)),
    jr.AdversarialTraining: (jr.AdversarialTraining(0.2), jr.AdversarialTraining(0.0)),
    jr.GradientNoise: (jr.GradientNoise(0.1), jr.GradientNoise(0.0)),
    jr.WeightNoise: (jr.WeightNoise(0.1), jr.WeightNoise(0.0)),
    jr.ConfidencePenalty: (jr.ConfidencePenalty(0.3), jr.ConfidencePenalty(0.0)),
    jr.OrthogonalPenalty: (jr.OrthogonalPenalty(0.1), jr.OrthogonalPenalty(0.0)),
    jr.ActivityL1: (jr.ActivityL1(0.1), jr.ActivityL1(0.0)),
    jr.ActivityL2: (jr.ActivityL2(0.1), jr.ActivityL2(0.0)),
    jr.JacobianPenalty: (jr.JacobianPenalty(0.3), jr.JacobianPenalty(0.0)),
    jr.RDrop: (jr.RDrop(2.0), jr.RDrop(0.0)),
    jr.AlphaDropout: (jr.AlphaDropout(0.2), jr.AlphaDropout(0.0)),
    jr.DropBlock: (jr.DropBlock(0.3, 2), jr.DropBlock(0.0, 2)),
    jr.EarlyStopping: (jr.EarlyStopping(1), jr.EarlyStopping(INFINITY)),
}
# What a technique that brings a structure is compared with: that structure alone.
NEUTRAL_STRUCTURE = {
    jr.StochasticDepth: jr.Recipe(jr.SkipConnections()),
    jr.ShakeDrop: jr.Recipe(jr.SkipConnections()),
    jr.ShakeShake: jr.Recipe(jr.SkipConnections(2)),
}
# These do nothing alone: what stands before them in their recipes.
COMPANY = {
    jr.RDrop: jr.Recipe(jr.Dropout(0.5)),
    jr.SnapshotEnsemble: jr.Recipe(jr.WarmRestarts(1, 1.0)),
}
# These act on images; all the others on anything, and are tried on a table.
ON_IMAGES = {
    jr.Cutout,
    jr.DropBlock,
    jr.RandomCrop,
    jr.RandomFlip,
    jr.RandomRotation,
    jr.RandomShift,
}
ALL = [pytest.param(kind, id=kind.__name__) for kind in TECHNIQUES]
IN_PROGRAM = [kind for kind in TECHNIQUES if kind is not jr.EarlyStopping]
NEUTRAL = [pytest.param(k, id=k.__name__) for k in IN_PROGRAM if TABLE[k][1] is not None]
# The others' neutral value is an option, so structure.
TRACED = [param for param in NEUTRAL if param.values[0].strength_names()]


def test_every_technique_is_in_the_table():
    assert set(TABLE) == set(TECHNIQUES)


def table_net():
    return dense_net()


def image_net():
    return keras.Sequential(
        [
            keras.Input((5, 5, 1)),
            keras.layers.Conv2D(3, 3, activation="relu", name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(4, activation="relu", name="dense"),
            keras.layers.Dense(1, activation="sigmoid", name="out"),
        ]
    )


def company(kind):
    return COMPANY.get(kind, jr.Recipe())


def task_for(*kinds):
    """A network and rows that techniques of these kinds can act on."""
    on_images = bool(ON_IMAGES & set(kinds))
    X = np.random.default_rng(0).normal(size=(40, 5, 5, 1) if on_images else (40, 5))
    y = (X.reshape(40, -1).sum(axis=1) > 0).astype(int)
    return image_net() if on_images else table_net(), (X.astype(np.float32), y)


@functools.cache
def blueprint_for(*kinds):
    model, (X, _) = task_for(*kinds)
    return Blueprint.of(model, X.shape[1:])


def trainer(kind, structure, optimizer):
    """A pure function from a recipe's strengths to the weights that predict after some steps."""
    blueprint, (_, (X, y)) = blueprint_for(kind), task_for(kind)
    network = Network(blueprint, structure)
    anatomy = blueprint.anatomy
    objective = infer_objective(y, anatomy.output_activation, anatomy.output_shape)
    keras_one = keras_optimizer(optimizer)
    machinery = Machinery(network, objective, FunctionalOptimizer(keras_one, network), 5)
    weights, buffers = network.complete(blueprint.initial_values(3))
    targets = jnp.asarray(objective.encode(y, "y"))

    def train(recipe):
        zero = jnp.int32(0)
        order = Order(
            recipe, None, None, None, zero, jnp.int32(1), None, weights, buffers, zero
        )  # fmt: skip
        state = enter(machinery, order).training
        key = jnp.array([1, 2], jnp.uint32)

        def step(state, i):
            index = (i * 8 + jnp.arange(8)) % len(X)
            batch = Batch(jnp.asarray(X)[index], targets[index], None)
            return train_step(machinery, recipe, jnp.float32(0.01), key, state, batch), None

        return predictor(recipe, jax.lax.scan(step, state, jnp.arange(15))[0]).weights

    return train


def traced(recipe):
    return jax.tree.map(jnp.float32, recipe)


@pytest.mark.parametrize("optimizer", ["adam", "momentum"])
@pytest.mark.parametrize("kind", NEUTRAL)
def test_the_neutral_strength_is_the_baseline_to_the_bit(kind, optimizer):
    """Within one compiled program: the baseline beside the technique at its neutral value."""
    beside = NEUTRAL_STRUCTURE.get(kind, company(kind))
    active, neutral = (company(kind) + one for one in TABLE[kind])
    baseline = trainer(kind, beside, optimizer)
    regularized = trainer(kind, active, optimizer)
    both = jax.jit(lambda recipe: (baseline(traced(beside)), regularized(recipe)))
    plain, with_neutral = both(traced(neutral))
    for path, value in plain.items():
        np.testing.assert_array_equal(with_neutral[path], value, err_msg=path)
    if (off := neutral_of(TABLE[kind][0])) is not None:
        _, switched_off = both(traced(company(kind) + off))
        for path, value in plain.items():
            np.testing.assert_array_equal(switched_off[path], value, err_msg=path)
    _, with_active = both(traced(active))
    assert any((with_active[path] != value).any() for path, value in plain.items())


@pytest.mark.parametrize("kind", TRACED)
def test_many_strengths_are_one_trace_and_each_is_its_own_run(kind):
    active, neutral = (company(kind) + one for one in TABLE[kind])
    train = trainer(kind, active, "sgd")
    traces = []

    @jax.jit
    def counted(recipe):
        traces.append(1)
        return train(recipe)

    halfway = jax.tree.map(lambda a, b: (a + b) / 2, traced(active), traced(neutral))
    alone = [counted(r) for r in (traced(active), traced(neutral), halfway)]
    assert len(traces) == 1
    assert any(not np.array_equal(alone[0][p], alone[2][p]) for p in alone[0])


@pytest.mark.parametrize("kind", ALL)
def test_strengths_are_leaves_and_options_are_structure(kind):
    active = TABLE[kind][0]
    leaves, structure = jax.tree.flatten(active)
    assert leaves == [getattr(active, name) for name in kind.strength_names()]
    assert jax.tree.unflatten(structure, leaves) == active
    doubled = jax.tree.map(lambda x: 2 * x, active)
    assert jax.tree.structure(doubled) == structure


@pytest.mark.parametrize("kind", ALL)
def test_repr_is_code_that_makes_it_again(kind):
    active = TABLE[kind][0]
    assert eval(repr(active), vars(jr) | {kind.__name__: kind}) == active


@pytest.mark.parametrize("kind", ALL)
def test_it_fills_a_place_and_says_its_source(kind):
    assert issubclass(kind, tuple(PLACES.values()))
    text = kind.__doc__
    assert "Args:" in text
    assert "Source:" in text
    assert "Raises:" in text
    for name in (*kind.strength_names(), *kind.option_names()):
        assert f"{name}:" in text or f"{name}," in text, f"{name} is not described"


@pytest.mark.parametrize("kind", ALL)
def test_strengths_out_of_range_are_refused_with_name_and_range(kind):
    fine = {n: getattr(TABLE[kind][0], n) for n in kind.strength_names()}
    for field in fields_of(kind):
        limits = limits_of(field)
        if limits is None:
            continue
        for wrong in (limits.low - 1, float("nan"), "much", None, True, [0.1]):
            with pytest.raises(jr.RecipeError, match=rf"{kind.__name__}\({field.name}="):
                kind(**fine | {field.name: wrong})


@pytest.mark.parametrize("kind", ALL)
def test_options_that_are_none_are_refused_with_name_and_what_is_allowed(kind):
    fine = {n: getattr(TABLE[kind][0], n) for n in kind.strength_names()}
    for field in fields_of(kind):
        if limits_of(field) is not None:
            continue
        said = allowed(field)
        assert said is not None or isinstance(field.default, bool), f"{field.name} is not declared"
        wrong = ["nonsense", None, [0.1], *([-1, float("nan")] if isinstance(said, Limits) else [])]
        for value in (*wrong, 1 if said is None else True):
            with pytest.raises(
                jr.RecipeError, match=rf"{kind.__name__}\({field.name}=.*{field.name} is"
            ):
                kind(**fine | {field.name: value})


@pytest.mark.parametrize("kind", ALL)
def test_prediction_is_deterministic_and_the_study_runs(kind):
    model, rows = task_for(kind)
    recipe = company(kind) + TABLE[kind][0]
    study = jr.compare(model, rows, {"it": recipe}, validation=rows, seeds=2, epochs=3)
    model = study.model("it", seed=1)
    np.testing.assert_array_equal(model(rows[0]), model(rows[0]))
    assert np.isfinite(study.curves.select_dtypes("number")).all().all()


def test_what_a_recipe_does_not_contain_is_not_in_the_program():
    train = trainer(jr.Dropout, jr.Recipe(), "sgd")
    assert "shift_left" not in str(jax.make_jaxpr(train)(jr.Recipe()))  # No random words.
    dropout = jr.Recipe(jr.Dropout(0.0))
    dropped = trainer(jr.Dropout, dropout, "sgd")
    assert "shift_left" in str(jax.make_jaxpr(dropped)(traced(dropout)))


def test_structural_techniques_leave_other_initial_weights_alone():
    blueprint = blueprint_for(jr.BatchNorm)
    plain = Network(blueprint, jr.Recipe())
    normalized = Network(blueprint, jr.Recipe(jr.BatchNorm()))
    assert isinstance(jr.BatchNorm(), ActsOnStructure)
    values = blueprint.initial_values(5)
    a, _ = plain.complete(values)
    b, _ = normalized.complete(values)
    for path, value in a.items():
        np.testing.assert_array_equal(b[path], value)


def test_adding_a_technique_leaves_the_others_draws_alone():
    from justright.engine.keys import step_key

    key = jnp.array([1, 2], jnp.uint32)
    alone = step_key(key, jr.Dropout(0.1), jnp.int32(3))
    again = step_key(key, jr.Dropout(0.9), jnp.int32(3))
    other = step_key(key, jr.L2(0.9), jnp.int32(3))
    assert (jax.random.key_data(alone) == jax.random.key_data(again)).all()
    assert (jax.random.key_data(alone) != jax.random.key_data(other)).any()

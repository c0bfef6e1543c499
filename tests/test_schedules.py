"""Schedules: right values, the engine reads them by the epoch, and they are data, not code."""

import jax
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from conftest import Compilations, dense_net
from justright.regularizers.text import parse_recipe

RATE = st.integers(0, 63).map(lambda n: n / 64)
KINDS = [jr.Linear, jr.Cosine, jr.Step]


def expected(schedule, epoch):
    """In float64, from the formulas."""
    share = min(epoch / schedule.epochs, 1.0)
    way = {
        jr.Linear: share,
        jr.Cosine: (1 - np.cos(np.pi * share)) / 2,
        jr.Step: float(epoch >= schedule.epochs),
    }[type(schedule)]
    return schedule.start + (schedule.end - schedule.start) * way


@settings(deadline=None, max_examples=40)
@given(st.sampled_from(KINDS), RATE, RATE, st.integers(1, 50), st.integers(0, 60))
def test_values_are_those_of_the_formula_and_stay_between_the_ends(kind, start, end, epochs, epoch):
    schedule = kind(start, end, epochs)
    value = float(schedule.at(epoch))
    assert value == pytest.approx(expected(schedule, epoch), abs=1e-6)
    assert min(start, end) <= value <= max(start, end)
    if epoch >= epochs:
        assert value == end
    assert float(kind(start, start, epochs).at(epoch)) == start


def test_a_schedule_is_data():
    leaves, structure = jax.tree.flatten(jr.Dropout({"hidden": jr.Linear(0, 0.5, 20)}))
    assert leaves == [0, 0.5, 20]
    assert jax.tree.unflatten(structure, leaves) == jr.Dropout({"hidden": jr.Linear(0, 0.5, 20)})
    assert eval(repr(jr.L2(jr.Step(0, 0.1, 3))), vars(jr).copy()) == jr.L2(jr.Step(0, 0.1, 3))


def test_without_schedules_the_engine_sees_the_very_same_recipe():
    """The leaves themselves, so the program is what it was."""
    recipe = jax.tree.map(np.float32, jr.Dropout({"input": 0.1, "hidden": 0.4}) + jr.L2(0.1))
    settled = recipe.at(3)
    assert jax.tree.structure(settled) == jax.tree.structure(recipe)
    pairs = zip(jax.tree.leaves(settled), jax.tree.leaves(recipe), strict=True)
    assert all(a is b for a, b in pairs)


def run(recipes, rows, **options):
    settings = {"validation": rows, "seeds": 1, "epochs": 6, "batch_size": 20}
    return jr.compare(dense_net(), rows, recipes, **settings | options)


def losses(study, name):
    return study.curves.query("recipe == @name")[["train_loss", "val_loss", "penalty"]].to_numpy()


@pytest.fixture(scope="module")
def rows():
    X = np.random.default_rng(0).normal(size=(80, 5)).astype(np.float32)
    return X, (X.sum(axis=1) > 0).astype(int)


@pytest.fixture(scope="module")
def study(rows):
    def both(rate, strength):
        return jr.Dropout(rate) + jr.L2({"hidden": strength, "output": 0.01})

    return run(
        {
            "number": both(0.3, 0.02),
            "constant": both(jr.Linear(0.3, 0.3, 4), jr.Cosine(0.02, 0.02, 4)),
            "rises": both(jr.Linear(0, 0.5, 4), jr.Cosine(0, 0.1, 4)),
            "steps": both(jr.Step(0.3, 0, 3), jr.Step(0.02, 0, 3)),
        },
        rows,
    )


def test_a_constant_schedule_gives_the_numbers_of_the_constant(study):
    """Its values are the constant to the bit; the two programs agree up to rounding."""
    np.testing.assert_allclose(losses(study, "constant"), losses(study, "number"), rtol=1e-4)


def test_until_the_step_it_is_the_constant_and_then_it_is_not(study):
    steps, number = losses(study, "steps"), losses(study, "number")
    np.testing.assert_allclose(steps[:3], number[:3], rtol=1e-4)
    assert (abs(steps[3:] - number[3:]) > 1e-4).all(axis=0).any()


def test_other_starts_and_ends_do_not_recompile(rows, study):
    with Compilations() as compiled:
        again = run(
            {
                f"{rate}": jr.Dropout(jr.Linear(0.1, rate, 3))
                + jr.L2({"hidden": jr.Cosine(0.1, 0, epochs), "output": 0.1})
                for rate, epochs in ((0.2, 1), (0.4, 5), (0.6, 100))
            },
            rows,
        )
    assert compiled.count == 0
    assert len({tuple(losses(again, name).ravel()) for name in again.recipes}) == 3


def test_the_table_has_a_column_a_number_of_each_schedule(study):
    table = study.table.set_index("recipe")
    assert table.loc["rises", "Dropout.rate.linear.end"] == 0.5
    assert table.loc["rises", "L2.strength[hidden].cosine.epochs"] == 4
    assert table.loc["number", "Dropout.rate"] == 0.3
    assert np.isnan(table.loc["number", "Dropout.rate.linear.end"])


def test_the_penalty_that_is_logged_and_exported_is_that_of_the_epoch(study):
    model = study.model("rises", seed=0)
    weights = [model.get_layer(name).kernel.numpy() for name in ("hidden_0", "hidden_1")]
    hidden = 0.1 * sum(np.square(w).sum() for w in weights)
    output = 0.01 * np.square(model.get_layer("out").kernel.numpy()).sum()
    assert losses(study, "rises")[-1, 2] == pytest.approx(hidden + output, rel=1e-4)
    assert model.get_layer("hidden_0").kernel_regularizer.l2 == pytest.approx(0.1)
    (rate,) = {layer.rate for layer in model.layers if hasattr(layer, "rate")}
    assert rate == 0.5


def test_rows_on_disk_follow_the_schedule_too(rows, tmp_path):
    X = np.lib.format.open_memmap(tmp_path / "X.npy", "w+", np.float32, rows[0].shape)
    X[:] = rows[0]
    recipes = {"tight": jr.MaxNorm(jr.Step(3, 0.25, 2))}
    stored = (np.load(tmp_path / "X.npy", mmap_mode="r"), rows[1])
    for epochs, bound in ((2, 3), (3, 0.25)):
        norms = [
            np.linalg.norm(w.numpy(), axis=0).max()
            for w in run(recipes, stored, validation=rows, epochs=epochs).model("tight").weights
            if w.name == "kernel"
        ]
        assert max(norms) == pytest.approx(0.25, rel=1e-5) if bound == 0.25 else max(norms) > 0.5


def test_conversions_keep_the_schedule():
    assert jr.L2.from_pytorch(jr.Linear(0.2, 0.4, 5)) == jr.L2(jr.Linear(0.1, 0.2, 5))
    assert jr.L2({"hidden": jr.Step(1, 2, 5)}).to_pytorch().values == (jr.Step(2, 4, 5),)


# As text


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ("dropout=linear/0/0.5/20", jr.Dropout(jr.Linear(0, 0.5, 20))),
        ("l2=Cosine/1e-2/1e-4/50", jr.L2(jr.Cosine(1e-2, 1e-4, 50))),
        ("elastic_net=step/0/1e-3/5:1e-3", jr.ElasticNet(jr.Step(0, 1e-3, 5), 1e-3)),
    ],
)
def test_a_written_schedule_is_read_as_it_was(text, recipe):
    assert parse_recipe(text) == jr.Recipe(recipe)


def test_it_is_named_in_words():
    assert str(jr.Dropout(jr.Linear(0, 0.5, 20))) == "dropout 0 to 0.5 in 20 epochs (linear)"
    assert str(jr.L2(jr.Step(0.1, 0, 5))) == "L2 0.1, 0 after 5 epochs"


@pytest.mark.parametrize("text", ["linear/0/1", "linaer/0/1/5", "linear/0/x/5", "linear/0/1/2.5"])
def test_a_slip_in_a_written_schedule_is_told(text):
    with pytest.raises(jr.RecipeError, match=r"START|not a number|whole number of epochs"):
        parse_recipe(f"l2={text}")


# What is refused


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ends", [(0, 1), (-0.1, 0.5), (0.1, float("nan")), (0.1, "much"), (40, 0)])
def test_all_values_must_lie_within_the_limits(kind, ends):
    for rate in (kind(*ends, 5), {"hidden": kind(*ends, 5)}):
        with pytest.raises(jr.RecipeError, match="a drop probability is a number in"):
            jr.Dropout(rate)


@pytest.mark.parametrize("epochs", [0, -1, 2.5, True, "5", None])
def test_epochs_are_a_whole_number(epochs):
    with pytest.raises(jr.RecipeError, match="whole number of epochs, at least 1"):
        jr.Linear(0, 1, epochs)


def test_between_whole_numbers_and_from_infinity_there_is_only_a_step():
    for wrong in (
        lambda: jr.Cutout(jr.Linear(0, 8, 5)),
        lambda: jr.MaxNorm(jr.Cosine(np.inf, 3, 5)),
    ):
        with pytest.raises(jr.RecipeError, match="Use Step"):
            wrong()
    assert jr.Cutout(jr.Step(0, 8, 5)).size.end == 8
    assert jr.MaxNorm(jr.Step(np.inf, 3, 5)).max_norm.at(0) == np.inf


@pytest.mark.parametrize(
    "make",
    [
        jr.EarlyStopping,
        jr.SWA,
        jr.EMA,
        lambda it: jr.Lookahead(it, 0.5),
        lambda it: jr.WarmRestarts(it, 2),
        lambda it: jr.WarmRestarts(10, it),
    ],
    ids=["patience", "start_epoch", "decay", "k", "period", "multiplier"],
)
def test_what_holds_for_a_whole_training_takes_no_schedule(make):
    with pytest.raises(jr.RecipeError, match=r"takes no schedule\. Give a"):
        make(jr.Step(1, 2, 5))

"""A search is reproducible, keeps its budget, goes on where it was, and says what it found."""

import json
import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import justright as jr
from conftest import dense_net, signs
from justright.evidence.measure import Measure
from justright.experiments import hunt
from justright.experiments.budget import Budget, budget_of
from justright.experiments.choice import (
    FINALS_SHARE,
    TRAININGS_A_SEED,
    chosen,
    finalists,
    finals_for,
    in_order,
    promoted,
)
from justright.experiments.ranges import WIDTHS
from justright.experiments.record import Looks, Record, Scale, forget_curves
from justright.report.search import finalists_table, search_words

SPACE = {
    "Dropout": None,
    "L2": None,
    "EarlyStopping.patience": (2, 6),
    "learning_rate": (1e-3, 3e-2),
}
ACCURACY = Measure("accuracy", True)
BY_METRIC, BY_LOSS = Scale(ACCURACY, "metric"), Scale(ACCURACY, "loss")


def search(budget=40, rows=None, **options):
    train, validation = rows or (signs(0, 80), signs(1, 60))
    given = {"space": SPACE, "epochs": 8, "test": signs(2, 60), "seeds": 3}
    return jr.search(dense_net(), train, validation=validation, budget=budget, **given | options)


@pytest.fixture(scope="module")
def found():
    return search()


def plain(records):
    """Records without NaN, which is unequal to itself, and what only a page shows."""
    return json.dumps([vars(replace(one, shown=None)) for one in records], default=str)


def test_the_same_seed_is_the_same_search(found):
    assert plain(search().records) == plain(found.records)
    other = search(seed=7)
    assert plain(other.records) != plain(found.records)
    assert {one.seed for one in other.explored} == {7}


def test_the_budget_is_kept_and_finals_take_their_share_of_fresh_seeds(found):
    assert len(found.records) == 40
    assert 0 < len(found.finals) <= FINALS_SHARE * 40
    assert {one.seed for one in found.explored} == {0}
    assert {one.seed for one in found.finals} == {1, 2, 3}
    assert len(found.history) == 40
    assert found.validation.count == found.gap.count == 3


def test_of_very_many_trainings_the_best_keep_their_curves(found):
    one = found.explored[0]
    figures = [{**one.figures, "val_metric": i / 3000, "val_loss": 1.0} for i in range(2001)]
    many = [replace(one, figures=some) for some in figures]
    few, plain_one = [*many[:2000]], replace(many[0], point={})
    forget_curves(few, one.point, found.scale)
    assert all(r.shown for r in few)
    many.append(plain_one)
    forget_curves(many, {}, found.scale)
    assert [bool(r.shown) for r in many] == [False] * 1001 + [True] * 1000 + [True]


@given(st.integers(1, 3000), st.integers(0, 20))
def test_finals_fit_into_every_budget(budget, seeds):
    finals = finals_for(budget, seeds)
    assert finals.trainings <= FINALS_SHARE * budget
    assert finals.seeds <= seeds
    for before, after in zip(finals.rounds, finals.rounds[1:], strict=False):
        assert after.points <= before.points
        assert after.seeds >= before.seeds


def test_giving_up_changes_nothing_for_those_that_survive(found):
    whole = search(prune=False)
    assert not (whole.history["outcome"] == "pruned").any()
    ours = [one for one in found.explored if one.batch <= 1]
    theirs = [one for one in whole.explored if one.batch <= 1]
    assert any(one.outcome == "pruned" for one in ours)
    for a, b in zip(ours, theirs, strict=True):
        assert a.point == b.point
        if a.outcome == "pruned":
            assert a.epochs_run < b.epochs_run or b.outcome == "stopped"
            assert a.looks == b.looks[: len(a.looks)]
        else:
            assert plain([a]) == plain([b])


@pytest.mark.parametrize("ended", [1, 12, 17, 33, 40])
def test_a_search_that_broke_off_goes_on_as_if_it_had_not(found, tmp_path, ended):
    path = tmp_path / "history.json"
    found.save(path)
    content = json.loads(path.read_text())
    content["trainings"] = content["trainings"][:ended]
    path.write_text(json.dumps(content))
    again = search(history=path)
    assert plain(again.records) == plain(found.records)
    assert len(json.loads(path.read_text())["trainings"]) == 40


def test_more_budget_goes_on_exploring_where_it_was(found):
    more = found.resume(20)
    assert len(found.records) < len(more.records) <= 60
    assert plain(more.records[:40]) == plain(found.records)
    longer = search(budget=60)
    both = min(len(more.explored), len(longer.explored))
    assert both > len(found.explored)
    assert plain(more.explored[:both]) == plain(longer.explored[:both])


def test_the_history_is_strict_json_and_of_one_search(found, tmp_path):
    path = tmp_path / "history.json"
    found.save(path)

    def refuse(constant):
        raise AssertionError(constant)

    json.loads(path.read_text(), parse_constant=refuse)
    for options in ({"rows": (signs(5, 80), signs(1, 60))}, {"epochs": 9}, {"space": ["L2"]}):
        with pytest.raises(jr.DataError, match="of another search"):
            search(history=path, **options)
    path.write_text("{}")
    with pytest.raises(jr.DataError, match="no history of a search"):
        search(history=path)
    with pytest.raises(jr.DataError, match="Name a file"):
        search(history=tmp_path)


def test_the_refit_trains_on_all_rows_for_the_epochs_that_were_chosen(found):
    study = found.refit(seeds=2)
    assert study.task.rows.train.shape == (1, 140)
    assert study.recipes == ("chosen",)
    assert "EarlyStopping.patience" not in study.table
    assert (study.table["epochs_run"] == found.epochs).all()
    X = signs(2, 60)[0]
    model = found.model()
    np.testing.assert_allclose(model(X), found.refit().model("chosen")(X), rtol=1e-5)
    judged = [one for one in found.finals if one.point == found.point]
    if "EarlyStopping.patience" in found.point:
        assert found.epochs == round(np.median([one.chosen_epoch for one in judged]))
    else:
        assert found.epochs == 8


def test_what_is_said_is_what_was_found(found):
    said = found.summary()
    assert str(found.recipe) in said
    assert ACCURACY.show(found.validation.mean) in said
    assert ACCURACY.show(found.test.mean) in said
    assert f"{len(found.explored)} trainings explored" in said
    row = found.finalists[found.finalists["chosen"]].iloc[0]
    assert row["validation"] == pytest.approx(found.validation.mean)
    assert finalists_table(found.finalists, found.measure).row_count == len(found.finalists)
    if not math.isnan(found.optimism):
        first = next(one for one in found.explored if one.point == found.point)
        by = first.figures["val_metric"] - found.validation.mean
        assert found.optimism == pytest.approx(by)
        assert ACCURACY.show_difference(abs(by)) in said
    figure = found.plot()
    assert figure.axes[0].get_xlabel() == "training"


def test_test_rows_have_no_part_in_the_search(found):
    other = search(test=signs(9, 60))
    assert [one.point for one in other.records] == [one.point for one in found.records]
    assert other.point == found.point
    assert other.test.mean != found.test.mean
    without = search(test=None)
    assert "only rows given as test would judge it" in without.summary()
    assert without.verdict is None or without.verdict.column == "val_metric"


def test_sizes_are_chosen_where_no_model_is_given():
    X, y = signs(0, 90)
    target = X.sum(axis=1).astype(np.float64) + 0.1 * y
    spec = {"width": [4, 8], "depth": [1, 2], "L2": None}
    one = jr.search(None, (X, target), space=spec, budget=20, epochs=3, seeds=2)
    assert one.hidden in {(4,), (8,), (4, 4), (8, 4)}
    assert len({r.point["width"] for r in one.explored}) == 2
    assert one.refit().model("chosen").layers[0].units == one.hidden[0]
    assert "mean absolute error" in one.summary()
    assert " → ".join(map(str, (5, *one.hidden, 1))) in one.summary()
    assert one.finalists["network"].str.len().gt(0).all()


def test_splits_take_turns_in_the_finals():
    one = search(budget=30, rows=(signs(0, 80), 0.25), splits=3)
    assert {r.split for r in one.explored} == {0}
    assert {(r.seed, r.split) for r in one.finals} == {(1, 0), (2, 1), (3, 2)}


@pytest.mark.parametrize(
    ("apart", "said"),
    [
        (True, "on rows that had no part in any choice."),
        (False, "on rows that other splits choose by."),
    ],
)
def test_test_rows_that_other_splits_choose_by_are_said_to_be_such(found, apart, said):
    assert found.facts.test_apart
    assert said in search_words(replace(found.facts, test_apart=apart))


def test_a_space_without_more_points_ends_the_exploration():
    one = search(space=["SkipConnections"], budget=60, seeds=2, prune=False)
    assert len(one.explored) == 2
    assert len(one.records) < 60


def test_samplers_may_be_optunas_own():
    import optuna

    one = search(budget=20, sampler=lambda seed: optuna.samplers.QMCSampler(seed=seed))
    assert len(one.records) == 20
    with pytest.raises(jr.DataError, match="Did you mean random"):
        search(sampler="randon")


def test_a_time_is_kept_between_batches():
    one = search(budget="0.01s", prune=False)
    assert 0 < len(one.explored) <= 12
    assert len(one.resume("0.01s").explored) > len(one.explored)


@pytest.mark.parametrize(("seeds", "batches"), [(2, 3), (0, 4)])
def test_exploring_ends_when_its_share_of_the_time_has_passed(monkeypatch, seeds, batches):
    class Ticking:
        """A second passes between any two looks."""

        now = -1

        @property
        def seconds(self):
            self.now += 1
            return self.now

    monkeypatch.setattr(hunt, "Clock", Ticking)
    one = search(budget="4s", seeds=seeds, epochs=2)
    # Looks at 0, 1, 2 seconds are before 65 % of 4; without fresh seeds the look at 3 is, too.
    assert {record.batch for record in one.explored} == set(range(batches))


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (200, Budget(200, None)),
        ("200", Budget(200, None)),
        (np.int64(3), Budget(3, None)),
        ("60s", Budget(None, 60)),
        ("1.5m", Budget(None, 90)),
        ("1h", Budget(None, 3600)),
    ],
)
def test_budgets_are_read(given, meant):
    assert budget_of(given) == meant


@pytest.mark.parametrize("given", [0, -1, 1.5, True, None, "", "0s", "ten", "10 parsecs", "-5"])
def test_what_is_no_budget_is_refused(given):
    with pytest.raises(jr.DataError, match="give a number of trainings"):
        budget_of(given)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"choose": "gap"}, jr.DataError, "smallest gap"),
        ({"objective": "f1"}, jr.DataError, "Known: both, metric, loss"),
        ({"seeds": -1}, jr.DataError, "seeds=-1"),
        ({"seed": -1}, jr.DataError, "seed=-1"),
        ({"start": [{"L1.strength": 1}]}, jr.RecipeError, "not in the space"),
        ({"space": {"width": [8]}}, jr.RecipeError, "the model is given"),
        ({"space": {"Dropout.rate[stem]": (0.1, 0.5)}}, jr.RecipeError, "'stem'"),
        ({"budget": "soon"}, jr.DataError, "budget='soon'"),
    ],
)
def test_faults_are_said_before_anything_trains(options, error, said):
    with pytest.raises(error, match=said):
        search(**options)


def test_a_search_in_which_all_fails_says_so():
    one = search(space={"learning_rate": (1e30, 1e35)}, budget=20, start=[])
    assert set(one.history["outcome"]) == {"failed"}
    with pytest.raises(jr.DataError, match="smaller learning rates"):
        one.summary()


def record(value, gap=0.0, stage="final", name=0.0, outcome="finished", looks=()):
    figures = {"train_metric": value + gap, "val_metric": value, "val_loss": 1 - value}
    figures["train_loss"] = figures["val_loss"] - gap
    return Record(stage, 0, {"L2.strength": name}, 0, 0, outcome, 8, 8, figures, looks)


def test_the_smallest_gap_is_chosen_among_what_is_as_good_as_the_best():
    best = [record(v, 0.2, name=1.0) for v in (0.88, 0.90, 0.92)]  # Error 0.0115.
    near = [record(v, 0.1, name=2.0) for v in (0.89, 0.89, 0.89)]
    far = [record(v, 0.0, name=3.0) for v in (0.88, 0.88, 0.88)]
    finals = [*best, *near, *far]
    assert chosen([], finals, BY_METRIC, "best")["L2.strength"] == 1.0
    assert chosen([], finals, BY_METRIC, "smallest gap")["L2.strength"] == 2.0
    assert chosen([], finals, BY_LOSS, "smallest gap")["L2.strength"] == 2.0
    # An error of √(1/3 + 1) deviations, 0.023, has room for the third.
    assert chosen([], finals, BY_METRIC, "smallest gap", ratio=1.0)["L2.strength"] == 3.0


def test_where_gaps_count_a_small_one_of_the_better_half_gets_more_seeds():
    figures = {1.0: (0.93, 0.2), 2.0: (0.92, 0.15), 3.0: (0.91, 0.05), 4.0: (0.90, 0.0)}
    finals = [record(value, gap, name=name) for name, (value, gap) in figures.items()]
    for wish, expected in (("best", [1.0, 2.0]), ("smallest gap", [1.0, 2.0])):
        assert [p["L2.strength"] for p in promoted(finals, BY_METRIC, wish, 2)] == expected
    five = [*finals, record(0.89, 0.0, name=5.0)]  # The better half of five are three.
    assert [p["L2.strength"] for p in promoted(five, BY_METRIC, "best", 2)] == [1.0, 2.0]
    assert [p["L2.strength"] for p in promoted(five, BY_METRIC, "smallest gap", 2)] == [1.0, 3.0]


def test_the_choice_rests_on_fresh_seeds_and_not_on_what_was_explored():
    explored = [record(0.99, stage="explore", name=1.0), record(0.9, stage="explore", name=2.0)]
    finals = [record(0.8, name=1.0), record(0.85, name=2.0)]
    assert chosen(explored, finals, BY_METRIC, "best")["L2.strength"] == 2.0
    assert chosen(explored, [], BY_METRIC, "best")["L2.strength"] == 1.0
    assert chosen([record(0.5, outcome="failed")], [], BY_METRIC, "best") is None


def test_the_order_that_samplers_learn_is_ended_then_given_up_then_failed():
    records = [
        record(0.5, outcome="failed", name=0.0),
        record(0.9, outcome="pruned", name=1.0, looks=(-0.5, -0.9)),
        record(0.9, outcome="pruned", name=2.0, looks=(-0.9,)),
        record(0.6, name=3.0),
        record(0.7, name=4.0),
    ]
    order = [one.point["L2.strength"] for one in in_order(records, BY_METRIC, "best")]
    assert order == [4.0, 3.0, 1.0, 2.0, 0.0]
    gaps = [record(0.9 - 0.001 * i, 0.1 - 0.01 * i, name=float(i)) for i in range(8)]
    order = [one.point["L2.strength"] for one in in_order(gaps, BY_METRIC, "smallest gap")]
    assert order == [1.0, 0.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]
    assert [p["L2.strength"] for p in finalists(gaps, BY_METRIC, "smallest gap", 2)] == [0.0, 1.0]


def test_equal_accuracies_are_told_apart_by_their_loss_and_by_nothing_larger():
    assert BY_METRIC.score(0.3, 0.9) < BY_METRIC.score(0.4, 0.9)
    assert BY_METRIC.score(9.0, 0.9) < BY_METRIC.score(0.1, 0.9 - 1 / 10_000)


def test_metric_and_loss_count_alike_in_units_of_their_spread():
    records = [record(v) for v in (0.7, 0.8, 0.9)]  # Losses 0.3, 0.2, 0.1.
    scale = Scale(ACCURACY, "both").fitted(records)
    assert scale.units == pytest.approx((0.1, 0.1))
    assert scale.score(0.1, 0.8) == pytest.approx(scale.score(0.2, 0.9), abs=1e-4)
    assert scale.score(0.1, 0.8) < scale.score(0.1, 0.79)
    assert Scale(ACCURACY, "both").score(0.9, 0.8) < Scale(ACCURACY, "both").score(0.1, 0.79)
    same = Scale(ACCURACY, "both").fitted(records[:1])
    assert same.score(0.3, 0.7) < same.score(0.1, 0.6)


def test_looks_are_the_best_so_far_at_fixed_epochs():
    curves = np.zeros((6, 5))
    curves[:, 1] = [5, 4, 6, 3, 7, 8]
    looks = Looks(BY_LOSS, 2, 8)
    assert looks.of(curves) == (4, 3, 3)
    assert looks.of(curves[:5]) == (4, 3)
    assert looks.of(curves[:3], ended=True) == (4, 4, 4)


def test_the_lesson_size_dropout_l2_and_early_stopping_make_the_gap_small():
    """The lessons' challenge: the smallest gap while validation accuracy stays high."""
    techniques = dict.fromkeys(["Dropout", "L2", "EarlyStopping"])
    found = jr.lesson(
        "challenge",
        space={"width": [16, 128], "depth": [1, 2], **techniques},
        budget=40,
        epochs=40,
    )
    table = found.finalists.set_index("recipe")
    plain = table.loc["no regularization"]
    assert found.hidden is not None
    assert found.gap.mean < plain["gap"] - 0.01
    assert found.validation.mean > plain["validation"] - 0.01
    assert "for its gap" in found.summary()


def test_the_command_line_says_what_it_found_and_goes_on(tmp_path, monkeypatch, capsys):
    from justright.cli.main import run

    monkeypatch.chdir(tmp_path)
    rows = np.column_stack([*signs(0, 120)[0].T, signs(0, 120)[1]])
    head = ",".join([*"abcde", "target"])
    np.savetxt("rows.csv", rows, delimiter=",", header=head, comments="", fmt="%g")
    dense_net().save("net.keras")
    common = ["search", "--data", "rows.csv", "--model", "net.keras", "--space", "dropout,l2"]
    common += ["--epochs", "4", "--seeds", "2", "--history", "h.json", "--batch-size", "32"]
    assert run([*common, "--budget", "20", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["history"]) == 20
    assert told["summary"]
    assert run([*common, "--budget", "24", "--save", "best.keras", "--save", "all.csv"]) == 0
    said = capsys.readouterr().out
    assert "Chosen" in said
    assert max(map(len, said.splitlines())) <= 80
    assert 20 < len(json.loads((tmp_path / "h.json").read_text())["trainings"]) <= 24
    assert (tmp_path / "best.keras").exists()
    written = pd.read_csv(tmp_path / "all.csv")
    assert len(written) == len(json.loads((tmp_path / "h.json").read_text())["trainings"])
    assert (tmp_path / "search.png").stat().st_size > 5000
    assert run(["search", "--save", "best.h5"]) == 1
    assert "name a file in a folder that exists" in capsys.readouterr().err.replace("\n", " ")


def test_rows_that_are_read_anew_are_searched_and_nothing_is_given_up(tmp_path):
    X, y = signs(0, 80)
    np.save(tmp_path / "X.npy", X)
    np.save(tmp_path / "y.npy", y)
    rows = tuple(np.load(tmp_path / f"{name}.npy", mmap_mode="r") for name in "Xy")
    one = search(budget=20, rows=(rows, signs(1, 60)), epochs=3)
    assert len(one.records) == 20
    assert "pruned" not in set(one.history["outcome"])
    with pytest.raises(jr.DataError, match="refit wants rows in memory"):
        one.refit()


def test_what_cannot_be_saved_is_said_before_the_search(tmp_path, capsys):
    from justright.cli.main import run

    pd.DataFrame(signs(0, 60)[0], columns=list("abcde")).to_parquet(tmp_path / "rows.parquet")
    data, model = str(tmp_path / "rows.parquet"), str(tmp_path / "best.keras")
    assert run(["search", "--data", data, "--save", model]) == 1
    assert "Leave --save out" in capsys.readouterr().err.replace("\n", " ")


def test_the_size_of_the_network_is_chosen_from_the_usual_where_it_is_but_named():
    found = jr.search(
        None,
        signs(0, 80),
        validation=signs(1, 60),
        space=["width", "learning_rate", jr.L2],
        budget=4,
        seeds=0,
        epochs=2,
        start=[{"width": 32}],
    )
    dimensions = {one.name: one for one in found.hunt.explorer.settings.space.dimensions}
    assert list(dimensions) == ["width", "learning_rate", "L2.strength"]
    assert list(dimensions["width"].options) == WIDTHS
    assert found.history["width"].isin(WIDTHS).all()


@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_so_many_trainings_as_are_named_pay_for_the_seeds(seeds):
    assert finals_for(TRAININGS_A_SEED * seeds, seeds).seeds == seeds
    assert finals_for(TRAININGS_A_SEED * seeds - 1, seeds).seeds < seeds


def test_fewer_fresh_seeds_than_were_asked_for_are_told(found):
    assert "instead of" not in found.summary()
    few = replace(found.facts, seeds=1, asked_seeds=2, seeds_cost=20)
    assert (
        "The finalists had 1 fresh seed instead of 2, which a budget of 20 trainings pays for."
        in search_words(few)
    )
    facts = search(budget=12, seeds=2).facts
    assert (facts.seeds, facts.asked_seeds) == (1, 2)


def test_a_search_has_its_table_by_the_name_of_a_studys(found):
    assert found.table is found.history


def test_without_fresh_seeds_the_words_say_so_and_nine_trainings_have_some():
    assert finals_for(8, 5).trainings == 0
    assert finals_for(9, 5).trainings > 0
    assert "No fresh seed was trained" in search(budget=6).summary()

"""Any table becomes numbers by what its training rows show, and by nothing else."""

import copy
import datetime
import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import justright as jr
from justright.data.preparation import prepared
from justright.data.smooth_scale import SmoothScaler
from justright.data.text_parts import TextParts
from justright.engine.rows import Split

ROWS = 60


def table(rows=ROWS, seed=0):
    """A column of each kind, with missing values among them."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(20, 80, rows).astype(float),
            "city": rng.choice(["Rome", "Oslo", "Bern"], rows).astype(object),
            "when": pd.date_range("2020-01-01", periods=rows, freq="5D").astype(str).astype(object),
            "member": rng.random(rows) > 0.5,
            "name": [f"{rng.choice(['ann', 'bob', 'eve'])} {i}" for i in range(rows)],
            "one": 1.0,
            "none": [None] * rows,
        }
    )
    frame.loc[3, "age"] = np.nan
    frame.loc[4:9, "city"] = None
    frame.loc[5, "when"] = None
    return frame


def prepare(**options):
    return jr.TablePreparation(**{"most_levels": 10, "text_parts": 3, "rarest": 1, **options})


@parametrize_with_checks([jr.TablePreparation()])
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_a_column_is_left_out_with_its_reason():
    frame = pd.DataFrame({"x": np.arange(6.0), "code": list("abcdef"), "one": 1, "none": None})
    fitted = jr.TablePreparation(rarest=2).fit(frame)
    assert fitted.left_out_ == {
        "code": "no level has 2 rows",
        "one": "constant",
        "none": "all missing",
    }


def test_each_kind_of_column_becomes_the_columns_that_are_named():
    fitted = prepare().fit(table())
    assert fitted.kinds_ == {
        "age": "number",
        "city": "category",
        "when": "date",
        "member": "number",
        "name": "text",
        "one": "number",
        "none": "nothing",
    }
    names = list(fitted.get_feature_names_out())
    assert [name for name in names if name.startswith("city")] == [
        "city=Bern",
        "city=Oslo",
        "city=Rome",
        "city missing",
    ]
    assert {"age", "age missing", "when days", "when year sine", "when missing"} <= set(names)
    assert [name for name in names if name.startswith("name")] == [
        f"name part {i}" for i in (1, 2, 3)
    ]
    assert fitted.left_out_ == {"one": "constant", "none": "all missing"}
    rows = fitted.transform(table())
    assert rows.dtype == np.float32
    assert rows.shape == (ROWS, len(names))
    assert np.isfinite(rows).all()


def test_what_became_of_the_columns_is_said():
    assert prepare().fit(table()).in_words() == (
        "2 numbers, 1 category, 1 text (name) and 1 date become 16 inputs. "
        "Left out: one (constant), none (all missing)."
    )


def test_numbers_are_standardized_and_a_gap_is_the_median():
    rng = np.random.default_rng(0)
    x = rng.normal(5, 2, 1000)
    gappy = np.where(np.arange(1000) == 7, np.nan, x)
    rows = prepare().fit(pd.DataFrame({"x": gappy})).transform(pd.DataFrame({"x": gappy}))
    filled = np.where(np.isnan(gappy), np.nanmedian(gappy), gappy)
    z = (filled - filled.mean()) / filled.std()
    np.testing.assert_allclose(rows[:, 0], z / np.sqrt(1 + (z / 3) ** 2), atol=1e-4)
    np.testing.assert_array_equal(rows[:, 1], np.isnan(gappy))


@settings(deadline=None, max_examples=30)
@given(st.floats(1e3, 1e12), st.integers(0, 4))
def test_one_absurd_value_does_not_make_the_others_alike(value, seed):
    x = np.random.default_rng(seed).normal(size=(200, 1))
    x[0] = value
    scaled = SmoothScaler().fit(x).transform(x)
    assert np.abs(scaled).max() <= 3
    assert scaled[1:].std() > 0.3


def test_parts_of_a_date_are_those_of_the_calendar():
    days = [datetime.datetime(2021, 1, 4, 6), datetime.datetime(2021, 7, 6, 18)] * 5
    frame = pd.DataFrame({"when": days})
    fitted = prepare().fit(frame)
    names = list(fitted.get_feature_names_out())
    first, second = fitted.transform(frame)[:2]
    raw = {name: i for i, name in enumerate(names)}
    # Both are bent by the scale, which keeps the order: a Monday, 6 o'clock, in January first.
    assert first[raw["when days"]] < second[raw["when days"]]
    assert first[raw["when week sine"]] < second[raw["when week sine"]]
    assert first[raw["when day sine"]] > 0 > second[raw["when day sine"]]
    assert "when day cosine" not in names or first[raw["when day cosine"]] != 0


@pytest.mark.parametrize(
    "dates",
    [
        pd.date_range("2020-01-01", periods=20, tz="Europe/Oslo"),
        pd.date_range("2020-01-01", periods=20).astype(str),
        pd.date_range("2020-01-01", periods=20).strftime("%Y/%m/%d"),
        pd.period_range("2020-01", periods=20, freq="M"),
        [datetime.date(2020, 1, 1 + i) for i in range(20)],
    ],
    ids=["with a zone", "text", "slashes", "periods", "objects"],
)
def test_dates_are_dates_however_they_come(dates):
    fitted = prepare().fit(pd.DataFrame({"when": dates, "x": np.arange(20)}))
    assert fitted.kinds_["when"] == "date"
    days = fitted.transform(pd.DataFrame({"when": dates, "x": np.arange(20)}))[:, 1]
    assert (np.diff(days) > 0).all()


@pytest.mark.parametrize(
    ("form", "order"),
    [
        ("%d.%m.%Y", "day first"),
        ("%d/%m/%Y %H:%M", "day first"),
        ("%m/%d/%Y", "month first"),
        ("%m-%d-%Y", "month first"),
    ],
)
def test_dates_whose_year_stands_last_are_those_with_the_year_first(form, order):
    days = pd.date_range("2020-01-05", periods=40, freq="31h")
    text = pd.DataFrame({"when": days.strftime(form)})
    unread = days.normalize() if "%H" not in form else days.floor("min")
    known = prepare().fit(pd.DataFrame({"when": unread}))
    fitted = prepare().fit(text)
    np.testing.assert_allclose(
        fitted.transform(text), known.transform(pd.DataFrame({"when": unread}))
    )
    assert f"1 date (when: {order})" in fitted.in_words()
    # In prediction the order is that of the training rows, however few there are.
    one = fitted.transform(text.iloc[[3]])
    np.testing.assert_array_equal(one, fitted.transform(text)[[3]])


def test_dates_whose_order_is_unclear_are_not_guessed():
    few = pd.DataFrame({"when": ["03/04/2020", "05/06/2020"] * 10})
    assert prepare().fit(few).kinds_["when"] == "category"
    dots = pd.DataFrame({"when": ["03.04.2020", "05.06.2020"] * 10})
    assert prepare().fit(dots).kinds_["when"] == "date"
    both = pd.DataFrame({"when": ["13.04.2020", "05.16.2020"] * 10})
    assert prepare().fit(both).kinds_["when"] == "category"


def test_text_that_is_no_date_everywhere_is_a_category():
    frame = pd.DataFrame({"when": ["2020-01-01", "2020-13-45"] * 10})
    assert prepare().fit(frame).kinds_["when"] == "category"


def test_rare_levels_share_a_column_and_unknown_ones_join_them():
    frame = pd.DataFrame({"city": ["Rome"] * 10 + ["Oslo"] * 8 + ["Bern", "Kiel"]})
    fitted = prepare(rarest=5).fit(frame)
    assert list(fitted.get_feature_names_out()) == ["city=Oslo", "city=Rome", "city rare"]
    asked = pd.DataFrame({"city": ["Bern", "Lima", "Rome"]})
    assert fitted.transform(asked).tolist() == [[0, 0, 1], [0, 0, 1], [0, 1, 0]]


def test_an_unknown_level_without_rare_ones_is_zero_throughout():
    fitted = prepare().fit(pd.DataFrame({"city": ["Rome", "Oslo"] * 9}))
    assert fitted.transform(pd.DataFrame({"city": ["Lima"]})).tolist() == [[0, 0]]


def test_numbers_are_categories_where_that_is_asked_for():
    codes = pd.DataFrame({"code": [1, 2, 3, 2] * 5})
    assert list(prepare().fit(codes).get_feature_names_out()) == ["code"]
    named = prepare(categories=["code"]).fit(codes)
    assert list(named.get_feature_names_out()) == ["code=1", "code=2", "code=3"]
    # Missing values make floats of integers, and the levels stay the same.
    with_gap = pd.DataFrame({"code": [1.0, np.nan]})
    np.testing.assert_array_equal(named.transform(with_gap), [[1, 0, 0], [0, 0, 0]])


def test_a_level_that_is_called_rare_or_missing_has_a_column_of_its_own():
    frame = pd.DataFrame({"x": ["rare", "missing", None, "b"] * 5 + ["c"]})
    names = list(prepare(rarest=2).fit(frame).get_feature_names_out())
    assert len(set(names)) == len(names) == 5
    assert {"x=rare", "x rare", "x=missing", "x missing"} <= set(names)


def test_text_that_looks_alike_is_near():
    words = np.array(["apple pie", "apple pies", "green tea"] * 10, dtype=object)
    a, b, c = TextParts(2).fit(words).transform(words[:3])
    assert np.linalg.norm(a - b) < np.linalg.norm(a - c) / 2


# Nothing but training rows

CELLS = {
    "age": st.floats(-1e6, 1e6) | st.none(),
    "city": st.sampled_from(["Rome", "Oslo", "Lima", "", None]),
    "when": st.sampled_from(["2020-02-03", "1999-12-31 12:30", None]),
    "member": st.booleans(),
    "name": st.text(max_size=5) | st.none(),
    "one": st.floats(-3, 3),
    "none": st.none() | st.just("something"),
}
SPLIT = Split(np.arange(40), np.arange(40, 43), np.arange(43, 45))
HELD_OUT = st.lists(st.fixed_dictionaries(CELLS), min_size=5, max_size=5)


@pytest.fixture(scope="module")
def undisturbed():
    """The preprocessing of 40 training rows, with copies of some of them held out."""
    train = table(40).astype(object)
    X = pd.concat([train, train.head(5)], ignore_index=True)
    (rows,), (fitted,) = prepared(X, np.zeros(45), [SPLIT], prepare())
    return rows, fitted


@settings(deadline=None, max_examples=12)
@given(held=HELD_OUT)
def test_held_out_rows_change_nothing_of_the_preprocessing(undisturbed, held):
    train = table(40)
    others = pd.DataFrame(held, columns=list(train.columns), dtype=object)
    X = pd.concat([train.astype(object), others], ignore_index=True)
    (rows,), (fitted,) = prepared(X, np.zeros(45), [SPLIT], prepare())
    expected, same = undisturbed
    assert list(fitted.get_feature_names_out()) == list(same.get_feature_names_out())
    np.testing.assert_array_equal(rows[:40], expected[:40])
    np.testing.assert_array_equal(fitted.transform(train), same.transform(train))


def test_targets_are_never_looked_at():
    y = np.arange(ROWS) % 2
    a = prepare().fit(table(), y).transform(table())
    np.testing.assert_array_equal(a, prepare().fit(table(), 1 - y).transform(table()))


def test_splits_with_other_levels_have_the_columns_of_all_and_numbers_of_their_own():
    X = pd.DataFrame({"x": np.arange(30.0), "city": ["Rome"] * 10 + ["Oslo"] * 10 + ["Bern"] * 10})
    parts = np.split(np.arange(30), 3)
    splits = [
        Split(np.concatenate([parts[i], parts[j]]), parts[k], np.arange(0))
        for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    ]
    rows, fitted = prepared(X, np.zeros(30), splits, prepare())
    names = [list(one.get_feature_names_out()) for one in fitted]
    assert names[0] == names[1] == names[2]
    assert set(names[0]) == {"x", "city=Rome", "city=Oslo", "city=Bern"}
    for split, block in zip(splits, rows, strict=True):
        alone = prepare().fit(X.iloc[split.train])
        own = [names[0].index(name) for name in alone.get_feature_names_out()]
        everything = X.iloc[np.concatenate([split.train, split.validation])]
        np.testing.assert_array_equal(block[:, own], alone.transform(everything))
        assert not np.delete(block, own, axis=1).any()


# As a scikit-learn transformer


def test_it_is_cloned_kept_and_put_into_a_pipeline():
    frame, y = table(), np.arange(ROWS) % 2
    fitted = prepare().fit(frame)
    assert clone(fitted).get_params() == fitted.get_params()
    for kept in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        np.testing.assert_array_equal(kept.transform(frame), fitted.transform(frame))
    assert len(make_pipeline(prepare(), LogisticRegression()).fit(frame, y).predict(frame)) == ROWS
    as_frame = prepare().set_output(transform="pandas").fit(frame).transform(frame)
    assert list(as_frame.columns) == list(fitted.get_feature_names_out())


def test_columns_are_found_by_name():
    fitted = prepare().fit(table())
    turned = table()[list(table().columns)[::-1]].assign(further="new")
    np.testing.assert_array_equal(fitted.transform(turned), fitted.transform(table()))


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_frames_of_other_libraries_give_the_same(library):
    other = pytest.importorskip(library)
    frame = table().drop(columns="none")
    make = other.from_pandas if library == "polars" else other.Table.from_pandas
    expected = prepare().fit(frame).transform(frame)
    given = make(frame)
    np.testing.assert_allclose(prepare().fit(given).transform(given), expected, atol=1e-6)


def test_polars_without_pyarrow_gives_the_same(monkeypatch):
    polars = pytest.importorskip("polars")
    frame = table().drop(columns="none")
    given = polars.from_pandas(frame)

    def refuse(self, **options):
        raise ImportError("no pyarrow")

    monkeypatch.setattr(type(given), "to_pandas", refuse)
    expected = prepare().fit(frame).transform(frame)
    np.testing.assert_allclose(prepare().fit(given).transform(given), expected, atol=1e-6)


def test_types_of_pandas_that_know_missing_values_are_taken():
    frame = pd.DataFrame(
        {
            "count": pd.array([1, None, 3] * 5, dtype="Int64"),
            "flag": pd.array([True, None, False] * 5, dtype="boolean"),
            "text": pd.array(["a", None, "b"] * 5, dtype="string"),
            "kind": pd.Categorical([1, 2, None] * 5),
            "span": pd.to_timedelta([1, 2, 3] * 5, unit="D"),
        }
    )
    fitted = prepare().fit(frame)
    assert list(fitted.kinds_.values()) == ["number", "number", "category", "category", "number"]
    assert np.isfinite(fitted.transform(frame)).all()


def test_ten_thousand_columns_and_two_hundred_levels():
    rng = np.random.default_rng(0)
    wide = pd.DataFrame(rng.normal(size=(20, 10_000)))
    assert prepare().fit(wide).transform(wide).shape == (20, 10_000)
    many = pd.DataFrame({"code": [f"c{i % 200}" for i in range(2000)]})
    assert jr.TablePreparation(most_levels=200).fit(many).transform(many).sum() == 2000


def spoilt(column, value, row=3):
    frame = table().astype(object)
    frame.loc[row, column] = value
    return frame


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (spoilt("age", np.inf), ["'age'", "infinity", "row 3"]),
        (spoilt("age", 1e200), ["'age'", "too large"]),
        (spoilt("city", [1, 2]), ["'city'", "a list"]),
        (table().assign(age=1j), ["'age'", "complex"]),
        (pd.DataFrame({"x": [1, 1, 1], "y": [None] * 3}), ["Nothing is left", "constant"]),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), ["two columns 'a'"]),
        (np.zeros(3), ["(3,)", "reshape"]),
    ],
    ids=["infinity", "large", "list", "complex", "nothing left", "twice", "1-D"],
)
def test_tables_that_cannot_be_prepared_are_refused(frame, words):
    with pytest.raises(jr.DataError) as caught:
        prepare().fit(frame)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (table().drop(columns="city"), ["lacks the column 'city'"]),
        (spoilt("age", "old"), ["'age'", "'old'", "row 3", "held numbers"]),
    ],
    ids=["a column less", "text among numbers"],
)
def test_rows_unlike_those_of_the_fit_are_refused(frame, words):
    with pytest.raises(jr.DataError) as caught:
        prepare().fit(table()).transform(frame)
    assert [word for word in words if word not in str(caught.value)] == []


WORDS = ["patient", "came", "back", "with", "pain", "left", "knee", "right", "arm", "fever", "or"]


def few(rows=40, seed=0):
    """A table of few rows: free text, a code that names rows, a rare level, and a number."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "comment": [" ".join(rng.choice(WORDS, rng.integers(3, 9))) for _ in range(rows)],
            "pid": [f"P-{i:04d}" for i in rng.permutation(5000)[:rows]],
            "drug": [f"drug {i % (rows // 2)}" for i in range(rows)],
            "dose": rng.normal(size=rows),
        }
    )


@pytest.mark.parametrize("rows", [12, 40, 64, 65, 300])
def test_kinds_of_columns_do_not_turn_with_the_number_of_rows(rows):
    fitted = jr.TablePreparation(rarest=2).fit(few(rows))
    assert {name: fitted.kinds_[name] for name in ("comment", "pid", "dose")} == {
        "comment": "text",
        "pid": "name",
        "dose": "number",
    }
    assert list(fitted.left_out_) == ["pid"]
    said = fitted.in_words()
    assert "comment" in said
    assert "pid (names rows, another one in each)" in said
    assert "--text pid" in said


def test_what_columns_hold_can_be_said():
    table = few()
    plain = jr.TablePreparation().fit(table)
    assert plain.left_out_["drug"] == "no level has 5 rows"
    fitted = jr.TablePreparation(categories=["drug"], texts=["pid"]).fit(table)
    assert (fitted.kinds_["drug"], fitted.kinds_["pid"], fitted.left_out_) == (
        "category",
        "text",
        {},
    )
    names = list(fitted.get_feature_names_out())
    assert [one for one in names if one.startswith("drug=")] == [
        f"drug={level}" for level in sorted(table["drug"].unique())
    ]
    once = fitted.transform(table)[:, [one.startswith("drug=") for one in names]]
    np.testing.assert_array_equal(once.sum(axis=1), 1)
    both = jr.TablePreparation(categories=["drug"], texts=["drug"])
    with pytest.raises(jr.DataError, match="both name 'drug'"):
        both.fit(table)
    with pytest.raises(jr.DataError, match=r"texts names 'durg'.*Did you mean drug"):
        jr.TablePreparation(texts=["durg"]).fit(table)


@pytest.mark.parametrize(
    ("values", "doubted"),
    [
        pytest.param(np.arange(40), True, id="in order"),
        pytest.param(np.random.default_rng(0).permutation(40) + 1000, True, id="in any order"),
        pytest.param(np.random.default_rng(0).integers(0, 60, 40), False, id="numbers that repeat"),
        pytest.param(np.random.default_rng(0).integers(0, 10**9, 40), False, id="a wide range"),
        pytest.param(np.random.default_rng(0).normal(size=40), False, id="not whole"),
    ],
)
def test_whole_numbers_that_name_rows_are_told(values, doubted):
    table = pd.DataFrame({"x": values, "z": np.sin(values), "y": [0, 1] * 20})
    recipes = {"plain": jr.Recipe()}
    for rows, more in ((table, {"target": "y"}), ((table[["x", "z"]], table["y"]), {})):
        study = jr.compare((2,), rows, recipes, seeds=1, epochs=1, progress=False, **more)
        assert any("'x'" in one and "leave it out" in one for one in study.notes) == doubted


def test_a_category_that_is_no_column_is_refused():
    with pytest.raises(jr.DataError, match=r"'citty'.*Did you mean city"):
        prepare(categories=["citty"]).fit(table())

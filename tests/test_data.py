"""Data: what is held out, what is standardised, what is read from a file, what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

import justright as jr
from justright.data.arrays import checked_inputs, checked_targets
from justright.data.examples import standardized
from justright.data.holdout import hold_out
from justright.data.read import read_dataset


def attempt(function, *arguments):
    """What a function returns, or None and the message of justright's refusal."""
    try:
        return function(*arguments), ""
    except jr.DataError as error:
        return None, str(error)


# Examples


def test_the_example_is_scikit_learns_divided_by_class_and_standardized():
    X, y = load_breast_cancer(return_X_y=True)
    held_out, train = hold_out(y, 80, "training rows")
    halves = hold_out(y[held_out], len(held_out) // 2 + 1, "test rows")
    parts = train, held_out[halves[0]], held_out[halves[1]]
    X = StandardScaler().fit(X[train]).transform(X).astype(np.float32)
    data = jr.example("breast_cancer")
    for (rows, labels), part in zip((data.train, data.validation, data.test), parts, strict=True):
        np.testing.assert_allclose(rows, X[part], rtol=1e-6, atol=1e-7)
        np.testing.assert_array_equal(labels, y[part])


# Holding out


def labels(max_rows=60, classes=5):
    """Targets of every kind: numbered classes, text, truth values, numbers, several a row."""
    rows = st.integers(0, max_rows)
    return rows.flatmap(
        lambda n: st.one_of(
            hnp.arrays(np.int64, n, elements=st.integers(0, classes)),
            hnp.arrays(np.uint8, n, elements=st.integers(0, 1)),
            hnp.arrays(np.bool_, n),
            hnp.arrays(np.dtype("<U2"), n, elements=st.sampled_from(["a", "b", "ab"])),
            hnp.arrays(np.float64, n, elements=st.floats(-1, 1)),
            hnp.arrays(np.float32, (n, 2), elements=st.floats(0, 1, width=32)),
        )
    )


SIZES = st.floats(0, 1) | st.integers(-2, 62) | st.floats() | st.booleans()


@settings(deadline=None)
@given(labels(), SIZES)
def test_every_row_is_on_one_side_or_the_division_is_refused(y, size):
    divided, refusal = attempt(hold_out, y, size, "validation")
    if divided is None:
        assert "validation=" in refusal
        return
    kept, held = divided
    assert len(kept) > 0
    assert len(held) > 0
    assert len(held) == (size if isinstance(size, int) else round(len(y) * size))
    assert sorted([*kept, *held]) == list(range(len(y)))
    assert list(kept) == sorted(kept)
    assert list(held) == sorted(held)


@settings(deadline=None)
@given(labels(), SIZES, st.integers(0, 2**32 - 1))
def test_a_division_is_the_same_each_time(y, size, seed):
    first, refusal = attempt(hold_out, y, size, "test", seed)
    again, refusal_again = attempt(hold_out, y.copy(), size, "test", seed)
    assert refusal == refusal_again
    for a, b in zip(first or (), again or (), strict=True):
        np.testing.assert_array_equal(a, b)


@settings(deadline=None)
@given(
    hnp.arrays(np.int64, st.integers(20, 200), elements=st.integers(0, 2)),
    st.floats(0.2, 0.8),
    st.sampled_from([np.array([0, 1, 2]), np.array(["a", "b", "c"]), np.array([-7, 0, 40])]),
)
def test_both_sides_keep_the_shares_of_the_classes(y, share, names):
    counts = np.bincount(y)
    if counts[counts > 0].min() < 2:
        return
    kept, held = hold_out(names[y], share, "validation")
    for label, count in enumerate(counts):
        assert abs(np.sum(y[held] == label) - len(held) * count / len(y)) < 1
        assert abs(np.sum(y[kept] == label) - len(kept) * count / len(y)) < 1


def test_a_class_with_one_row_is_held_out_or_not():
    kept, held = hold_out(np.array([0] * 9 + [1]), 0.3, "validation")
    assert sorted([*kept, *held]) == list(range(10))


def test_seeds_divide_differently():
    y = np.arange(100) % 2
    assert list(hold_out(y, 0.3, "test", 0)[1]) != list(hold_out(y, 0.3, "test", 1)[1])


# The example that ships


@pytest.fixture(scope="module")
def cancer():
    return jr.example("breast_cancer")


def test_breast_cancer_has_80_244_and_245_rows_of_30_features(cancer):
    shapes = [X.shape for X, _ in (cancer.train, cancer.validation, cancer.test)]
    assert shapes == [(80, 30), (244, 30), (245, 30)]
    assert [len(y) for _, y in (cancer.train, cancer.validation, cancer.test)] == [80, 244, 245]
    assert {X.dtype for X, _ in (cancer.train, cancer.validation, cancer.test)} == {
        np.dtype(np.float32)
    }


def test_no_row_of_breast_cancer_is_in_two_parts(cancer):
    rows = np.concatenate([cancer.train[0], cancer.validation[0], cancer.test[0]])
    assert len(np.unique(rows, axis=0)) == 569


def test_all_parts_of_breast_cancer_have_both_classes_in_like_shares(cancer):
    for X, y in (cancer.train, cancer.validation, cancer.test):
        assert y.mean() == pytest.approx(357 / 569, abs=1 / len(X))


def test_breast_cancer_is_standardised_on_its_training_rows_alone(cancer):
    X = cancer.train[0].astype(np.float64)
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-6)
    np.testing.assert_allclose(X.std(axis=0), 1, atol=1e-6)
    everything = np.concatenate([cancer.train[0], cancer.validation[0], cancer.test[0]])
    for part in (cancer.validation[0], cancer.test[0], everything):
        assert np.abs(part.mean(axis=0)).max() > 0.05
        assert np.abs(part.std(axis=0) - 1).max() > 0.05


def test_breast_cancer_is_the_same_each_time_and_says_its_sizes(cancer):
    again = jr.example()
    np.testing.assert_array_equal(again.train[0], cancer.train[0])
    np.testing.assert_array_equal(again.test[1], cancer.test[1])
    for words in ("80 rows", "244 to validate", "245 to test"):
        assert words in cancer.description


@pytest.mark.parametrize("name", ["brest_cancer", "irises", "", 3, None])
def test_an_example_that_does_not_exist_is_refused_with_those_that_do(name):
    with pytest.raises(jr.DataError, match=r"Known: breast_cancer"):
        jr.example(name)


# Standardising


@settings(deadline=None)
@given(
    hnp.arrays(np.float64, (12, 3), elements=st.integers(-1000, 1000)),
    hnp.arrays(np.float64, (4, 3), elements=st.integers(-1000, 1000)),
)
def test_held_out_rows_do_not_change_the_training_rows(X, others):
    train, held = np.arange(8), np.arange(8, 12)
    changed = X.copy()
    changed[held] = others
    np.testing.assert_array_equal(
        standardized(X, train)[train], standardized(changed, train)[train]
    )


def test_held_out_rows_are_measured_by_the_training_rows():
    X = np.array([[0.0], [2.0], [5.0]])
    np.testing.assert_allclose(standardized(X, np.array([0, 1])), [[-1], [1], [4]])


def test_a_constant_column_becomes_zero():
    X = np.array([[7.0, 0.0], [7.0, 1.0], [7.0, 2.0]])
    np.testing.assert_array_equal(standardized(X, np.arange(3))[:, 0], 0)


# Tables


def frame(rows=50, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.normal(size=(rows, 3)), columns=["age", "height", "weight"])
    table["disease"] = np.where(table.age + table.height > 0, "ill", "well")
    return table


@pytest.fixture
def csv(tmp_path):
    """Writes a frame or text to a file and returns its path."""

    def write(content, name="table.csv"):
        path = tmp_path / name
        if isinstance(content, pd.DataFrame):
            content.to_csv(path, index=False)
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content, encoding="utf-8")
        return path

    return write


def test_a_table_is_read_with_its_target_and_names(csv):
    data = read_dataset(csv(frame()))
    assert data.X.shape == (50, 3)
    assert data.features == ("age", "height", "weight")
    assert set(data.y) == {"ill", "well"}
    assert data.head == "table.csv, 3 features, target disease"
    assert data.told == ("The target is 'disease', the last column.",)


def test_the_target_is_the_last_column_unless_it_is_named(csv):
    table = frame().drop(columns="disease")
    named = read_dataset(csv(table, "numbers.csv"), "age")
    assert named.y.dtype.kind == "f"
    assert named.features == ("height", "weight")
    assert named.told == ()


def test_columns_are_left_out_and_rows_counted_once(csv):
    twice = pd.concat([frame(), frame()])
    data = read_dataset(csv(twice), without=["age"], distinct=True)
    assert data.features == ("height", "weight")
    assert len(data.y) == 50
    with pytest.raises(jr.DataError, match="no target or no features left"):
        read_dataset(csv(frame()), without=["disease"], target="disease")


def test_a_group_is_no_feature_and_names_the_rows_that_stay_together(csv):
    table = frame().assign(patient=np.arange(50) // 5)
    data = read_dataset(csv(table), "disease", "patient")
    assert data.features == ("age", "height", "weight")
    np.testing.assert_array_equal(data.groups, np.arange(50) // 5)


@pytest.mark.parametrize("packed", ["gz", "bz2", "xz"])
def test_a_packed_table_is_read_as_an_unpacked_one(csv, packed, tmp_path):
    frame().to_csv(tmp_path / f"table.csv.{packed}", index=False)
    unpacked, same = read_dataset(csv(frame())), read_dataset(tmp_path / f"table.csv.{packed}")
    pd.testing.assert_frame_equal(unpacked.X, same.X)
    np.testing.assert_array_equal(unpacked.y, same.y)


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_a_table_is_read_whatever_separates_its_columns(tmp_path, separator):
    path = tmp_path / "table.txt"
    frame().assign(words="a, b; c").to_csv(path, index=False, sep=separator)
    data = read_dataset(path, "disease")
    assert data.features == ("age", "height", "weight", "words")
    assert data.X["age"].dtype.kind == "f"


def test_a_decimal_comma_is_read_beside_semicolons(tmp_path):
    path = tmp_path / "table.csv"
    frame().to_csv(path, index=False, sep=";", decimal=",")
    np.testing.assert_allclose(read_dataset(path).X["age"], frame()["age"])


@pytest.mark.parametrize("ending", ["parquet", "feather", "arrow"])
def test_tables_of_arrow_are_read_as_text_is(csv, tmp_path, ending):
    path = tmp_path / f"table.{ending}"
    table = frame().assign(city=pd.Categorical(["Rome", "Oslo"] * 25))
    table.to_parquet(path) if ending == "parquet" else table.to_feather(path)
    data, text = read_dataset(path, "disease"), read_dataset(csv(table), "disease")
    assert data.features == text.features
    np.testing.assert_array_equal(data.y, text.y)
    np.testing.assert_allclose(data.X["age"], text.X["age"])
    assert list(data.X["city"]) == list(text.X["city"])


def test_cells_that_say_that_nothing_is_known_are_missing(csv):
    table = spoilt("age", 3, "?")
    table.loc[4, "age"] = "NA"
    assert list(np.flatnonzero(read_dataset(csv(table)).X["age"].isna())) == [3, 4]


def test_rows_without_a_target_are_left_out_and_that_is_said(csv):
    data = read_dataset(csv(spoilt("disease", 3, None)), "disease")
    assert len(data.X) == len(data.y) == 49
    assert data.told == (
        "1 of 50 rows have no 'disease' and were left out, the first of them row 3.",
    )


def test_whole_numbers_are_classes_even_where_the_file_has_floats(csv):
    data = read_dataset(csv(frame().assign(disease=[0.0, 1.0] * 25)))
    assert data.y.dtype.kind == "i"
    assert read_dataset(csv(frame().assign(disease=[0.5, 1.0] * 25))).y.dtype.kind == "f"


def spoilt(column, row, value):
    table = frame().astype(object)
    table.loc[row, column] = value
    return table


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param("", ["is empty", "header"], id="empty"),
        pytest.param("\n\n", ["is empty", "header"], id="blank lines"),
        pytest.param(frame(0), ["0 rows", "4 columns"], id="a header alone"),
        pytest.param(frame()[["age"]], ["1 columns", "two columns"], id="one column"),
        pytest.param("a,b\n1,2\n3,4,5,6\n", ["cannot be read as CSV", "line 3"], id="ragged"),
        pytest.param(b"\xff\xfe\x00a", ["cannot be read as CSV"], id="not text"),
        pytest.param("a,b,a\n1,2,3\n", ["two columns 'a'", "its own name"], id="twice"),
        pytest.param(
            frame().assign(disease=None), ["'disease' is missing in all rows"], id="no target"
        ),
        pytest.param(
            frame().assign(disease=[f"patient {i}" for i in range(50)]),
            ["'disease'", "50 different texts", "no classes"],
            id="names",
        ),
    ],
)
def test_a_table_that_cannot_be_trained_on_is_refused(csv, content, words):
    path = csv(content)
    with pytest.raises(jr.DataError) as caught:
        read_dataset(path)
    message = str(caught.value)
    assert [word for word in words if word not in message] == [], message
    assert str(path.parent) not in message


def test_a_table_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "nothing.csv", tmp_path / "nothing.npz", tmp_path / "nothing"):
        with pytest.raises(jr.DataError, match=r"There is no file .*Check the path"):
            read_dataset(path)


def test_a_file_that_is_not_packed_as_it_says_is_refused(csv):
    with pytest.raises(jr.DataError, match=r"fake\.csv\.gz cannot be read"):
        read_dataset(csv(b"not packed", "fake.csv.gz"), None)


def test_a_target_that_is_not_there_is_refused_with_the_nearest_column(csv):
    with pytest.raises(jr.DataError, match=r"no column 'diseas'\. Did you mean disease\?"):
        read_dataset(csv(frame()), "diseas")


# Any input at all

NUMBERS = st.floats() | st.integers() | st.sampled_from([10**30, 10**400, -(2**64), 1e39])
ODD = (
    st.none()
    | st.text(max_size=3)
    | st.binary(max_size=3)
    | st.booleans()
    | st.complex_numbers()
    | st.sampled_from([pd.NA, pd.NaT, "1.5", "nan", "1_0", "٣", object(), {}, ()])
    | st.fractions()
    | st.decimals(allow_nan=False)
    | st.dates()
)
CELLS = NUMBERS | ODD
LISTS = st.recursive(CELLS, lambda inner: st.lists(inner, max_size=4), max_leaves=12)
ARRAYS = hnp.arrays(
    hnp.scalar_dtypes() | hnp.byte_string_dtypes() | hnp.unicode_string_dtypes(),
    hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4),
)
OBJECTS = hnp.arrays(object, hnp.array_shapes(min_dims=0, max_dims=2, max_side=4), elements=CELLS)
FRAMES = st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=4).map(pd.DataFrame)
ANYTHING = LISTS | ARRAYS | OBJECTS | FRAMES


@settings(deadline=None, max_examples=300)
@given(ANYTHING)
def test_any_inputs_are_finite_rows_or_are_refused(X):
    rows, refusal = attempt(checked_inputs, X, "X of train")
    if rows is None:
        assert refusal.startswith("X of train")
        return
    assert rows.dtype == np.float32
    assert rows.ndim >= 2
    assert rows.size
    assert np.isfinite(rows).all()


@settings(deadline=None, max_examples=300)
@given(ANYTHING, st.none() | st.integers(0, 5))
def test_any_targets_are_labels_or_numbers_or_are_refused(y, rows):
    if rows is None:
        rows = len(y) if hasattr(y, "__len__") and np.ndim(np.array(y, object)) else 1
    targets, refusal = attempt(checked_targets, y, rows, "y of train")
    if targets is None:
        assert "y of train" in refusal
        return
    assert len(targets) == rows
    assert targets.dtype.kind in "biufUS"
    if targets.dtype.kind == "f":
        assert np.isfinite(targets).all()


@settings(deadline=None)
@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.float16]),
        (3, 2),
        elements=st.floats(-1000, 1000, width=16),
    )
)
def test_numbers_pass_as_they_are(X):
    before = X.copy()
    np.testing.assert_array_equal(checked_inputs(X), before.astype(np.float32))
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(checked_targets(X, 3), before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.1,0.2,1\n0.3,0.4,0\n", "has no header"),
        (",a,y\n0,0.3,0\n1,0.4,1\n", "looks like row numbers"),
    ],
    ids=["no header", "row numbers"],
)
def test_a_file_that_would_be_read_wrongly_is_refused(tmp_path, text, message):
    path = tmp_path / "table.csv"
    path.write_text(text)
    with pytest.raises(jr.DataError, match=message):
        read_dataset(path)

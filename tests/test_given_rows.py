"""Rows as they come: frames with their target, pictures, signals, arrays; and the task."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import justright as jr
from conftest import dense_net
from justright.data.given_rows import as_task, dataset_given
from justright.data.holdout import hold_out
from justright.data.read import read_dataset
from justright.experiments.setup import Setup
from justright.network.default import default_network

PLAIN = {"plain": jr.Recipe()}
RNG = np.random.default_rng(0)


def people(rows=60):
    rng = np.random.default_rng(1)
    frame = pd.DataFrame(
        {"age": rng.integers(20, 80, rows), "city": ["Rome", "Oslo"] * (rows // 2)}
    )
    frame["ill"] = np.where(frame.age > 50, "yes", "no")
    return frame


def taken(train, model=None, **options):
    """What an experiment makes of rows, before anything is trained."""
    return Setup.of(model, train, epochs=1, batch_size=4, **options)


# Tables


@pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
def test_a_frame_with_its_target_is_prepared_and_the_study_says_how(library):
    other = pytest.importorskip(library)
    frame = people()
    makers = {"pandas": pd.DataFrame, "polars": getattr(other, "from_pandas", None)}
    given = (makers.get(library) or other.Table.from_pandas)(frame)
    setup = taken(given, target="ill")
    assert setup.features == ("age", "city=Oslo", "city=Rome")
    said = " ".join(setup.notes)
    assert "1 number and 1 category become 3 inputs." in said
    assert "'ill' has 2 classes" in said
    assert list(setup.task.objective.classes) == ["no", "yes"]


def test_a_study_of_a_frame_predicts_for_rows_as_they_come():
    frame = people()
    study = jr.compare(
        None, frame, PLAIN, target="ill", seeds=1, epochs=1, batch_size=16, progress=False
    )
    rows = frame.drop(columns="ill").head(3)
    assert study.predict(rows, "plain").mean.shape == (3, 1)
    np.testing.assert_array_equal(
        study.prepared(rows), np.asarray(study.preparations[0].transform(rows))
    )
    assert study.inputs("plain")["input"].tolist() == ["age", "city=Oslo", "city=Rome"]


def test_a_file_is_compared_by_its_path_and_splits_see_levels_of_their_own(tmp_path):
    path = tmp_path / "people.csv"
    frame = people()
    frame.loc[:2, "city"] = "Lima"
    frame.to_csv(path, index=False)
    setup = taken(path, preprocess=jr.TablePreparation(rarest=1), splits=3)
    assert {len(prepared.transform(frame).T) for prepared in setup.preparations} == {4}
    assert setup.task.rows.inputs.shape[1] == 4


def test_frames_of_numbers_beside_targets_are_taken_as_they_are():
    frame = people()[["age"]].astype(float)
    setup = taken((frame, people().ill))
    assert setup.preparations == ()
    assert setup.task.rows.inputs.max() > 40


def test_frames_with_text_beside_targets_are_prepared():
    frame = people()
    held = frame.head(10)
    setup = taken((frame[["age", "city"]], frame.ill), validation=(held[["age", "city"]], held.ill))
    assert setup.features == ("age", "city=Oslo", "city=Rome")


def test_parquet_with_text_is_read_into_memory_and_numbers_piece_by_piece(tmp_path):
    pytest.importorskip("pyarrow")
    for name, frame in (("text", people()), ("numbers", people().drop(columns="city"))):
        path = tmp_path / f"{name}.parquet"
        frame.to_parquet(path, index=False)
        setup = taken(str(path), target="ill")
        assert (setup.task.stream is None) == (name == "text")


def test_a_table_that_is_no_table_is_refused():
    with pytest.raises(jr.DataError, match="a dict was given"):
        taken({"age": [1]})
    with pytest.raises(jr.DataError, match=r"no column 'il'\. Did you mean ill"):
        taken(people(), target="il")
    with pytest.raises(jr.DataError, match="names a column of a table"):
        taken((people()[["age"]], people().ill), target="ill")


# The task


@pytest.mark.parametrize(
    ("y", "kind", "note"),
    [
        (np.arange(60) % 3, "categorical", 'task="regression" takes them as numbers'),
        (np.arange(60) * 7, "regression", 'task="classification" takes them as classes'),
        (np.arange(60) / 7, "regression", "'y' holds numbers, from 0"),
        (np.array(["a", "b"])[np.arange(60) % 2], "binary", "'y' has 2 classes: "),
    ],
    ids=["few whole numbers", "many", "floats", "text"],
)
def test_the_task_is_read_off_the_target_and_said(y, kind, note):
    setup = taken(people()[["age"]].assign(y=y), target="y")
    assert setup.task.objective.kind == kind
    assert note in " ".join(setup.notes)


def test_the_task_may_be_named():
    X = people()[["age"]]
    numbers = taken(X.assign(y=np.arange(60) % 3), task="regression")
    assert numbers.task.objective.kind == "regression"
    many = taken(X.assign(y=np.arange(60) // 2 * 7), task="classification")
    assert len(many.task.objective.classes) == 30
    two = taken((X, (np.arange(60) % 2).astype(float)), task="classification")
    assert two.task.objective.kind == "binary"


@pytest.mark.parametrize(
    ("y", "task", "words"),
    [
        (np.array(["a", "b"]), "regression", "holds text, such as 'a'"),
        (np.array([0.5, 1.0]), "classification", "0.5, which is no code of a class"),
        (np.array([0, 1]), "sorting", "task='sorting'"),
    ],
    ids=["text", "fractions", "unknown"],
)
def test_a_task_that_targets_do_not_have_is_refused(y, task, words):
    with pytest.raises(jr.DataError) as caught:
        as_task(y, task, "y of train")
    assert words in str(caught.value)


def test_a_network_for_another_task_is_refused():
    X, y = RNG.normal(size=(40, 5)), np.arange(40) % 2
    with pytest.raises(jr.ModelError, match='task="regression" wants outputs that are numbers'):
        taken((X, y), dense_net(), task="regression")


def test_two_hundred_classes_are_classes_and_each_has_a_row_that_trains():
    y = np.array([f"c{i}" for i in range(200)]).repeat(3)
    kept, held = hold_out(y, 0.25, "test")
    assert len(set(y[kept])) == 200
    assert sorted([*kept, *held]) == list(range(600))
    single = np.array(["a"] * 30 + ["b"] * 30 + ["c"])
    for seed in range(10):
        kept, held = hold_out(single, 0.2, "test", seed)
        assert 60 in kept
        assert (single[held] == "a").sum() == 6


# Pictures, signals and arrays


def draw(path, color, size=(12, 10), mode="RGB"):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path)


@pytest.fixture
def pictures(tmp_path):
    for i in range(12):
        draw(tmp_path / "pets" / "cat" / f"{i}.png", (10 * i, 0, 0))
        draw(tmp_path / "pets" / "dog" / f"{i}.jpg", (0, 0, 10 * i))
    return tmp_path / "pets"


def test_pictures_are_read_from_a_folder_for_each_class(pictures):
    draw(pictures / "cat" / "wide.png", (255, 0, 0), (40, 10))
    (pictures / "cat" / "notes.txt").write_text("no picture")
    data = read_dataset(pictures)
    assert data.X.shape == (25, 10, 12, 3)
    assert data.X.dtype == np.uint8
    assert list(np.unique(data.y)) == ["cat", "dog"]
    assert data.told == ("1 of 25 pictures were brought to 10 × 12.",)
    assert read_dataset(pictures, image_size=(8, 8)).X.shape == (25, 8, 8, 3)
    setup = taken(pictures)
    assert setup.task.rows.inputs.max() <= 1
    assert "Pixels were divided by 255." in setup.notes
    np.testing.assert_array_equal(
        setup.preparations[0].transform(data.X[:2]), data.X[:2] / np.float32(255)
    )


def test_gray_pictures_have_one_channel_and_folders_of_parts_are_parts(tmp_path):
    for part, count in (("train", 6), ("val", 3), ("test", 2)):
        for label in ("a", "b"):
            for i in range(count):
                draw(tmp_path / part / label / f"{i}.png", 20 * i, (8, 8), "L")
    data = read_dataset(tmp_path)
    assert data.X.shape == (12, 8, 8, 1)
    assert (len(data.validation[1]), len(data.test[1])) == (6, 4)
    setup = taken(tmp_path)
    assert setup.task.rows.test.shape == (1, 4)


def test_folders_that_hold_no_classes_of_pictures_are_refused(pictures):
    with pytest.raises(jr.DataError, match="pictures of 0 class"):
        read_dataset(pictures / "cat")
    (pictures / "dog" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(jr.DataError, match=r"dog.broken\.png cannot be read as a picture"):
        read_dataset(pictures)
    with pytest.raises(jr.DataError, match="is a folder of pictures, which has no target"):
        read_dataset(pictures, "class")


def test_arrays_are_read_from_a_file_with_their_parts(tmp_path):
    path = tmp_path / "digits.npz"
    X, y = RNG.integers(0, 255, (40, 9, 9), dtype=np.uint8), np.arange(40) % 4
    np.savez(path, x_train=X, y_train=y, x_test=X[:8], y_test=y[:8])
    setup = taken(path)
    assert setup.task.blueprint.model.input_shape == (None, 9, 9, 1)
    assert setup.task.rows.test.shape == (1, 8)
    np.savez(path, X=RNG.normal(5, 2, (40, 6)), y=y)
    setup = taken(path)
    assert abs(setup.preparations[0].transform(np.full((1, 6), 5.0))).max() < 0.8


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"a": np.zeros(3)}, "holds the arrays a"),
        ({"X": np.zeros((3, 2)), "y": np.zeros(4)}, "4"),
        ({"X": np.array([{}], object), "y": np.zeros(1)}, "cannot be read as .npz"),
    ],
    ids=["other names", "lengths", "objects"],
)
def test_files_of_other_arrays_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / "file.npz", **arrays)
    with pytest.raises(jr.DataError) as caught:
        read_dataset(tmp_path / "file.npz")
    assert words in str(caught.value)


def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "table.xlsx").write_bytes(b"PK")
    with pytest.raises(jr.DataError, match=r"table\.xlsx is none of what is read: \.csv"):
        read_dataset(tmp_path / "table.xlsx")
    (tmp_path / "file.npz").write_bytes(b"no archive")
    with pytest.raises(jr.DataError, match=r"file\.npz cannot be read as \.npz"):
        read_dataset(tmp_path / "file.npz")


def test_signals_are_standardized_by_channel():
    X = RNG.normal([0, 100], [1, 20], (40, 30, 2))
    setup = taken((X, np.arange(40) % 2), preprocess="standardize")
    rows = np.asarray(setup.task.rows.inputs)[np.asarray(setup.task.rows.train)[0]]
    np.testing.assert_allclose(rows.mean(axis=(0, 1)), 0, atol=1e-3)
    np.testing.assert_allclose(rows.std(axis=(0, 1)), 1, atol=1e-3)
    assert "30 steps of 2 channels" in " ".join(setup.notes)
    with pytest.raises(jr.DataError, match="has 3 channels, and 2"):
        setup.preparations[0].transform(np.zeros((1, 30, 3)))


def test_pictures_of_bytes_are_scaled_for_the_default_network_only():
    X = RNG.integers(0, 255, (20, 5), dtype=np.uint8)
    assert dataset_given((X, np.arange(20)), "train", pixels=True).preprocess is None
    pictures = RNG.integers(0, 255, (20, 5, 5), dtype=np.uint8)
    assert dataset_given((pictures, np.arange(20)), "train", pixels=True).preprocess == "pixels"
    assert dataset_given((pictures, np.arange(20)), "train").preprocess is None


@pytest.mark.parametrize(
    ("shape", "kinds"),
    [
        ((30,), ["Dense"] * 3),
        ((28, 28, 1), ["Conv2D", "MaxPooling2D"] * 2 + ["Flatten"] + ["Dense"] * 3),
        ((4, 4, 3), ["Flatten"] + ["Dense"] * 3),
        ((7, 2), ["Conv1D", "GlobalAveragePooling1D"] + ["Dense"] * 3),
        ((16, 2), ["Conv1D", "MaxPooling1D"] * 2 + ["GlobalAveragePooling1D"] + ["Dense"] * 3),
        ((4, 4, 4, 2), ["Flatten"] + ["Dense"] * 3),
    ],
    ids=["columns", "pictures", "tiny pictures", "short signals", "signals", "volumes"],
)
def test_the_default_network_fits_the_rows(shape, kinds):
    model = default_network(shape, np.arange(20) % 2)
    assert [type(layer).__name__ for layer in model.layers] == kinds
    assert model.output_shape == (None, 1)


@pytest.mark.parametrize("left", [False, True], ids=["of all rows", "of those that are left"])
def test_weights_and_groups_follow_rows_without_a_target(left):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    table["y"] = (table["a"] > 0).astype(float)
    table.loc[[3, 30], "y"] = np.nan
    weight, groups = np.arange(1.0, 61), np.repeat(np.arange(20), 3)
    kept = table["y"].notna().to_numpy()
    more = {"sample_weight": weight, "groups": groups}
    given = {name: one[kept] for name, one in more.items()} if left else more
    how = {"seeds": 1, "epochs": 2, "progress": False}
    recipes = {"plain": jr.Recipe()}
    found = jr.compare((2,), table, recipes, target="y", **given, **how)
    whole = table[kept].reset_index(drop=True)
    expected = jr.compare(
        (2,), whole, recipes, target="y", sample_weight=weight[kept], groups=groups[kept], **how
    )
    pd.testing.assert_frame_equal(found.table, expected.table)

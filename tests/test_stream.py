"""Streams: rows that are read in each epoch train as rows in memory do, whatever they lie in."""

import builtins
import math
import threading
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import h5py
import keras
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import justright as jr
from conftest import Compilations, dense_net, signs
from justright.data import piece, stream, survey
from justright.data.distinct import Distinct
from justright.data.scale import Moments
from justright.engine.layout import Layout, choose_layout
from justright.engine.passes import run_passes
from justright.engine.stream import ahead

ROWS, BATCH = 203, 8
RECIPES = {
    "plain": jr.Recipe(),
    "both": jr.Dropout(0.3) + jr.L2(0.001),
    "stopped": jr.Recipe(jr.EarlyStopping(2)),
}
ONE = {"it": RECIPES["both"]}
HELD_OUT = signs(seed=1, count=60)


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    """Pieces of 20 rows and blocks of 5 batches, so that little data makes many of them."""
    monkeypatch.setattr(piece, "PIECE_BYTES", 20 * 5 * 4)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 5 * BATCH * 5 * 4)
    monkeypatch.setattr(stream, "SHUFFLED_PIECES", 3)


@pytest.fixture
def rows():
    return signs(seed=0, count=ROWS)


def memmaps(folder, X, y):
    for name, array in (("X", X), ("y", y)):
        np.save(folder / f"{name}.npy", array)
    return tuple(np.load(folder / f"{name}.npy", mmap_mode="r") for name in "Xy")


def hdf5(folder, X, y):
    file = h5py.File(folder / "rows.h5", "w")
    return tuple(file.create_dataset(name, data=array) for name, array in (("X", X), ("y", y)))


def parquet(folder, X, y, name="rows.parquet"):
    table = pd.DataFrame(X, columns=[f"x{i}" for i in range(X.shape[1])]).assign(y=y)
    table.to_parquet(folder / name, index=False, row_group_size=50)
    return folder / name


class Batches(keras.utils.PyDataset):
    def __init__(self, X, y, size=BATCH):
        super().__init__()
        self.X, self.y, self.size = X, y, size
        self.epochs_ended = 0

    def __len__(self):
        return math.ceil(len(self.X) / self.size)

    def __getitem__(self, i):
        rows = slice(i * self.size, (i + 1) * self.size)
        return self.X[rows], self.y[rows]

    def on_epoch_end(self):
        self.epochs_ended += 1


class Shuffling(Batches):
    def on_epoch_end(self):
        super().on_epoch_end()
        self.X, self.y = np.roll(self.X, 3, axis=0), np.roll(self.y, 3)


def batches(folder, X, y):
    return Batches(X, y)


SOURCES = [memmaps, hdf5, parquet, batches]


def compare(train, recipes=RECIPES, model=None, **options):
    if model is None:
        keras.utils.set_random_seed(3)
        model = dense_net()
    usual = {"validation": HELD_OUT, "test": HELD_OUT, "seeds": 2, "epochs": 4}
    usual |= {"progress": False}
    if not isinstance(train, keras.utils.PyDataset):
        usual["batch_size"] = BATCH
    return jr.compare(model, train, recipes, **(usual | options))


def figures(study):
    return study.curves.drop(columns=["recipe", "seed", "split", "epoch"]).to_numpy()


def assert_same(a, b, **tolerance):
    """Curves, ends and weights; to the bit without a tolerance."""
    np.testing.assert_allclose(figures(a), figures(b), **({"rtol": 0} | tolerance))
    for one, other in zip(a.results, b.results, strict=True):
        assert (one.outcome, one.best_epoch) == (other.outcome, other.best_epoch)
        for path, value in one.values.items():
            np.testing.assert_allclose(value, other.values[path], **({"rtol": 0} | tolerance))


# What a step computes is the same code; a batch is gathered from rows in memory and sliced from
# a block, so compilers may round differently.
ROUNDING = {"rtol": 1e-5, "atol": 1e-6}


# Laws


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("count", [ROWS, 160], ids=["short last batch", "full batches"])
def test_in_the_order_of_the_rows_a_stream_trains_as_rows_in_memory_do(source, count, tmp_path):
    X, y = signs(seed=0, count=count)
    in_memory = compare((X, y), shuffle=False)
    assert_same(compare(source(tmp_path, X, y), shuffle=False), in_memory, **ROUNDING)


@pytest.mark.parametrize("source", SOURCES)
def test_shuffled_a_study_run_twice_gives_the_same_to_the_bit(source, rows, tmp_path):
    train = source(tmp_path, *rows)
    assert_same(compare(train), compare(train))


def test_memory_maps_and_hdf5_give_the_same_to_the_bit(rows, tmp_path):
    assert_same(compare(memmaps(tmp_path, *rows)), compare(hdf5(tmp_path, *rows)))


def test_a_trial_alone_gives_what_it_gives_among_others(rows, tmp_path):
    train = memmaps(tmp_path, *rows)
    crowd = compare(train, seeds=7, epochs=5)
    for recipe, seed in (("both", 0), ("both", 6), ("stopped", 5)):
        alone = compare(train, {recipe: RECIPES[recipe]}, seeds=[seed], epochs=5)
        there = crowd.curves.query("recipe == @recipe and seed == @seed")
        pd.testing.assert_frame_equal(alone.curves, there.reset_index(drop=True))


def test_more_trials_than_lanes_take_the_same_passes(rows, tmp_path):
    """Two lanes and five trials: three rounds."""
    import jax

    study = compare(memmaps(tmp_path, *rows), {"it": RECIPES["both"]}, seeds=5)
    task, trials = study.task, [r.trial for r in study.results]
    layout = Layout(tuple(jax.devices()[:1]), 2, "map")
    again = run_passes(
        task, trials, task.blueprint.initial_values, stream=task.stream, layout=layout
    )
    for a, b in zip(again, study.results, strict=True):
        np.testing.assert_allclose(a.curves, b.curves, **ROUNDING)


def test_lanes_side_by_side_give_the_same_up_to_rounding(rows, tmp_path):
    import jax

    study = compare(memmaps(tmp_path, *rows), ONE, seeds=3)
    task, trials = study.task, [r.trial for r in study.results]
    layout = Layout(tuple(jax.devices()[:1]), 4, "vmap")
    again = run_passes(
        task, trials, task.blueprint.initial_values, stream=task.stream, layout=layout
    )
    for a, b in zip(again, study.results, strict=True):
        np.testing.assert_allclose(a.curves, b.curves, rtol=2e-4, atol=2e-5)


def test_nothing_compiles_twice(rows, tmp_path):
    train = memmaps(tmp_path, *rows)
    model = dense_net(units=(7,))
    with Compilations() as first:
        compare(train, {"it": jr.Dropout(0.1) + jr.L2(0.01)}, model, seeds=1)
    assert first.count > 0
    with Compilations() as second:
        compare(train, {"it": jr.Dropout(0.7) + jr.L2(0.0) + jr.EarlyStopping(1)}, model, seeds=12)
    assert second.count == 0


def test_the_order_changes_with_the_epoch_and_every_row_comes_once(rows, tmp_path):
    X = np.arange(ROWS * 5, dtype=np.float32).reshape(ROWS, 5)
    seen = survey.survey(source := train_source(memmaps(tmp_path, X, rows[1])), {})
    assert source.rows == ROWS
    read = stream.StreamedRows(seen, BATCH, True, lambda y, _: y)
    passes = [real_rows(read, epoch) for epoch in (0, 1, 0)]
    for taken in passes:
        np.testing.assert_array_equal(np.sort(taken, axis=0), X)
    np.testing.assert_array_equal(passes[0], passes[2])
    assert not np.array_equal(passes[0], passes[1])
    assert not np.array_equal(passes[0], X)


def train_source(given):
    from justright.data.source import source_of

    return source_of(given, "train")


def real_rows(read, epoch):
    """The rows of a pass that count, in order."""
    taken = []
    for block in read.blocks(epoch):
        used = int(block.used)
        taken.append(block.inputs[:used][block.weights[:used] > 0])
    return np.concatenate(taken)


def test_held_out_rows_do_not_train(rows, tmp_path):
    X = np.arange(ROWS * 5, dtype=np.float32).reshape(ROWS, 5)
    seen = survey.survey(
        train_source(parquet(tmp_path, X, rows[1])), {"test": 0.2, "validation": 0.25}
    )
    read = stream.StreamedRows(seen, BATCH, True, lambda y, _: y)
    held = [pair[0] for pair in seen.held.values()]
    assert [len(part) for part in held] == [41, 40]
    together = np.concatenate([real_rows(read, 0), *held])
    np.testing.assert_array_equal(np.sort(together, axis=0), X)


# Targets and ends


def test_three_classes_of_text(tmp_path):
    X, _ = signs(seed=0, count=ROWS)
    y = np.array(["ill", "maybe", "well"])[np.digitize(X.sum(axis=1), [-1, 1])]
    model = dense_net(outputs=3, activation="softmax")
    given = {"validation": (X[:50], y[:50]), "test": None, "shuffle": False, "model": model}
    given |= {"recipes": ONE}
    in_memory = compare((X, y), **given)
    for source in (memmaps, parquet):
        study = compare(source(tmp_path, X, y), **given)
        assert list(study.classes) == ["ill", "maybe", "well"]
        assert_same(study, in_memory, **ROUNDING)


def test_categories_of_a_parquet_file_are_labels(tmp_path):
    X, y = signs(seed=0, count=ROWS)
    table = pd.DataFrame(X, columns=list("abcde"))
    table["sick"] = pd.Categorical(np.array(["no", "yes"])[y])
    table.to_parquet(tmp_path / "rows.parquet", index=False)
    study = compare(
        tmp_path / "rows.parquet", recipes=ONE, validation=0.25, test=None, target="sick"
    )
    assert list(study.classes) == ["no", "yes"]


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers(outputs, tmp_path):
    X, _ = signs(seed=0, count=ROWS)
    y = (X @ np.random.default_rng(0).normal(size=(5, outputs))).astype(np.float32)
    given = {"validation": (X[:50], y[:50]), "test": None, "shuffle": False, "recipes": ONE}
    model = dense_net(outputs=outputs, activation=None)
    study = compare(memmaps(tmp_path, X, y), model=model, **given)
    assert study.metric.name == "mean_absolute_error"
    assert_same(study, compare((X, y), model=model, **given), **ROUNDING)


def test_the_default_network_fits_the_targets(rows, tmp_path):
    X, _ = rows
    labels = np.arange(ROWS) % 4
    study = jr.compare(None, memmaps(tmp_path, X, labels), {"it": jr.Recipe()}, seeds=1, epochs=1)
    assert study.task.objective.output_shape == (4,)
    assert len(study.classes) == 4


def test_a_model_of_a_stream_predicts_what_the_study_says(rows, tmp_path):
    study = compare(memmaps(tmp_path, *rows), seeds=1)
    X, y = HELD_OUT
    loss, accuracy = study.model("plain").evaluate(X, y, verbose=0)
    row = study.table.query("recipe == 'plain'").iloc[0]
    assert (row.test_loss, row.test_metric) == pytest.approx((loss, accuracy), rel=1e-5)


def test_a_stopped_lane_waits_and_its_curve_is_the_beginning_of_the_others(rows, tmp_path):
    recipes = {"plain": jr.Recipe(), "stopped": jr.Recipe(jr.EarlyStopping(1))}
    noise = np.random.default_rng(5).integers(0, 2, 60)
    study = compare(
        memmaps(tmp_path, *rows), recipes, validation=(HELD_OUT[0], noise), epochs=12, seeds=3
    )
    stopped = study.table.query("recipe == 'stopped'")
    assert (stopped.outcome == "stopped").any()
    for row in stopped.itertuples():
        curves = [
            study.curves.query("recipe == @name and seed == @row.seed").iloc[: row.epochs_run, 3:]
            for name in ("stopped", "plain")
        ]
        np.testing.assert_array_equal(*(curve.to_numpy() for curve in curves))


# What is held in memory


def test_what_is_held_in_memory_is_bounded_and_the_notes_say_it(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "HELD_ROWS", 30)
    study = compare(memmaps(tmp_path, *rows), validation=0.5, test=parquet(tmp_path, *rows))
    assert [study.task.rows.train.shape[1], study.task.rows.validation.shape[1]] == [30, 30]
    assert study.task.rows.test.shape[1] == 30
    notes = " ".join(study.notes)
    assert "30 of the rows, drawn at random, were held out for validation" in notes
    assert "173 training rows are read from train (X.npy) in each epoch" in notes
    assert "Train figures are taken on 30 of them" in notes
    assert "30 of the 203 rows of rows.parquet, drawn at random, are the test" in notes


def test_a_pass_holds_a_small_part_of_the_table(tmp_path, monkeypatch):
    monkeypatch.setattr(piece, "PIECE_BYTES", 2**16)
    monkeypatch.setattr(stream, "BLOCK_BYTES", 2**16)
    monkeypatch.setattr(survey, "HELD_ROWS", 500)
    X, y = signs(seed=0, count=400_000)
    given = memmaps(tmp_path, X, y.astype(np.int8))
    tracemalloc.start()
    seen = survey.survey(train_source(given), {"validation": 0.1})
    read = stream.StreamedRows(seen, 256, True, lambda y, _: y)
    rows = sum(int(block.used) for block in read.blocks(0)) * 256
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows >= 399_500
    assert peak < X.nbytes / 5


def test_the_reader_is_one_block_ahead_and_no_more(rows, tmp_path):
    read = stream.StreamedRows(
        survey.survey(train_source(memmaps(tmp_path, *rows)), {}), BATCH, True, lambda y, _: y
    )
    made = []

    class Counted:
        def blocks(self, epoch):
            for block in read.blocks(epoch):
                made.append(block)
                yield block

    with ThreadPoolExecutor(1) as reader:
        for used, _ in enumerate(ahead(Counted(), choose_layout(0, 0), reader, 0), start=1):
            assert len(made) <= used + 1
    assert used == len(made) == 6


def test_large_rows_are_held_by_their_bytes(monkeypatch):
    monkeypatch.setattr(survey, "HELD_BYTES", 4 * 100 * 7)
    assert survey.held_limit((10, 10)) == 7
    assert survey.held_limit((10**9,)) == 1


def test_the_sample_does_not_depend_on_the_pieces(rows, tmp_path, monkeypatch):
    monkeypatch.setattr(survey, "HELD_ROWS", 50)
    samples = []
    for size in (400, 4000):
        monkeypatch.setattr(piece, "PIECE_BYTES", size)
        samples.append(survey.survey(train_source(memmaps(tmp_path, *rows)), {}).sample[0])
    assert len(samples[0]) == 50
    np.testing.assert_array_equal(*samples)


def test_moments_of_pieces_are_those_of_all_rows():
    X = (np.random.default_rng(0).normal(size=(500, 3)) * [1, 1e-3, 0] + [5, 1e4, 7]).astype("f4")
    moments = Moments()
    for part in np.array_split(X, [3, 3, 200]):
        moments.add(part)
    exact = X.astype(np.float64)
    scale = moments.scale()
    np.testing.assert_allclose(scale.mean, exact.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(scale.deviation[:2], exact.std(axis=0)[:2], rtol=1e-9)
    np.testing.assert_array_equal(scale.applied(X)[:, 2], 0)


def test_different_targets_are_gathered_and_numbers_may_be_left_away(monkeypatch):
    monkeypatch.setattr("justright.data.distinct.MOST", 10)
    few, many, labels = Distinct(), Distinct(), Distinct()
    for start in range(0, 100, 20):
        few.add(np.arange(start, start + 20) % 7)
        many.add(np.arange(start, start + 20) / 7)
        labels.add(np.eye(20, dtype=int) * (1 + (start == 80)))
    assert few.complete
    assert sorted(set(few.standing_for(100))) == list(range(7))
    assert len(few.standing_for(100)) == 70
    assert not many.complete
    assert (labels.standing_for(100) == 2).any()


def test_rows_in_memory_may_be_validated_on_a_file(rows, tmp_path):
    path = parquet(tmp_path, *HELD_OUT)
    assert_same(compare(rows, ONE, validation=path), compare(rows, ONE))


def test_a_py_dataset_is_told_when_its_epochs_end(rows):
    dataset = Batches(*rows)
    compare(dataset, epochs=3, seeds=1)
    assert dataset.epochs_ended == 1 + 3  # The look before training is one.


def test_a_dataset_that_shuffles_by_itself_is_said(rows):
    with pytest.warns(UserWarning, match="other rows for batch 0 than before"):
        compare(Shuffling(*rows), epochs=2)


def test_a_py_dataset_may_have_short_batches_anywhere(rows):
    X, y = rows

    class Uneven(Batches):
        def __len__(self):
            return 4

        def __getitem__(self, i):
            chosen = slice(*[(0, 8), (8, 11), (11, 19), (19, 24)][i])
            return self.X[chosen], self.y[chosen]

    read = stream.StreamedRows(
        survey.survey(train_source(Uneven(X, y)), {}), 8, False, lambda y, _: y
    )
    assert (read.rows, read.batches) == (24, 4)
    (block,) = read.blocks(0)
    np.testing.assert_array_equal(block.weights.sum(axis=1), [8, 3, 8, 5])
    assert np.isfinite(compare(Uneven(X, y), ONE).table["val_loss"]).all()


def test_blocks_are_read_on_another_thread(rows):
    threads = set()

    class Watched(Batches):
        def __getitem__(self, i):
            threads.add(threading.get_ident())
            return super().__getitem__(i)

    compare(Watched(*rows), seeds=1)
    assert threads - {threading.get_ident()}


# What is refused


def refused(given, *words, **options):
    with pytest.raises(jr.JustrightError) as caught:
        compare(given, **options)
    assert type(caught.value).__module__ == "justright.errors"
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def with_cell(rows, value):
    X, y = rows[0].copy(), rows[1]
    X[133, 2] = value
    return X, y


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (memmaps, ["X of train (X.npy) holds NaN", "row 133, column 2", "SimpleImputer"]),
        (hdf5, ["X of train holds NaN", "row 133, column 2"]),
        (batches, ["X of batch 16 of train (Batches) holds NaN", "row 5, column 2"]),
    ],
)
def test_nan_is_found_and_its_place_is_said(source, words, rows, tmp_path):
    refused(source(tmp_path, *with_cell(rows, np.nan)), *words)


def test_infinity_and_numbers_beyond_floats_are_refused(rows, tmp_path):
    X, y = with_cell((rows[0].astype(np.float64), rows[1]), 1e39)
    refused(parquet(tmp_path, X, y), "'x2' holds 1e+39 in row 133", "32-bit", "Scale")
    refused(memmaps(tmp_path, X, y), "beyond the range of 32-bit floats", "StandardScaler")
    refused(memmaps(tmp_path, *with_cell(rows, np.inf)), "infinity", "row 133, column 2")


def test_missing_targets_are_refused(rows, tmp_path):
    X, y = rows[0], rows[1].astype(float)
    y[140] = np.nan
    refused(memmaps(tmp_path, X, y), "y of train holds NaN", "row 140")


def test_rows_that_turn_bad_after_the_first_pass_are_refused(rows):
    class Turning(Batches):
        def __getitem__(self, i):
            X, y = super().__getitem__(i)
            return (X * np.nan if self.epochs_ended and i == 9 else X), y

    refused(Turning(*rows), "X of batch 9 of train (Turning) holds NaN", "row 0, column 0")


def test_batches_that_grow_are_refused(rows):
    class Growing(Batches):
        def __getitem__(self, i):
            size = self.size + bool(self.epochs_ended)
            return self.X[:size], self.y[:size]

    refused(Growing(*rows), "a batch of 9 rows", "had 8", "same sizes")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda X, y: (X[:, 0], y), ["(203,)", "reshape(-1, 1)"]),
        (lambda X, y: (X, y[:-1]), ["203 rows", "has 202", "same selection"]),
        (lambda X, y: (X.astype(complex), y), ["complex128", "not real numbers"]),
        (lambda X, y: (X.astype(str), y), ["not real numbers", "float32"]),
        (lambda X, y: (X, y * 0), ["one class only (0)"]),
        (lambda X, y: (X, y.astype(complex)), ["complex128"]),
    ],
    ids=["1-D", "lengths", "complex", "text", "one class", "complex targets"],
)
def test_arrays_that_cannot_be_trained_on_are_refused(change, words, rows, tmp_path):
    refused(memmaps(tmp_path, *change(*rows)), *words)


def test_no_rows_are_refused(rows, tmp_path):
    refused(hdf5(tmp_path, rows[0][:0], rows[1][:0]), "X of train is empty", "(0, 5)")
    refused(parquet(tmp_path, rows[0][:0], rows[1][:0]), "0 rows", "some rows are wanted")
    refused(Batches(rows[0][:0], rows[1][:0]), "Batches has no batches")


def test_parquet_files_that_cannot_be_read_are_refused(rows, tmp_path):
    path = parquet(tmp_path, *rows)
    refused(path, "no column 'yy'", "Did you mean y?", target="yy")
    refused(tmp_path / "none.parquet", "There is no file", "Check the path")
    (tmp_path / "bad.parquet").write_text("a,b")
    refused(tmp_path / "bad.parquet", "bad.parquet cannot be read as Parquet")
    table = pd.read_parquet(path)
    table.set_index(np.random.default_rng(0).permutation(ROWS)).to_parquet(
        tmp_path / "index.parquet"
    )
    refused(tmp_path / "index.parquet", "__index_level_0__", "index=False", target="y")
    twice = pa.table([pa.array([1.0, 2.0])] * 3, names=["a", "a", "y"])
    pa.parquet.write_table(twice, tmp_path / "twice.parquet")
    refused(tmp_path / "twice.parquet", "two columns 'a'")
    table[["y"]].to_parquet(tmp_path / "one.parquet", index=False)
    refused(tmp_path / "one.parquet", "1 columns", "features and a target")


def test_a_validation_file_wants_the_columns_of_the_training_file(rows, tmp_path):
    path = parquet(tmp_path, *rows)
    table = pd.read_parquet(path)
    table.rename(columns={"x4": "z"}).to_parquet(tmp_path / "other.parquet", index=False)
    refused(path, "other.parquet has no column 'x4'", validation=tmp_path / "other.parquet")
    mixed = tmp_path / "mixed.parquet"
    table[["y", "x4", "x3", "x2", "x1", "x0"]].to_parquet(mixed, index=False)
    given = {"test": None, "seeds": 1}
    a, b = (compare(path, validation=held, **given) for held in (path, mixed))
    assert_same(a, b)


def test_without_pyarrow_the_mend_is_said(rows, tmp_path, monkeypatch):
    path = parquet(tmp_path, *rows)
    usual = builtins.__import__

    def without(name, *rest):
        if name.startswith("pyarrow"):
            raise ImportError(name)
        return usual(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    refused(path, "pyarrow", "pip install '.[parquet]'")


def test_a_generator_is_refused(rows):
    refused((pair for pair in [rows]), "a generator", "only once", "keras.utils.PyDataset")


def test_py_datasets_that_cannot_be_trained_on_are_refused(rows):
    class Endless(Batches):
        num_batches = None

    class Weighted(Batches):
        def __getitem__(self, i):
            return (*super().__getitem__(i), np.ones(8))

    class Shrinking(Batches):
        def __getitem__(self, i):
            X, y = super().__getitem__(i)
            return X[:, : 5 - (i > 2)], y

    refused(Endless(*rows), "Endless has no end", "__len__")
    refused(Weighted(*rows), "batch 0 of train (Weighted) is 3 parts", "weights")
    refused(Shrinking(*rows), "(5,) in batch 0 and (4,) in batch 3")
    refused(Batches(*rows), "validation", "no rows can be held out", validation=None)
    refused(Batches(*rows), "its own batches", batch_size=4)


def test_target_names_a_column_of_a_parquet_file(rows, tmp_path):
    refused(memmaps(tmp_path, *rows), "target='y'", "a table that holds it", target="y")
    refused(rows, "target='y'", "a table that holds it", target="y")


def test_labels_that_only_the_held_out_rows_have_are_refused(rows, tmp_path):
    X, y = HELD_OUT
    refused(memmaps(tmp_path, *rows), "y of validation", ": 2", validation=(X, y + 1))
    refused(memmaps(tmp_path, *rows), "(5,)", "(4,)", validation=(X[:, :4], y))


def test_more_labels_than_can_be_listed_are_refused(rows, tmp_path, monkeypatch):
    monkeypatch.setattr("justright.data.distinct.MOST", 10)
    X, _ = rows
    model = dense_net(outputs=10, activation="softmax")
    refused(memmaps(tmp_path, X, np.arange(ROWS)), "different labels", model=model, validation=0.2)


def test_an_activity_penalty_wants_batches_that_divide_the_rows(rows, tmp_path):
    penalized = dense_net(activity_regularizer="l2")
    refused(memmaps(tmp_path, *rows), "do not divide the 203", model=penalized)
    whole = compare(memmaps(tmp_path, rows[0][:200], rows[1][:200]), ONE, penalized)
    assert np.isfinite(whole.table["val_loss"]).all()

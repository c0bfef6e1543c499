"""Figures leave a study as they are: tables, loggers, and scikit-learn's settings."""

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from justright.exports.logged import plain

NAMES = ("plain", "../../a [b]: l2, \u03bb")


@pytest.fixture(scope="module")
def study():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4)).astype(np.float32)
    y = (X.sum(axis=1) + rng.normal(size=60) > 0).astype(int)
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(6, "relu"), keras.layers.Dense(1, "sigmoid")]
    return jr.compare(
        keras.Sequential([keras.Input((4,)), *layers]),
        (X[:40], y[:40]),
        {NAMES[0]: jr.Recipe(), NAMES[1]: jr.L2({"hidden": 0.01, "output": 0.1})},
        validation=(X[40:50], y[40:50]),
        test=(X[50:], y[50:]),
        seeds=2,
        epochs=5,
        batch_size=20,
    )


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_tables_come_back_as_they_were(study, tmp_path, suffix):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    trials, curves = study.write(tmp_path / f"study{suffix}")
    assert curves.name == f"study.curves{suffix}"
    for path, table in ((trials, study.table), (curves, study.curves)):
        read = {".csv": pd.read_csv, ".parquet": pd.read_parquet}[suffix]
        back = read(path).astype(table.dtypes)
        exact = {"check_exact": True} if suffix == ".parquet" else {"rtol": 1e-14, "atol": 0}
        pd.testing.assert_frame_equal(back, table, **exact)


def test_another_format_is_told(study, tmp_path):
    with pytest.raises(jr.DataError, match=r"one of \.csv, \.parquet"):
        study.write(tmp_path / "study.xlsx")


def test_a_missing_library_is_named(study, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorboardX", None)
    with pytest.raises(jr.DataError, match=r"\.\[tensorboard\]"):
        study.log_to_tensorboard(tmp_path / "runs")


@pytest.mark.parametrize("name", ["../../x", "..", "", "a/b\\c\0", "CON: λ", "x" * 300])
def test_a_recipes_name_is_a_plain_folder(name):
    made = plain(name)
    assert made.strip(".-")
    assert not set(made) & set("/\\:\0 ")
    assert len(made) <= 100


# Other people's libraries warn of what others of them will change.
@pytest.mark.filterwarnings("ignore")
def test_tensorboard_reads_what_was_logged(study, tmp_path):
    pytest.importorskip("tensorboardX")
    reader = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    folder = study.log_to_tensorboard(tmp_path / "runs")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["runs"], "nothing beside the folder"
    assert len(list(folder.iterdir())) == 5
    read = reader.EventAccumulator(str(folder / "plain-seed-1")).Reload()
    logged = study.curves.query("recipe == 'plain' and seed == 1")
    for tag, column in (("train/loss", "train_loss"), ("validation/accuracy", "val_metric")):
        events = read.Scalars(tag)
        assert [e.step for e in events] == list(logged["epoch"])
        np.testing.assert_allclose([e.value for e in events], logged[column], rtol=1e-6)
    row = study.table.query("recipe == 'plain' and seed == 1").iloc[0]
    assert read.Scalars("chosen/test/loss")[0].value == pytest.approx(row["test_loss"], rel=1e-6)
    pictures = reader.EventAccumulator(str(folder / "study")).Reload()
    assert pictures.Images("curves")[0].width > 100
    with pytest.raises(jr.DataError, match="would mix"):
        study.log_to_tensorboard(folder)


@pytest.mark.filterwarnings("ignore")
def test_mlflow_reads_what_was_logged(study, tmp_path, monkeypatch):
    tracking = pytest.importorskip("mlflow.tracking")
    pytest.importorskip("sqlalchemy")
    monkeypatch.chdir(tmp_path)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    run = study.log_to_mlflow("an experiment", uri)
    client = tracking.MlflowClient(tracking_uri=uri)
    place = client.get_experiment_by_name("an experiment").experiment_id
    runs = client.search_runs([place])
    assert len(runs) == 5
    assert {r.info.status for r in runs} == {"FINISHED"}
    inside = [r for r in runs if r.data.tags.get("mlflow.parentRunId") == run]
    assert len(inside) == 4
    one = next(r for r in inside if r.info.run_name == f"{NAMES[1]}, seed 1")
    logged = study.curves[(study.curves["recipe"] == NAMES[1]) & (study.curves["seed"] == 1)]
    history = client.get_metric_history(one.info.run_id, "validation/loss")
    found = [m.value for m in sorted(history, key=lambda m: m.step)]
    np.testing.assert_allclose(found, logged["val_loss"])
    assert one.data.params["L2.strength_hidden_"] == "0.01"
    names = {f.path for f in client.list_artifacts(run)}
    assert names == {"best.keras", "curves.png", "study.csv", "study.curves.csv", "summary.txt"}
    best = client.download_artifacts(run, "best.keras", str(tmp_path))
    assert keras.models.load_model(best).input_shape == (None, 4)


def trained(regression, classes=2, **options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 4)).astype(np.float32)
    signal = X.sum(axis=1) + rng.normal(size=400)
    y = signal if regression else np.digitize(signal, np.linspace(-1, 1, classes + 1)[1:-1])
    outputs = 1 if regression or classes == 2 else classes
    end = None if regression else "sigmoid" if outputs == 1 else "softmax"
    keras.utils.set_random_seed(0)
    layers = [keras.layers.Dense(8, "tanh"), keras.layers.Dense(6, "tanh")]
    net = keras.Sequential([keras.Input((4,)), *layers, keras.layers.Dense(outputs, end)])
    rows = (X[:80], y[:80]), (X[80:], y[80:])
    study = jr.compare(
        net, rows[0], {"it": jr.L2(0.03)}, validation=rows[1], batch_size=20, **options
    )
    return study, *rows


KINDS = [(False, 2), (False, 3), (True, 0)]


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize(("regression", "classes"), KINDS, ids=["binary", "three", "regression"])
def test_sklearns_alpha_gives_the_loss_that_keras_has(regression, classes):
    """With a step of 0 and one batch, its loss is that of its initial weights."""
    study, (X, y), _ = trained(regression, classes, seeds=1, epochs=1, optimizer="sgd")
    made = study.to_sklearn("it").set_params(solver="sgd", learning_rate_init=1e-12, max_iter=1)
    made.fit(X[:20], y[:20])
    squares = sum(float(np.square(w).sum()) for w in made.coefs_)
    if regression:
        data = keras.losses.mean_squared_error(y[:20], made.predict(X[:20]))
        ours = (float(np.asarray(data)) + 0.03 * squares) / 2  # It halves the squared error.
    else:
        chosen = made.predict_proba(X[:20])[np.arange(20), y[:20]]
        ours = -np.log(chosen).mean() + 0.03 * squares
    assert made.loss_ == pytest.approx(ours, rel=1e-5)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
@pytest.mark.parametrize("regression", [False, True], ids=["classes", "numbers"])
def test_sklearn_reaches_the_studys_figures(regression, optimizer):
    study, (X, y), (U, v) = trained(
        regression, seeds=6, epochs=25, optimizer="momentum" if optimizer == "sgd" else "adam"
    )
    made = study.to_sklearn("it").fit(X, y)
    assert made.n_iter_ == 25
    predicted = made.predict(U)
    figure = np.abs(predicted - v).mean() if regression else (predicted == v).mean()
    values = study.table["val_metric"]
    assert figure == pytest.approx(values.mean(), abs=5 * values.std() * np.sqrt(7 / 6) + 0.01)


def test_what_sklearn_lacks_is_named():
    study, *_ = trained(False, seeds=1, epochs=1)
    X, y = np.zeros((8, 4), np.float32), np.arange(8) % 2
    X[:, 0] = y
    net = study.task.blueprint.model

    def params(recipe, **options):
        given = jr.compare(
            net, (X, y), {"it": recipe}, validation=(X, y), seeds=1, epochs=1, **options
        )
        return given.to_sklearn("it").get_params()

    stopped = params(jr.EarlyStopping(7, min_delta=0.01))
    assert (stopped["early_stopping"], stopped["n_iter_no_change"], stopped["tol"]) == (
        True,
        7,
        0.01,
    )
    with pytest.raises(jr.RecipeError, match="Dropout has no part in scikit-learn"):
        params(jr.Dropout(0.2))
    with pytest.raises(jr.RecipeError, match="one L2 strength"):
        params(jr.L2({"hidden": 0.1}))
    with pytest.raises(jr.ModelError, match="Adam and SGD"):
        params(jr.Recipe(), optimizer="rmsprop")

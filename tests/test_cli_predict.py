"""`--save` and `justright predict`: rows as they come are predicted, and no code of a file runs."""

import io
import json
import os
import zipfile
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import justright as jr
from justright.cli.main import run
from justright.data.portable import decoded, encoded
from justright.errors import DataError, ModelError
from justright.experiments.saved import PART, SavedModel

SMALL = ["--hidden", "4", "--seeds", "2", "--epochs", "3", "--quiet"]


def justright(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(list(arguments))
    return code, out.getvalue(), " ".join(err.getvalue().split())


@pytest.fixture(scope="module", autouse=True)
def _at_work(tmp_path_factory):
    """A folder with a table, and a network saved from it."""
    folder = tmp_path_factory.mktemp("work")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        draws = np.random.default_rng(0)
        table = pd.DataFrame(draws.normal(50, 20, (60, 3)), columns=["age", "dose", "mass"])
        table["sick"] = np.where(table.age + table.dose > 100, "yes", "no")
        table.to_csv("patients.csv", index=False)
        table.assign(sick=table.age * 2.5).to_csv("numbers.csv", index=False)
        rows = ["--data", "patients.csv", "--target", "sick"]
        code, _, err = justright(
            "compare", *rows, *SMALL, "--recipe", "l2=1e-3", "--save", "s.keras"
        )
        assert code == 0, err
        yield


def predictions(*arguments):
    code, out, err = justright("predict", *arguments)
    assert code == 0, err
    return pd.read_csv(io.StringIO(out)), err


def test_rows_as_they_come_are_prepared_by_what_was_learned_from_the_training_rows():
    found, err = predictions("s.keras", "--data", "patients.csv")
    assert list(found) == ["prediction", "probability no", "probability yes"]
    assert set(found["prediction"]) <= {"yes", "no"}
    np.testing.assert_allclose(found.iloc[:, 1:].sum(axis=1), 1, rtol=1e-6)
    assert (found["prediction"] == np.where(found["probability yes"] > 0.5, "yes", "no")).all()
    table = pd.read_csv("patients.csv")
    share = (found["prediction"] == table["sick"]).mean()
    assert f"60 rows of patients.csv predicted by s.keras. Accuracy {100 * share:.1f} %" in err


def test_the_saved_network_is_the_one_that_the_study_predicts_with():
    """Keras reads the file too, and on prepared rows it says the same."""
    saved = SavedModel.read(Path("s.keras"))
    rows = pd.read_csv("patients.csv")[["age", "dose", "mass"]]
    inputs = np.asarray(saved.preparation.transform(rows), np.float32)
    model = keras.saving.load_model("s.keras")
    expected = model.predict(inputs, verbose=0)[:, 0]
    found = saved.predict(rows)
    np.testing.assert_allclose(found["probability yes"], expected, atol=1e-6)


def test_columns_are_found_by_name_in_any_order_and_among_others():
    table = pd.read_csv("patients.csv").drop(columns="sick")
    table[["mass", "age", "dose"]].assign(name="Ann").to_csv("new.csv", index=False)
    found, err = predictions("s.keras", "--data", "new.csv")
    pd.testing.assert_frame_equal(found, predictions("s.keras", "--data", "patients.csv")[0])
    assert "Accuracy" not in err


def test_predictions_go_to_a_file_or_into_json():
    code, out, err = justright("predict", "s.keras", "--data", "patients.csv", "--out", "p.csv")
    assert (code, err) == (0, "")
    assert "Predictions: p.csv" in out
    code, out, _ = justright("predict", "s.keras", "--data", "patients.csv", "--json")
    told = json.loads(out, parse_constant=pytest.fail)
    assert told["classes"] == ["no", "yes"]
    assert told["command"] == "predict"
    assert [row["prediction"] for row in told["table"]] == pd.read_csv("p.csv").prediction.tolist()
    assert 0 <= told["score"]["accuracy"] <= 1


def test_numbers_are_predicted_as_numbers():
    rows = ["--data", "numbers.csv", "--target", "sick"]
    code, _, err = justright("compare", *rows, *SMALL, "--recipe", "l2=1e-3", "--save", "n.keras")
    assert code == 0, err
    found, err = predictions("n.keras", "--data", "numbers.csv")
    assert list(found) == ["prediction"]
    assert "Mean absolute error" in err


def test_a_search_saves_its_choice_with_the_preprocessing():
    code, _, err = justright(
        "search", "--data", "patients.csv", "--target", "sick", "--space", "l2", "--budget", "4",
        "--epochs", "3", "--hidden", "4", "--quiet", "--save", "found.keras",
    )  # fmt: skip
    assert code == 0, err
    found, _ = predictions("found.keras", "--data", "patients.csv")
    assert set(found["prediction"]) <= {"yes", "no"}


def test_save_writes_what_the_endings_say_and_tells_what_it_cannot(monkeypatch):
    monkeypatch.setattr("justright.exports.scripts.script_of", _refuses_torch)
    names = ["t.keras", "t.onnx", "t.py", "t.torch.py", "t.csv", "t.html"]
    options = [text for name in names for text in ("--save", name)]
    rows = ["--data", "patients.csv", "--target", "sick"]
    code, out, err = justright("compare", *rows, *SMALL, "--recipe", "l2=1e-3", *options, "--json")
    assert code == 1
    assert err.splitlines()[-1].startswith("t.torch.py is not written: no torch")
    files = json.loads(out)["files"]
    assert files["onnx model"] == "t.onnx"
    assert files["script"] == "t.py"
    assert len(pd.read_csv(files["trainings"])) == 4
    for name in ("t.keras", "t.onnx", "t.py", "t.npz", "t.curves.csv", "t.html"):
        assert Path(name).stat().st_size > 0
    assert not Path("t.torch.py").exists()


@pytest.mark.parametrize("name", ["own.npz", "own.csv"])
def test_rows_are_never_replaced_by_what_is_saved(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
    if name.endswith("npz"):
        np.savez(name, X=X, y=y)
        saved = "own.py"
    else:
        pd.DataFrame(X, columns=list("abc")).assign(y=y).to_csv(name, index=False)
        saved = name
    before = Path(name).read_bytes()
    code, _, err = justright("compare", "--data", name, *SMALL, "--save", saved)
    assert code == 1
    assert "would replace the rows" in " ".join(err.split())
    assert Path(name).read_bytes() == before


def _refuses_torch(task, result, standardized, rows, framework):
    if framework == "torch":
        raise jr.RecipeError("no torch")
    return "# A script.\n"


def test_a_network_of_keras_alone_takes_columns_as_they_are():
    net = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    net.save("plain.keras")
    table = pd.read_csv("patients.csv")[["age", "dose", "mass"]]
    table.to_csv("x.csv", index=False)
    found, err = predictions("plain.keras", "--data", "x.csv")
    expected = net.predict(table.to_numpy(np.float32), verbose=0)[:, 0]
    np.testing.assert_allclose(found["prediction"], expected, rtol=1e-5)
    assert "no preprocessing" in err


def test_what_ships_can_be_predicted_too():
    task = jr.example("breast_cancer")
    assert task.preparation is not None
    code, _, err = justright("compare", *SMALL, "--recipe", "l2=1e-3", "--save", "b.keras")
    assert code == 0, err
    found, _ = predictions("b.keras", "--data", "breast_cancer")
    assert len(found) == 569


def without(column):
    pd.read_csv("patients.csv").drop(columns=column).to_csv("lacking.csv", index=False)
    return ["s.keras", "--data", "lacking.csv"]


def spoilt(value):
    table = pd.read_csv("patients.csv").astype(object)
    table.loc[3, "age"] = value
    table.to_csv("spoilt.csv", index=False)
    return ["s.keras", "--data", "spoilt.csv"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (lambda: without("dose"), "lacks the column 'dose'"),
        (lambda: without(["dose", "age"]), "'age' and 1 more"),
        (lambda: spoilt("old"), "'age' holds 'old' in row 3"),
        (lambda: ["s.keras", "--data", "none.csv"], "no file 'none.csv'"),
        (lambda: ["none.keras", "--data", "patients.csv"], "no file 'none.keras'"),
        (lambda: ["s.keras", "--data", "patients.csv", "--target", "sikc"], "Did you mean sick?"),
        (lambda: ["s.keras", "--data", "patients.csv", "--out", "no/p.csv"], "no folder"),
    ],
)
def test_what_cannot_be_predicted_is_told(arguments, words):
    code, out, err = justright("predict", *arguments())
    assert (code, out) == (1, "")
    assert words in err


def test_a_network_can_only_be_saved_where_its_preprocessing_is_known():
    table = pd.read_csv("patients.csv").assign(sick=lambda t: (t.sick == "yes").astype(int))
    table.to_parquet("big.parquet", index=False)
    options = ("--data", "big.parquet", "--save", "x.keras", *SMALL)
    code, _, err = justright("compare", *options)
    assert code == 1
    assert "--save x.keras" in err
    assert justright("compare", "--save", "x.h5", *SMALL)[0] == 1


# ------------------------------------------------------------------ preprocessing as data

TABLE = pd.DataFrame(
    {"age": [1.0, 2.0, np.nan, 4.0], "city": ["Rome", "Oslo", "Oslo", "Bonn"], "n": [1, 2, 3, 4]}
)


@pytest.mark.parametrize(
    "transformer",
    [
        StandardScaler(),
        SimpleImputer(strategy="median"),
        make_pipeline(SimpleImputer(), StandardScaler(with_mean=False)),
    ],
    ids=lambda one: type(one).__name__,
)
def test_a_transformer_comes_back_and_does_the_same(transformer):
    rows = TABLE[["age", "n"]].fillna(0)
    fitted = transformer.fit(rows)
    again = decoded(json.loads(json.dumps(encoded(fitted), allow_nan=False)))
    assert type(again) is type(fitted)
    np.testing.assert_array_equal(again.transform(rows), fitted.transform(rows))


def test_columns_of_several_kinds_come_back():
    parts = [
        ("numbers", SimpleImputer(), ["age", "n"]),
        ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]),
    ]
    fitted = ColumnTransformer(parts).fit(TABLE)
    again = decoded(json.loads(json.dumps(encoded(fitted), allow_nan=False)))
    np.testing.assert_array_equal(again.transform(TABLE), fitted.transform(TABLE))
    np.testing.assert_array_equal(again.get_feature_names_out(), fitted.get_feature_names_out())


def test_a_function_of_the_users_is_refused_when_written():
    with pytest.raises(DataError, match="no file can keep without code"):
        encoded(FunctionTransformer(lambda x: x))


@pytest.mark.parametrize(
    "value",
    [
        {"is": "object", "class": "os.system", "state": {"is": "dict", "items": []}},
        {"is": "object", "class": "subprocess.Popen", "state": {"is": "dict", "items": []}},
        {"is": "object", "class": "sklearn.preprocessing._data.np", "state": {}},
        {"is": "function", "name": "os.system"},
        {"is": "function", "name": "sklearn.preprocessing._data.scale"},
        {"is": "function", "name": "justright.data.table.Path"},
        {"is": "tuple", "items": ["true"], "class": "os.system"},
        {"is": "tuple", "items": ["x.csv", None], "class": "justright.data.table.read_table"},
        {"is": "array", "dtype": "|O", "shape": [1], "bytes": "AAAAAAAAAAA="},
        {"is": "array", "dtype": "<f8", "shape": [9], "bytes": "AAAA"},
        {"is": "sparse", "kind": "os", "shape": [1, 1]},
        {"is": "pickle", "value": "gASV"},
        {"no": "kind"},
    ],
    ids=str,
)
def test_a_description_of_anything_else_is_refused(value):
    with pytest.raises(DataError, match="no preprocessing"):
        decoded(value)


@pytest.mark.parametrize(
    "told",
    [
        "{",
        "[]",
        json.dumps({"format": 2, "version": "9"}),
        json.dumps({"format": 1}),
        json.dumps(
            {"format": 1, "columns": [], "target": "", "kind": "", "classes": None,
             "from_logits": False, "preparation": {"is": "function", "name": "os.system"}}
        ),
        json.dumps(
            {"format": 1, "columns": [], "target": "", "kind": "", "classes": None,
             "from_logits": False, "preparation": 3}
        ),
    ],
    ids=["text", "list", "version", "nothing", "code", "number"],
)  # fmt: skip
def test_a_file_whose_description_is_damaged_is_told(told, tmp_path):
    with zipfile.ZipFile("s.keras") as old, zipfile.ZipFile(tmp_path / "b.keras", "w") as new:
        for name in old.namelist():
            new.writestr(name, told if name == PART else old.read(name))
    with pytest.raises(ModelError, match=r"b\.keras"):
        SavedModel.read(tmp_path / "b.keras")


def test_nothing_of_what_is_written_depends_on_this_machine():
    with zipfile.ZipFile("s.keras") as packed:
        assert os.getcwd() not in packed.read(PART).decode()


@pytest.mark.parametrize("separator", [",", ";"])
def test_tables_are_read_as_they_are_where_training_reads_them(tmp_path, separator, capsys):
    rng = np.random.default_rng(0)
    table = pd.DataFrame(rng.normal(size=(60, 2)).round(3), columns=["a", "b"])
    table["y"] = (table["a"] > 0).astype(int)
    train, model = tmp_path / "rows.csv", tmp_path / "net.keras"
    decimal = "," if separator == ";" else "."
    table.to_csv(train, sep=separator, decimal=decimal, index=False)
    rows = ["compare", "--data", str(train), "--hidden", "2", "--epochs", "3", "--seeds", "1"]
    rows += ["--save", str(model), "--quiet", "--figure", str(tmp_path / "f.png")]
    assert run([*rows, "--recipe", "l2=1e-3"]) == 0
    capsys.readouterr()
    assert run(["predict", str(model), "--data", str(train)]) == 0
    printed = capsys.readouterr().out.splitlines()
    numbers = [cell for line in printed[1:] for cell in line.split(",")[1:]]
    assert len(numbers) == 2 * len(table)
    # As many digits as single precision has, and none of double precision's noise.
    assert all(str(np.float32(one)) == one for one in numbers)
    assert max(map(len, numbers)) <= 14


def test_a_script_that_cannot_be_written_is_told_before_anything_trains(monkeypatch):
    import justright.experiments.compare as module

    trained = []
    monkeypatch.setattr(module, "compare", lambda *_, **__: trained.append(1) or 1 / 0)
    rows = ["compare", "--data", "iris", "--save", "it.py", *SMALL]
    code, out, err = justright(*rows, "--recipe", "sam=0.05", "--recipe", "mixup=0.2")
    assert (code, out, trained) == (1, "", [])
    assert "--save it.py, should SAM 0.05 be best: SAM has no part in a script for Keras" in err
    assert "--save NAME.torch.py" in err
    with pytest.raises(ZeroDivisionError):  # Where one of them can be, it trains, and says of it.
        justright(*rows, "--recipe", "sam=0.05", "--recipe", "l2=1e-3")
    assert trained == [1]


# ------------------------------------------------------------------ pictures and arrays


def draw(folder, size=(8, 8), count=16, mode="RGB"):
    """Dark cats and bright dogs."""
    rng = np.random.default_rng(1)
    for name, mean in (("cat", 60), ("dog", 190)):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            # Of other sizes too: these are brought to the network's.
            side = (12, 10) if i % 8 == 7 else size
            pixels = rng.normal(mean, 40, (*side, 3)).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).convert(mode).save(folder / name / f"{i:02}.png")


def trained(data, model):
    rows = ["--data", str(data), "--hidden", "4", "--seeds", "1", "--epochs", "2", "--quiet"]
    code, out, err = justright("compare", *rows, "--recipe", "l2=1e-3", "--save", model, "--json")
    assert code == 0, err
    return json.loads(out)


def told(model, data):
    code, out, err = justright("predict", model, "--data", str(data), "--json")
    assert code == 0, err
    return json.loads(out)


def accuracy_of_the_study(record):
    """On the test rows, of the training that is saved: the highest mean on validation rows."""
    best = max(record["table"], key=lambda row: row["val_metric"])
    same = [row for row in record["table"] if row["val_metric"] == best["val_metric"]]
    return {round(row["test_metric"], 6) for row in same}


@pytest.fixture(scope="module")
def pets(_at_work):
    """Pictures with a test part, and what the study says of a network that is saved of them."""
    for part in ("train", "test"):
        draw(Path("pets", part))
    return trained("pets", "pets.keras")


@pytest.fixture(scope="module")
def signals(_at_work):
    """Arrays with a test part, and what the study says."""
    X = np.random.default_rng(0).normal(2, 3, (80, 6, 2)).astype(np.float32)
    y = np.where(X[:, :, 0].mean(axis=1) > 2, "up", "down")
    np.savez("signals.npz", x_train=X[:60], y_train=y[:60], x_test=X[60:], y_test=y[60:])
    return X, y, trained("signals.npz", "signals.keras")


def test_pictures_are_predicted_as_the_study_judges_them(pets):
    record = told("pets.keras", "pets")
    assert round(record["score"]["accuracy"], 6) in accuracy_of_the_study(pets)
    assert [row["file"] for row in record["table"]][:2] == ["test/cat/00.png", "test/cat/01.png"]
    assert len(record["table"]) == 32
    assert "32 pictures of pets" in record["summary"]
    assert "Of its parts that is test." in record["summary"]


@pytest.mark.parametrize(
    ("where", "files"),
    [
        ("pets/test/dog", [f"{i:02}.png" for i in range(16)]),
        ("pets/test/dog/03.png", ["03.png"]),
    ],
)
def test_pictures_without_folders_of_classes_are_predicted_alike(pets, where, files):
    whole = {row["file"]: row for row in told("pets.keras", "pets")["table"]}
    record = told("pets.keras", where)
    assert record["score"] is None
    assert [row["file"] for row in record["table"]] == files
    for row in record["table"]:
        as_whole = whole[f"test/dog/{row['file']}"]
        assert row["probability dog"] == pytest.approx(as_whole["probability dog"], abs=1e-6)


def test_pictures_of_another_size_and_mode_are_brought_to_those_of_the_network(pets, tmp_path):
    draw(tmp_path / "gray", size=(20, 30), count=3, mode="L")
    record = told("pets.keras", tmp_path / "gray")
    assert len(record["table"]) == 6
    assert record["score"] is not None


def test_folders_that_are_no_classes_give_no_accuracy(pets, tmp_path):
    draw(tmp_path / "new", count=2)
    (tmp_path / "new" / "cat").rename(tmp_path / "new" / "monday")
    record = told("pets.keras", tmp_path / "new")
    assert 0 <= record["score"]["accuracy"] <= 0.5  # What is no class is never right.
    assert "Of monday the network knows nothing" in record["summary"]
    (tmp_path / "new" / "dog").rename(tmp_path / "new" / "tuesday")
    record = told("pets.keras", tmp_path / "new")
    assert record["score"] is None
    assert "No folder is named as a class of the network (cat, dog)" in record["summary"]


def test_arrays_are_predicted_as_the_study_judges_them(signals):
    record = told("signals.keras", "signals.npz")
    assert round(record["score"]["accuracy"], 6) in accuracy_of_the_study(signals[2])
    assert len(record["table"]) == 20
    assert "20 rows of x_test in signals.npz" in record["summary"]


@pytest.mark.parametrize(
    "names", [("X",), ("x_test",), ("arr_0",), ("X", "y"), ("X_test", "Y_test")]
)
def test_arrays_need_no_targets(signals, tmp_path, names):
    X, y, _ = signals
    np.savez(tmp_path / "new.npz", **dict(zip(names, (X[60:], y[60:]), strict=False)))
    record, whole = (told("signals.keras", one) for one in (tmp_path / "new.npz", "signals.npz"))
    assert record["table"] == whole["table"]
    assert record["score"] == (whole["score"] if len(names) > 1 else None)


def test_numbers_in_arrays_are_judged_by_their_mean_error(tmp_path):
    X = np.random.default_rng(0).normal(size=(60, 3))
    np.savez(tmp_path / "n.npz", X=X, y=X.sum(axis=1))
    trained(tmp_path / "n.npz", "line.keras")
    record = told("line.keras", tmp_path / "n.npz")
    predicted = np.array([row["prediction"] for row in record["table"]])
    expected = np.abs(predicted - X.sum(axis=1)).mean()
    assert record["score"]["mean absolute error"] == pytest.approx(expected, rel=1e-5)
    assert "by the array y;" in record["summary"]
    # The same rows in a table, whose columns are named as the array's are told.
    pd.DataFrame(X, columns=["x0", "x1", "x2"]).to_csv(tmp_path / "n.csv", index=False)
    assert told("line.keras", tmp_path / "n.csv")["table"] == record["table"]


def test_what_ships_is_judged_by_its_target():
    trained("iris", "iris.keras")
    record = told("iris.keras", "iris")
    y = jr.data.examples.whole_example("iris").y
    right = [row["prediction"] == label for row, label in zip(record["table"], y, strict=True)]
    assert record["score"]["accuracy"] == pytest.approx(np.mean(right))


@pytest.mark.parametrize("odd", [0, 2])
def test_cells_that_are_no_dates_are_counted(tmp_path, odd):
    table = pd.read_csv("patients.csv")
    table.insert(0, "seen", pd.date_range("2020-01-01", periods=len(table)).astype(str))
    table.to_csv(tmp_path / "seen.csv", index=False)
    trained(tmp_path / "seen.csv", "seen.keras")
    table.loc[10, "seen"] = None  # A cell that is missing is no surprise.
    table.loc[: odd - 1, "seen"] = "soon"
    table.to_csv(tmp_path / "seen.csv", index=False)
    summary = told("seen.keras", tmp_path / "seen.csv")["summary"]
    words = "2 of 60 cells of 'seen' are no dates and went in as missing."
    assert (words in summary) == bool(odd)
    assert ("no dates" in summary) == bool(odd)


def mixed(tmp_path):
    draw(tmp_path / "both", count=1)
    (tmp_path / "both" / "cat" / "00.png").rename(tmp_path / "both" / "00.png")
    return ["pets.keras", tmp_path / "both"]


def holding(**arrays):
    def made(tmp_path):
        np.savez(tmp_path / "odd.npz", **arrays)
        return ["signals.keras", tmp_path / "odd.npz"]

    return made


def damaged(name):
    def made(tmp_path):
        (tmp_path / name).write_bytes(b"\xee\x00 no such thing")
        return ["pets.keras", tmp_path / name]

    return made


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (mixed, "holds pictures, and folders with pictures too"),
        (lambda path: ["pets.keras", path], "holds no pictures"),
        (lambda _: ["signals.keras", "pets"], "the network takes rows of shape (6, 2)"),
        (lambda _: ["pets.keras", "signals.npz"], "the network takes (8, 8, 3)"),
        (lambda _: ["pets.keras", "pets", "--target", "x"], "Leave --target out"),
        (lambda _: ["signals.keras", "signals.npz", "--target", "y"], "Leave --target out"),
        (lambda _: ["s.keras", "signals.npz"], "a table is wanted"),
        (holding(a=np.zeros(3), b=np.zeros(3)), "holds the arrays a, b; X or x_test is wanted"),
        (holding(X=np.zeros((3, 6, 2)), y=np.zeros(2)), "has 3 rows"),
        (holding(X=np.zeros((3, 6, 5))), "5 channels, and 2"),
        (damaged("bad.npz"), "bad.npz cannot be read as .npz"),
        (damaged("bad.png"), "bad.png cannot be read as a picture"),
        (damaged("bad.bin"), "What is taken: a table"),
    ],
)
def test_what_no_network_can_take_is_told(pets, signals, tmp_path, made, words):
    model, data, *options = made(tmp_path)
    code, out, err = justright("predict", model, "--data", str(data), *options)
    assert (code, out) == (1, "")
    assert err.startswith("Error: ")
    assert words in err

"""The strength of L2 without validation rows, on real rows; what is doubted and what refused."""

import json

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn import datasets
from sklearn.model_selection import KFold, StratifiedKFold

import justright as jr
from conftest import dense_net, signs
from justright.cli.main import run

GRID = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
QUICK = {"strengths": (1e-3, 1e-2, 1e-1), "seeds": 1, "refine": 0, "epochs": 3, "progress": False}


def real_rows(name):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True)
    if name == "diabetes":
        y = ((y - y.mean()) / y.std()).astype(np.float32)
    order = np.random.default_rng(0).permutation(len(X))
    return X[order], y[order]


def network(X, y):
    classes = 1 if y.dtype.kind == "f" else len(np.unique(y))
    activation = None if y.dtype.kind == "f" else "softmax" if classes > 2 else "sigmoid"
    return dense_net((32,), X.shape[1], classes if classes > 2 else 1, activation)


@pytest.mark.parametrize(
    ("name", "matters"),
    [("diabetes", True), ("wine", False), ("iris", True), ("breast_cancer", True)],
)
def test_it_chooses_as_cross_validation_does(name, matters):
    """Within one standard error over folds of the best strength's loss, on rows that ship."""
    X, y = real_rows(name)
    how = {"preprocess": "standardize", "epochs": 150, "seeds": 1, "progress": False}
    how["optimizer"] = keras.optimizers.Adam(3e-3)
    found = jr.evidence_strength(network(X, y), (X, y), strengths=GRID, refine=1, **how)
    kind = KFold if name == "diabetes" else StratifiedKFold
    study = jr.compare(
        network(X, y), (X, y), {str(s): jr.L2(s) for s in {*GRID, found.strength}},
        splits=kind(5, shuffle=True, random_state=0), **how,
    )  # fmt: skip
    folds = study.table.pivot_table("val_loss", "split", "L2.strength")
    loss = folds.mean()
    best = loss.idxmin()
    assert loss[found.strength] <= loss[best] + folds[best].sem()
    assert (loss[found.strength] < loss[GRID[0]]) == matters


@pytest.fixture(scope="module")
def found():
    X, y = real_rows("iris")
    rows = (X - X.mean(axis=0), y)
    return jr.evidence_strength(
        network(X, y), rows, strengths=GRID, seeds=2, epochs=30, validation=rows, progress=False
    )


def test_the_result_tells_what_was_found(found):
    table = found.table
    assert len(table) in (10, 12)
    assert table["val_loss"].to_numpy() == pytest.approx(table["train_loss"].to_numpy(), rel=1e-4)
    assert table["noise"].isna().all()
    assert found.noise is None
    assert (table["effective"] <= 32 * 4 + 32 * 3).all()
    assert found.deviation == pytest.approx(jr.L2(found.strength).to_prior(rows=150))
    assert found.recipe == jr.Recipe(jr.L2(found.strength))
    assert list(found.layers["kernel"]) == ["hidden_0/kernel", "out/kernel"]
    assert list(found.layers["weights"]) == [128, 96]
    assert f"L2({found.strength:.3g})" in found.summary()
    assert f"{found.strength:.4g}" in found.study.recipes
    assert found.trusted == (not found.doubts) == ("Not to be trusted" not in found.summary())
    assert found.curve["strength"].is_monotonic_increasing


def test_the_model_is_that_of_the_highest_evidence(found):
    nearest = abs(np.log(found.table["strength"] / found.strength)).idxmin()
    trained = found.table[found.table["strength"] == found.table["strength"][nearest]]
    seed = int(trained.loc[trained["log_evidence"].idxmax(), "seed"])
    for chosen in (None, seed):
        kernel = found.model(chosen).get_weights()[0]
        name = f"{trained['strength'].iloc[0]:.4g}"
        np.testing.assert_array_equal(kernel, found.study.model(name, seed).get_weights()[0])


def test_the_picture_shows_evidence_and_losses(found):
    upper, lower = found.plot().axes
    assert upper.get_ylabel() == "log evidence (nats)"
    assert lower.get_xscale() == "log"
    labels = [text.get_text() for text in lower.get_legend().get_texts()]
    assert labels == ["train", "validation (decides nothing)"]


def test_all_rows_train_and_the_same_again_is_the_same(binary):
    first, again = (jr.evidence_strength(dense_net(), binary, **QUICK) for _ in range(2))
    assert first.study.task.training_rows == len(binary[0])
    assert first.table["val_loss"].isna().all()
    assert first.table.equals(again.table)


def test_validation_rows_decide_nothing(binary, held_out):
    plain = jr.evidence_strength(dense_net(), binary, **QUICK)
    told = jr.evidence_strength(dense_net(), binary, validation=held_out, **QUICK)
    assert told.table["val_loss"].notna().all()
    columns = ["strength", "seed", "log_evidence", "effective"]
    assert plain.table[columns].equals(told.table[columns])


def test_the_last_layer_alone_has_a_strength_of_its_own(binary):
    found = jr.evidence_strength(dense_net(), binary, curvature="last_layer", **QUICK)
    assert found.recipe == jr.Recipe(jr.L2({"output": found.strength}))
    assert list(found.layers["kernel"]) == ["out/kernel"]


DOUBTFUL = {
    "Dropout disturbs": jr.Dropout(0.3),
    "Mixup disturbs": jr.Mixup(0.3),
    "WeightDecay acts beside L2": jr.WeightDecay(0.01),
    "BatchNorm takes the scale": jr.BatchNorm(),
    "EarlyStopping ends training": jr.EarlyStopping(1),
}


def test_recipes_that_are_no_posterior_are_doubted(binary):
    from justright.evidence.doubts import doubts_of

    model, adam = dense_net(), keras.optimizers.Adam()
    for said, technique in DOUBTFUL.items():
        (doubt,) = doubts_of(jr.Recipe(technique), model, adam)
        assert doubt.startswith(said)
    assert doubts_of(jr.EMA(0.9) + jr.SkipConnections(), model, adam) == []
    own = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(4, activation="relu", kernel_regularizer="l1"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.Dense(1, activation="sigmoid"),
        ]
    )
    doubts = doubts_of(jr.Recipe(), own, keras.optimizers.AdamW())
    assert "the weight decay of AdamW" in doubts[0]
    assert "kernel_regularizer" in doubts[0]
    assert doubts[1].startswith("norm takes the scale")
    found = jr.evidence_strength(dense_net(), binary, jr.Dropout(0.3), **QUICK)
    assert not found.trusted
    assert any(doubt.startswith("Dropout disturbs") for doubt in found.doubts)
    assert found.recipe == jr.Dropout(0.3) + jr.L2(found.strength)


def test_trainings_that_fail_are_left_out(binary):
    X, _ = binary
    wild = {**QUICK, "strengths": (1e-3, 1e-2, 50.0), "epochs": 20}
    sgd = keras.optimizers.SGD(0.1)
    found = jr.evidence_strength(dense_net(), binary, optimizer=sgd, **wild)
    assert found.strength < 50
    assert "1 of 3 trainings failed" in found.summary()
    with pytest.raises(jr.DataError, match="At every strength some training failed"):
        jr.evidence_strength(
            dense_net(activation=None), (X, 1e3 * X[:, 0]), optimizer=keras.optimizers.SGD(10.0),
            **QUICK,
        )  # fmt: skip


@pytest.mark.parametrize(
    ("how", "error", "said"),
    [
        ({"recipe": jr.L2(0.1)}, jr.RecipeError, "brings L2"),
        ({"recipe": jr.SnapshotEnsemble(2)}, jr.RecipeError, "several networks predict"),
        ({"strengths": [0.0, 0.1]}, jr.RecipeError, "no prior and has no evidence"),
        ({"strengths": []}, jr.RecipeError, "at least one"),
        ({"curvature": "kronn"}, jr.RecipeError, "Did you mean kron"),
        ({"refine": -1}, jr.DataError, "refine=-1"),
        ({"loss": keras.losses.BinaryCrossentropy(label_smoothing=0.1)}, jr.ModelError, "options"),
        ({"loss": "hinge"}, jr.ModelError, "not a likelihood"),
        ({"splits": 3, "validation": 0.2}, jr.DataError, "no splits"),
        ({"splits": 3}, jr.DataError, "Leave splits out"),
    ],
)
def test_what_has_no_evidence_is_refused(how, error, said, binary):
    with pytest.raises(error, match=said):
        jr.evidence_strength(dense_net(), binary, **(QUICK | how))


def test_the_main_job_asks_for_the_strength_that_the_documents_say():
    data = jr.example("breast_cancer")
    found = jr.evidence_strength(
        None, data.train, strengths=(1e-3, 1e-2, 1e-1), seeds=2, epochs=200, batch_size=8
    )
    assert 0.005 < found.strength < 0.02
    assert jr.L2(1e-3).to_prior(rows=80) == pytest.approx(2.5)


def test_rows_on_disk_are_refused(tmp_path):
    X, y = signs(0, 50)
    np.save(tmp_path / "X.npy", X)
    with pytest.raises(jr.DataError, match="in memory"):
        jr.evidence_strength(dense_net(), (np.load(tmp_path / "X.npy", mmap_mode="r"), y))
    with pytest.raises(jr.DataError, match="a str was given"):
        jr.evidence_strength(dense_net(), "rows.parquet")


def test_the_command_chooses_on_all_rows_of_a_table(tmp_path, capsys):
    X, y = signs(0, 60)
    table = pd.DataFrame(X, columns=list("abcde")).assign(sick=y)
    table.to_csv(tmp_path / "rows.csv", index=False)
    figure = tmp_path / "evidence.png"
    few = ["--seeds", "1", "--epochs", "2", "--batch-size", "30", "--figure", str(figure)]
    arguments = ["evidence", "--data", str(tmp_path / "rows.csv"), *few]
    assert run(arguments) == 0
    printed = " ".join(capsys.readouterr().out.split())
    assert "60 rows, all of which train" in printed
    assert "log evidence decided train loss" in printed
    assert "ask for L2(" in printed
    assert figure.read_bytes().startswith(b"\x89PNG")
    assert run([*arguments, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["strength"] > 0
    assert told["trusted"] == (not told["doubts"])
    assert len(told["curve"]) >= 11
    assert run([*arguments, "--folds", "3"]) == 1
    assert "Leave them out" in " ".join(capsys.readouterr().err.split())

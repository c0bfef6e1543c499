"""Scripts train without justright what the study trained: same network, same figures."""

import ast
import re
import runpy
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import keras
import numpy as np
import pytest

import justright as jr
from justright.exports.keras_script import KNOWN as IN_KERAS
from justright.exports.scripts import script_of
from justright.exports.source import comment, quoted
from justright.exports.torch_script import KNOWN as IN_TORCH

SHARED = jr.EarlyStopping(8)
# Strong enough to be told from training without them.
RECIPES = {
    "plain": jr.Recipe(),
    "penalties": jr.Dropout(0.3) + jr.L2(0.05) + jr.BatchNorm() + jr.MaxNorm(1.0) + SHARED,
    "smooth": jr.LabelSmoothing(0.6)
    + jr.WeightDecay(0.3)
    + jr.GradientClipping(0.5)
    + jr.WarmRestarts(4, 2),
    "averaged": jr.EMA(0.98) + jr.Dropout(0.3) + SHARED,
    "noise": jr.DropConnect(0.4)
    + jr.Mixup(1.0)
    + jr.FeatureMasking(0.2)
    + jr.SAM(0.05)
    + jr.EMA(0.9)
    + jr.L1(0.002),
}
CASES = [
    ("keras", "penalties"),
    ("keras", "smooth"),
    ("keras", "averaged"),
    ("torch", "penalties"),
    ("torch", "smooth"),
    ("torch", "noise"),
]
wants_torch = pytest.mark.skipif(find_spec("torch") is None, reason="PyTorch is missing")


def rows(seed, count):
    """Columns of different scales, and labels that are text, a quarter of them wrong."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 5)).astype(np.float32)
    positive = (X.sum(axis=1) > 0) ^ (rng.random(count) < 0.15)
    return 10 * X + 100, np.where(positive, "yes", "no")


@pytest.fixture(scope="module")
def study():
    keras.utils.set_random_seed(7)
    layers = [keras.layers.Dense(n, activation="relu") for n in (32, 16)]
    model = keras.Sequential(
        [keras.Input((5,)), *layers, keras.layers.Dense(1, activation="sigmoid")]
    )
    return jr.compare(
        model,
        rows(0, 80),
        RECIPES,
        validation=rows(1, 600),
        preprocess="standardize",
        seeds=8,
        epochs=28,
        batch_size=8,
        optimizer=keras.optimizers.Adam(5e-3),
    )


def framework_ids(case):
    return "-".join(case)


@pytest.mark.parametrize("case", CASES, ids=framework_ids)
def test_a_script_that_is_run_reaches_the_studys_figures(study, case, tmp_path):
    framework, name = case
    if framework == "torch" and find_spec("torch") is None:
        pytest.skip("PyTorch is missing")
    script, arrays = study.save_script(tmp_path / "train.py", name, framework)
    assert (script.name, arrays.name) == ("train.py", "train.npz")
    alone = "import sys; sys.modules['justright'] = None; import runpy; sys.argv = ['train.py']; "
    alone += "runpy.run_path('train.py', run_name='__main__')"
    ended = subprocess.run(
        [sys.executable, "-c", alone],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    found = re.search(r"^val: loss (\S+), accuracy (\S+)$", ended.stdout, re.MULTILINE)
    loss, accuracy = map(float, found.groups())
    table = study.table.groupby("recipe")[["val_loss", "val_metric"]]
    mean, deviation = table.mean().loc[name], table.std().loc[name]
    # One more seed: it errs by its own deviation and that of the mean, which is itself estimated.
    allowed = 5 * deviation * np.sqrt(1 + 1 / 8) + 1e-3
    assert abs(loss - mean["val_loss"]) <= allowed["val_loss"]
    assert abs(accuracy - mean["val_metric"]) <= allowed["val_metric"]
    plain = table.mean().loc["plain"]["val_loss"]
    assert abs(plain - mean["val_loss"]) > allowed["val_loss"], "this could not fail"


def images_study(recipe, framework_net=None, **options):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(24, 6, 6, 2)).astype(np.float32), np.arange(24) % 3
    keras.utils.set_random_seed(3)
    net = framework_net or keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(5, 2, activation="tanh", kernel_initializer="he_uniform"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    return jr.compare(
        net, (X, y), {"it": recipe}, validation=(X, y), seeds=1, epochs=1, batch_size=8, **options
    )


def ran(text, tmp_path):
    path = tmp_path / "script.py"
    path.write_text(text, encoding="utf-8")
    return runpy.run_path(str(path))


def branched():
    entry = keras.Input((6, 6, 2))
    x = keras.layers.Conv2D(4, 3, padding="same", activation="relu")(entry)
    y = keras.layers.Conv2D(4, 1, activation="relu", name="class")(x)
    joined = keras.layers.Add(name="inputs")([x, y])
    end = keras.layers.Dense(3)(keras.layers.Flatten()(joined))
    return keras.Model(entry, end)


def recurrent():
    return keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Reshape((6, 12)),
            keras.layers.Bidirectional(keras.layers.LSTM(3)),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )


@pytest.mark.parametrize("build", [None, branched, recurrent], ids=["chain", "graph", "recurrent"])
def test_the_keras_script_builds_the_exported_network(build, tmp_path):
    recipe = jr.SpatialDropout(0.2) + jr.ElasticNet(1e-4, 1e-3) + jr.UnitNorm({"output": 0.5})
    study = images_study(recipe, build and build())
    made = ran(study.script("it"), tmp_path)["build"]()
    expected = study.model("it")

    def layers(model):
        return [(type(x), x.get_config() | {"name": ""}) for x in model.layers]

    known = [x for x in layers(made) if x[0] is not keras.layers.InputLayer]
    assert known == [x for x in layers(expected) if x[0] is not keras.layers.InputLayer]
    made.set_weights(expected.get_weights())
    X = np.random.default_rng(1).normal(size=(5, 6, 6, 2)).astype(np.float32)
    np.testing.assert_allclose(
        made.predict(X, verbose=0), expected.predict(X, verbose=0), atol=1e-6
    )


@wants_torch
def test_the_torch_script_builds_the_same_function(tmp_path):
    import torch

    recipe = jr.SpatialDropout(0.2) + jr.RandomFlip(0.3) + jr.L2({"hidden": 1e-3}) + jr.SWA(0)
    net = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(4, 3, padding="same", use_bias=False),
            keras.layers.BatchNormalization(momentum=0.9),
            keras.layers.ReLU(),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(5, 2, activation="tanh"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(3, activation="softmax"),
        ]
    )
    study = images_study(recipe, net)
    made = ran(study.script("it", "torch"), tmp_path)["build"]().eval()
    expected = study.model("it")
    kernels = [x for x in expected.layers if hasattr(x, "kernel")]
    modules = [m for m in made if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    with torch.no_grad():
        for layer, module in zip(kernels, modules, strict=True):
            kernel = np.asarray(layer.kernel)
            turned = kernel.T if kernel.ndim == 2 else kernel.transpose(3, 2, 0, 1)
            module.weight.copy_(torch.tensor(turned.copy()))
            if layer.use_bias:
                module.bias.copy_(torch.tensor(np.asarray(layer.bias)))
        norm = next(m for m in made if isinstance(m, torch.nn.BatchNorm2d))
        for name, weight in zip(
            ("weight", "bias", "running_mean", "running_var"), expected.layers[1].weights,
            strict=True,
        ):  # fmt: skip
            getattr(norm, name).copy_(torch.tensor(np.asarray(weight)))
        X = np.random.default_rng(1).normal(size=(5, 6, 6, 2)).astype(np.float32)
        logits = made(torch.tensor(X).movedim(-1, 1))
    assert norm.momentum == pytest.approx(0.1)
    np.testing.assert_allclose(
        torch.softmax(logits, 1).numpy(), expected.predict(X, verbose=0), atol=1e-5
    )


ALL_OF_TORCH = {
    "kin": jr.GaussianDropout(0.2)
    + jr.GaussianNoise({"input": 0.1})
    + jr.AlphaDropout(0.1)
    + jr.LayerNorm()
    + jr.ElasticNet(1e-4, {"hidden": 1e-3})
    + jr.WeightNoise(0.05)
    + jr.UnitNorm({"hidden": 1.0})
    + jr.GradientNoise(0.01)
    + jr.GradientClipping(1.0)
    + jr.SWA(3)
    + jr.EarlyStopping(3, min_delta=0.01, start_from_epoch=1, monitor="val_metric"),
    "last epoch": jr.SAM(0.05)
    + jr.EarlyStopping(3, restore_best=False)
    + jr.Dropout({"input": 0.1}),
}
OPTIMIZERS = [
    "momentum",
    keras.optimizers.RMSprop(1e-3, centered=True),
    keras.optimizers.AdamW(1e-3, weight_decay=0.02),
    keras.optimizers.Adam(1e-3, beta_1=0.8, amsgrad=True),
]


def all_scripts(study):
    for name in study.recipes:
        recipe = next(r.trial.recipe for r in study.results if r.trial.name == name)
        for framework, known in (("keras", IN_KERAS), ("torch", IN_TORCH)):
            if all(type(t) in known for t in recipe.techniques):
                yield study.script(name, framework)


def regression(recipes, optimizer, model=None, **options):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(41, 4)).astype(np.float32)
    y = np.stack([X.sum(axis=1), X[:, 0]], axis=1)
    return jr.compare(
        model, (X, y), recipes, validation=(X, y), seeds=1, epochs=2, batch_size=10,
        optimizer=optimizer, **options,
    )  # fmt: skip


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=["sgd", "rmsprop", "adamw", "adam"])
def test_scripts_are_formatted_and_without_leftovers(optimizer, tmp_path):
    plain = {"plain": jr.Recipe(), "batches": jr.BatchNorm()}
    adam = isinstance(optimizer, keras.optimizers.Adam)
    small = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "selu"), keras.layers.Dense(2)]
    )
    study = regression(plain | (ALL_OF_TORCH if adam else {}), optimizer, small)
    written = []
    for i, text in enumerate(all_scripts(study)):
        path = tmp_path / f"script_{i}.py"
        path.write_text(text, encoding="utf-8")
        written.append(str(path))
    assert len(written) >= 4
    ruff = [sys.executable, "-m", "ruff"]
    for arguments in (["format", "--diff"], ["check", "--select", "E,F,W", "--ignore", "E402"]):
        ended = subprocess.run(
            [*ruff, *arguments, "--isolated", *written],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr


@wants_torch
def test_scripts_of_everything_that_torch_has_run(tmp_path, monkeypatch, capsys):
    small = keras.Sequential(
        [keras.Input((4,)), keras.layers.Dense(3, "selu"), keras.layers.Dense(2)]
    )
    study = regression(ALL_OF_TORCH, "adam", small)
    monkeypatch.chdir(tmp_path)
    for name in ALL_OF_TORCH:
        path, _ = study.save_script("train.py", name, "torch")
        monkeypatch.setattr(sys, "argv", [str(path)])
        runpy.run_path(str(path), run_name="__main__")
        assert "val: loss" in capsys.readouterr().out


EVIL = """'''\"\"\"\n");open("ran","w")#\\"""


def test_names_of_the_user_are_text_and_never_code(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    layers = [keras.layers.Dense(3, name=EVIL.replace("/", "_")), keras.layers.Dense(1)]
    net = keras.Sequential([keras.Input((5,)), *layers])
    X, y = np.ones((8, 5), np.float32), np.array(["a", EVIL] * 4)
    study = jr.compare(
        net, (X, y), {EVIL: jr.Dropout({EVIL: 0.5})}, validation=(X, y), seeds=1, epochs=1
    )
    for framework in ("keras", "torch"):
        text = script_of(study.task, study.results[0], False, EVIL, framework)
        tree = ast.parse(text)
        calls = {n.func.id for n in ast.walk(tree) if isinstance(n, ast.Call)
                 and isinstance(n.func, ast.Name)}  # fmt: skip
        assert "open" not in calls
        assigned = {n.targets[0].id: n.value for n in tree.body if isinstance(n, ast.Assign)}
        assert ast.literal_eval(assigned["ROWS"]) == EVIL
    assert ran(study.script(EVIL), tmp_path)["build"]().layers[0].name == layers[0].name
    assert not (tmp_path / "ran").exists()
    _, arrays = study.save_script("evil.py", EVIL)
    with np.load(arrays) as file:
        assert set(file["y_val"]) == {"a", EVIL}


@pytest.mark.parametrize("text", [EVIL, "\r\x0c\u2028 \u202e", "plain", 'O\'Brien "x"', ""])
def test_quoting_gives_the_text_back_and_comments_end_where_they_should(text):
    assert ast.literal_eval(quoted(text)) == text
    assert quoted(text).isascii()
    assert all(line.startswith("#") for line in comment(f"a {text}").splitlines())


REFUSALS = {
    "jacobian": (
        "keras",
        jr.JacobianPenalty(0.1),
        jr.RecipeError,
        "JacobianPenalty has no part.*PyTorch lacks Jac",
    ),
    "sam": (
        "keras",
        jr.SAM(0.05),
        jr.RecipeError,
        "SAM has no part in a script for Keras; one for PyTorch has it",
    ),
    "skips": (
        "torch",
        jr.SkipConnections(),
        jr.RecipeError,
        "SkipConnections has no part.*for PyTorch",
    ),
    "several": (
        "keras",
        jr.SAM(0.05) + jr.Mixup(0.1) + jr.JacobianPenalty(0.1),
        jr.RecipeError,
        "SAM, Mixup and JacobianPenalty have no part .*PyTorch lacks Jac.*Or take them out",
    ),
    "schedule": ("keras", jr.Dropout(jr.Linear(0, 0.5, 3)), jr.RecipeError, "epoch to epoch"),
    "decay": ("keras", jr.WeightDecay({"hidden": 0.1}), jr.RecipeError, "differs by layer"),
    "order": ("torch", jr.GradientNoise(0.1) + jr.SAM(0.1), jr.RecipeError, "behind SAM"),
    "members": (
        "keras",
        jr.WarmRestarts(1, 1) + jr.SnapshotEnsemble(2),
        jr.RecipeError,
        "together",
    ),
    "framework": ("jax", jr.Recipe(), jr.DataError, "Known: keras, torch"),
}


def test_what_cannot_be_written_is_refused_by_name(tmp_path):
    recipes = {name: recipe for name, (_, recipe, _, _) in REFUSALS.items()}
    wide = keras.Sequential(
        [
            keras.Input((4,)),
            *[keras.layers.Dense(4, "relu") for _ in range(2)],
            keras.layers.Dense(2),
        ]
    )
    study = regression(recipes, "adam", wide)
    for name, (framework, _, error, said) in REFUSALS.items():
        with pytest.raises(error, match=said):
            study.script(name, framework)


def test_a_loss_of_ones_own_and_frozen_weights_are_refused():
    net = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3), keras.layers.Dense(2)])
    own = regression({"it": jr.Recipe()}, "adam", net, loss=keras.losses.Huber(0.5))
    with pytest.raises(jr.ModelError, match="is one of your own"):
        own.script("it")
    net.layers[0].trainable = False
    frozen = regression({"it": jr.Recipe()}, "adam", net)
    with pytest.raises(jr.ModelError, match="frozen"):
        frozen.script("it")


def test_the_file_of_rows_holds_the_parts_as_they_were_given(study, tmp_path):
    _, arrays = study.save_script(tmp_path / "train.py", "plain")
    with np.load(arrays) as file:
        assert sorted(file.files) == ["X_train", "X_val", "y_train", "y_val"]
        for part, given in (("train", rows(0, 80)), ("val", rows(1, 600))):
            np.testing.assert_allclose(file[f"X_{part}"], given[0], rtol=1e-5)
            assert (file[f"y_{part}"] == given[1]).all()


def test_the_document_says_what_either_framework_has():
    """`parts_table` writes the table; put its lines there if this fails."""
    text = (Path(__file__).parents[1] / "docs" / "export.md").read_text(encoding="utf-8")
    assert parts_table() in text


def parts_table():
    kinds = sorted({*IN_KERAS, *IN_TORCH}, key=lambda kind: kind.__name__)

    return "\n".join(
        f"| {k.__name__} | {IN_KERAS.get(k, '')} | {IN_TORCH.get(k, '')} |" for k in kinds
    )


def test_a_file_of_the_users_own_beside_the_script_stays(study, tmp_path):
    own = tmp_path / "mine.npz"
    np.savez(own, X=np.zeros(3))
    with pytest.raises(jr.DataError, match="is there already"):
        study.save_script(tmp_path / "mine.py", "plain")
    assert np.load(own).files == ["X"]
    own.unlink()
    for _ in range(2):  # Rows that it wrote itself are replaced.
        study.save_script(tmp_path / "mine.py", "plain")
    assert "X_train" in np.load(own).files

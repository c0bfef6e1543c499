"""A `.keras` file from a stranger: what it asks for is refused, and nothing of it runs."""

import io
import json
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import justright as jr
from justright.network.files import read_model


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def saved(name="net.keras"):
    keras.utils.set_random_seed(0)
    layers = [
        keras.layers.Dense(4, activation="relu", kernel_regularizer="l2", name="first"),
        keras.layers.BatchNormalization(),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(1, kernel_constraint=keras.constraints.MaxNorm(2.0)),
    ]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("adamw", "mse")
    model.save(name)
    return model


def changed(name, config=None, weights=None, compression=zipfile.ZIP_STORED):
    """The saved network with its configuration or its weights put through a function."""
    saved()
    with (
        zipfile.ZipFile("net.keras") as old,
        zipfile.ZipFile(name, "w", compression) as new,
    ):
        for part in old.namelist():
            content = old.read(part)
            if part == "config.json" and config:
                content = json.dumps(config(json.loads(content))).encode()
            if part == "model.weights.h5" and weights:
                file = io.BytesIO(content)
                with h5py.File(file, "r+") as opened:
                    weights(opened)
                content = file.getvalue()
            new.writestr(part, content)
    return Path(name)


def in_first_layer(**changes):
    def change(config):
        config["config"]["layers"][1] |= changes
        return config

    return change


def as_activation(function):
    def change(config):
        config["config"]["layers"][1]["config"]["activation"] = function
        return config

    return change


def test_what_keras_saves_is_read(place):
    model, read = saved(), read_model(Path("net.keras"))
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    np.testing.assert_array_equal(model.predict(rows, verbose=0), read.predict(rows, verbose=0))


def test_a_graph_with_operations_policies_and_nested_models_is_read(place):
    entry = keras.Input((4, 4, 1))
    x = keras.layers.Conv2D(2, 3, dtype="mixed_bfloat16")(entry)
    inner = keras.Sequential([keras.Input((2, 2, 2)), keras.layers.Flatten()])
    x = keras.ops.log_softmax(keras.layers.Dense(2, name="logits")(inner(x)))[:, 0]
    keras.Model(entry, x).save("graph.keras")
    assert read_model(Path("graph.keras")).output_shape == (None,)


def test_a_class_that_the_user_has_registered_is_no_code_of_the_files(place):
    @keras.saving.register_keras_serializable("tests")
    class Doubled(keras.layers.Layer):
        def call(self, x):
            return 2 * x

    keras.Sequential([keras.Input((3,)), Doubled(), keras.layers.Dense(1)]).save("own.keras")
    assert type(read_model(Path("own.keras")).layers[0]) is Doubled


def a_lambda_layer():
    layer = keras.layers.Lambda(lambda x: Path("ran").touch() or x)
    keras.Sequential([keras.Input((3,)), layer]).save("evil.keras")
    assert Path("ran").exists(), "the trap does not work"
    Path("ran").unlink()


def a_class_of(module, name, **config):
    return lambda: changed(
        "evil.keras", in_first_layer(module=module, class_name=name, config=config)
    )


def a_function_of(module, name):
    function = {
        "module": module,
        "class_name": "function",
        "config": name,
        "registered_name": name,
    }
    return lambda: changed("evil.keras", as_activation(function))


def a_module_that_is_run_when_imported():
    Path("trap.py").write_text("open('ran', 'w').close()\nclass Trap: pass\n")
    changed("evil.keras", in_first_layer(module="trap", class_name="Trap"))


ASKS_FOR_CODE = {
    "a Lambda layer": a_lambda_layer,
    "a class of os": a_class_of("os", "system", command="touch ran"),
    "a module of the folder": a_module_that_is_run_when_imported,
    "a function of os": a_function_of("os", "system"),
    "a function of builtins": a_function_of("builtins", "exec"),
    "a switch of Keras": a_function_of("keras.config", "enable_unsafe_deserialization"),
    "a download by Keras": a_function_of("keras.utils", "get_file"),
    "a saved program": a_class_of("keras.layers", "TFSMLayer", filepath="elsewhere"),
    "a vocabulary in a file": a_class_of("keras.layers", "StringLookup", vocabulary="/etc/passwd"),
    "a class without a home": a_class_of(None, "Trap"),
}


@pytest.mark.parametrize("trap", ASKS_FOR_CODE.values(), ids=ASKS_FOR_CODE.keys())
def test_a_file_that_asks_for_code_is_refused_and_nothing_runs(place, monkeypatch, trap):
    monkeypatch.syspath_prepend(place)
    trap()
    with pytest.raises(jr.ModelError, match=r"evil\.keras (holds|asks for|names)"):
        read_model(Path("evil.keras"))
    assert not Path("ran").exists()


def first_dataset(file):
    found = []
    file.visititems(lambda name, one: found.append(name) if isinstance(one, h5py.Dataset) else None)
    return found[0]


def replaced_by(make):
    def change(file):
        name = first_dataset(file)
        shape = file[name].shape
        del file[name]
        make(file, name, shape)

    return change


def a_virtual_dataset(file, name, shape):
    layout = h5py.VirtualLayout(shape, np.float32)
    layout[:] = h5py.VirtualSource("other.h5", "secret", shape)
    file.create_virtual_dataset(name, layout)


LEADS_ELSEWHERE = {
    "an external link": lambda f, n, _: f.__setitem__(n, h5py.ExternalLink("other.h5", "secret")),
    "a soft link": lambda f, n, _: f.__setitem__(n, h5py.SoftLink("/elsewhere")),
    "external storage": lambda f, n, s: f.create_dataset(
        n, s, np.float32, external=[("/etc/hostname", 0, h5py.h5f.UNLIMITED)]
    ),
    "a virtual dataset": a_virtual_dataset,
    "Python objects": lambda f, n, _: f.create_dataset(n, (2,), h5py.string_dtype()),
    "more than it holds": lambda f, n, _: f.create_dataset(
        n, (2**34,), np.float32, chunks=(2**20,)
    ),
}


@pytest.mark.parametrize("make", LEADS_ELSEWHERE.values(), ids=LEADS_ELSEWHERE.keys())
def test_weights_that_lead_elsewhere_are_not_followed(place, make):
    changed("evil.keras", weights=replaced_by(make))
    with pytest.raises(jr.ModelError, match=r"evil\.keras"):
        read_model(Path("evil.keras"))


def test_a_file_that_unpacks_to_far_more_is_not_unpacked(place):
    filled = changed(
        "evil.keras",
        lambda config: config | {"note": " " * 2**26},
        compression=zipfile.ZIP_DEFLATED,
    )
    assert filled.stat().st_size < 2**20
    with pytest.raises(jr.ModelError, match="unpacked"):
        read_model(filled)


def test_a_configuration_that_is_too_deep_is_told(place):
    saved()
    with zipfile.ZipFile("deep.keras", "w") as packed:
        packed.writestr("config.json", "[" * 100_000)
        packed.writestr("model.weights.h5", b"")
    with pytest.raises(jr.ModelError, match=r"deep\.keras cannot be read"):
        read_model(Path("deep.keras"))


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_told(place, share):
    saved()
    whole = Path("net.keras").read_bytes()
    Path("cut.keras").write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(jr.ModelError, match=r"cut\.keras"):
        read_model(Path("cut.keras"))

"""The backend is chosen before Keras is imported; each core gets a device, or it is said."""

import os
import subprocess
import sys

import pytest

TRAIN = """
import numpy as np
rows = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
study = jr.compare(None, rows, {"plain": jr.Recipe()}, seeds=1, epochs=1)
print(keras.config.backend(), len(jax.devices()), [n for n in study.notes if "cores" in n])
"""


def run(code, **variables):
    """Run code in a process of its own, without what this one has set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("KERAS", "JAX"))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept | variables, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_core_gets_a_device():
    said = run("import justright as jr, keras, jax\n" + TRAIN, JAX_NUM_CPU_DEVICES="2")
    assert said == "jax 2 []"


def test_jax_may_be_imported_before_as_long_as_it_has_not_started():
    said = run("import jax, justright as jr, keras\n" + TRAIN, JAX_NUM_CPU_DEVICES="2")
    assert said == "jax 2 []"


def test_it_is_said_when_jax_had_started_before():
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("one core")
    said = run("import jax; jax.devices()\nimport justright as jr, keras\n" + TRAIN)
    assert said.startswith("jax 1 ['JAX had started before justright was imported, so 1 of")


def test_the_users_number_of_devices_is_kept():
    said = run("import justright as jr, keras, jax\n" + TRAIN, JAX_NUM_CPU_DEVICES="1")
    assert said == "jax 1 []"


def test_jax_in_64_bits_is_refused_in_a_sentence():
    code = """
import numpy as np, justright as jr
rows = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
try:
    jr.compare(None, rows, {"plain": jr.Recipe()}, seeds=1, epochs=1)
except jr.ModelError as error:
    print(error)
"""
    assert "JAX in 64 bits" in run(code, JAX_ENABLE_X64="1")


def test_the_compilation_cache_can_be_placed_and_turned_off(tmp_path):
    code = "import justright as jr, keras, jax\n" + TRAIN
    run(code, JUSTRIGHT_CACHE=str(tmp_path / "here"))
    assert list((tmp_path / "here").glob("xla-*/*"))
    run(code, JUSTRIGHT_CACHE="off", XDG_CACHE_HOME=str(tmp_path / "user"))
    assert not (tmp_path / "user" / "justright").exists()


def test_keras_is_imported_without_what_a_training_does_not_need():
    code = """
import sys, justright as jr, keras
print([name for name in ("sklearn", "pandas", "matplotlib") if name in sys.modules])
import numpy as np, pandas as pd
print(keras.wrappers.SKLearnClassifier.__name__, "sklearn" in sys.modules)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse")
model.fit(pd.DataFrame({"a": [0.0, 1.0]}), pd.Series([0.0, 1.0]), validation_split=0.5, verbose=0)
print(callable(keras.visualization.plot_image_gallery), "matplotlib" in sys.modules)
"""
    assert run(code).splitlines() == ["[]", "SKLearnClassifier True", "True True"]


def test_keras_imported_before_is_left_as_it_is():
    code = """
import os; os.environ["KERAS_BACKEND"] = "jax"
import keras, sys
finders = list(sys.meta_path)
import justright
print(sys.meta_path == finders)
"""
    assert run(code) == "True"


def test_threads_may_be_the_first_to_look_at_a_deferred_module_together():
    code = """
import justright, keras
from concurrent.futures import ThreadPoolExecutor
with ThreadPoolExecutor(8) as pool:
    names = list(pool.map(lambda _: keras.wrappers.SKLearnClassifier.__name__, range(8)))
print(set(names), type(keras.wrappers).__name__)
"""
    assert run(code) == "{'SKLearnClassifier'} module"

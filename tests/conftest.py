"""What several tests share: small data, small networks, and a count of compilations."""

import justright  # noqa: F401, I001  First: it chooses the backend before Keras is imported.

import contextlib
import ctypes
import gc

import jax
import keras
import numpy as np
import pytest

from justright.engine import program


@pytest.fixture(autouse=True, scope="module")
def forgetting():
    """What one file compiled is no use to the next: kept, it would come to gigabytes.

    The C library keeps what compilers gave back, most of which is this.
    """
    yield
    program.forget()
    jax.clear_caches()
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):  # There is none on other systems.
        ctypes.CDLL(None).malloc_trim(0)


@pytest.fixture(scope="module")
def quick_to_compile():
    """Compiling well takes longer than running badly, of so many shapes of so few rows."""

    def compiled(_, function, *shapes):
        return function.lower(*shapes).compile({"xla_backend_optimization_level": 0})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(program, "compiled", compiled)
        yield


@pytest.fixture
def binary():
    """80 rows of 5 features whose sign of a noisy sum is the class."""
    return signs(seed=0, count=80)


@pytest.fixture
def held_out():
    return signs(seed=1, count=60)


def signs(seed, count):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(count, 5)).astype(np.float32)
    return X, (X.sum(axis=1) + rng.normal(size=count) > 0).astype(int)


@pytest.fixture
def small_net():
    """5 → 8 → 4 → 1, with weights from a fixed seed."""
    keras.utils.set_random_seed(7)
    return dense_net()


def dense_net(units=(8, 4), features=5, outputs=1, activation="sigmoid", **options):
    hidden = [
        keras.layers.Dense(n, activation="relu", name=f"hidden_{i}", **options)
        for i, n in enumerate(units)
    ]
    last = keras.layers.Dense(outputs, activation=activation, name="out")
    return keras.Sequential([keras.Input((features,)), *hidden, last])


class Compilations:
    """Counts what JAX compiles while the block runs."""

    def __init__(self):
        self.count = 0
        self._listening = False

    def __enter__(self):
        self._listening = True
        jax.monitoring.register_event_duration_secs_listener(self._hear)
        return self

    def __exit__(self, *_):
        self._listening = False

    def _hear(self, event, duration, **_):
        if self._listening and event == "/jax/core/compile/backend_compile_duration":
            self.count += 1

"""Numbers follow from seeds, whatever other threads of the process draw meanwhile."""

import random
import threading
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np
import pytest

import justright as jr
from conftest import signs
from justright.network.randomness import random_numbers_kept, seeded
from justright.network.weights import fresh_values


def network():
    inputs = x = keras.Input((5,))
    for width in (8, 8, 8, 1):
        x = keras.layers.Dense(width)(x)
    return keras.Model(inputs, x)


@pytest.fixture
def another_draws():
    """A thread that draws from Python's generator all the time, and what it has drawn."""
    ends, drawn = threading.Event(), []

    def draw():
        while not ends.wait(1e-4):
            drawn.append(random.random())

    thread = threading.Thread(target=draw)
    thread.start()
    yield drawn
    ends.set()
    thread.join()


def test_initial_values_follow_from_the_seed_while_another_thread_draws(another_draws):
    model = network()
    first = fresh_values(model, 1)
    before = len(another_draws)
    for _ in range(10):
        again = fresh_values(model, 1)
        for path, value in first.items():
            np.testing.assert_array_equal(again[path], value)
    drawn = list(another_draws)
    assert len(drawn) > before
    assert len(set(drawn)) == len(drawn)  # Nothing is drawn twice.


def test_seeds_are_those_of_pythons_generator():
    with seeded(3):
        ours = keras.initializers.GlorotUniform().seed
    state = random.getstate()
    random.seed(3)
    theirs = keras.initializers.GlorotUniform().seed
    random.setstate(state)
    assert ours == theirs
    with random_numbers_kept():
        fresh = keras.initializers.GlorotUniform().seed
    assert random.getstate() == state
    assert keras.initializers.GlorotUniform().seed == fresh


def test_two_studies_at_a_time_give_the_numbers_of_one_after_the_other():
    recipes = {"plain": jr.Recipe(), "dropout": jr.Dropout(0.3)}

    def compared(seed):
        study = jr.compare((4,), signs(seed, 60), recipes, test=0.2, seeds=2, epochs=2)
        return [(one.trial.name, one.trial.seed, one.test) for one in study.results]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(compared, (0, 1))) == [compared(0), compared(1)]

"""Numbers do not drift unseen: small studies give what is written down in golden.json."""

import json

import keras
import numpy as np
import pytest

import golden
from justright.engine.versions import Versions, present

WANTED = json.loads(golden.FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def study():
    return golden.compared(progress=False)


def test_numbers_are_those_that_are_written_down(study):
    said, largest = golden.drift(golden.measured(study), WANTED)
    then, now = Versions(**WANTED["versions"]), present()
    assert not said, (
        f"Numbers have moved by up to {largest:.1e} from those of {then}; this is {now}.\n"
        + "\n".join(said)
        + "\nFind out why. If it is meant, run python tests/golden.py --renew, and say so in "
        "CHANGELOG.md."
    )
    assert {one.trial.name for one in study.results} == set(WANTED["studies"])


def test_a_change_of_the_arithmetic_would_be_seen():
    adam = keras.optimizers.Adam(0.01, epsilon=1e-6)
    said, largest = golden.drift(golden.measured(golden.compared(optimizer=adam)), WANTED)
    assert said
    assert largest > golden.TOLERANCE


def test_what_differs_is_said_by_name():
    found = json.loads(json.dumps(WANTED))
    found["draws"]["weights"] += 1
    found["studies"]["plain"]["epochs"] += 1
    found["studies"]["zeros"]["val_loss"][0] *= 1 + 2 * golden.TOLERANCE
    said, _ = golden.drift(found, WANTED)
    assert [one.split(":")[0] for one in said] == [
        "The draws of a seed are others",
        "plain",
        "zeros",
    ]


def test_a_study_says_what_it_was_trained_with(study):
    (versions,) = study.versions
    assert versions == present()
    assert versions.keras == keras.__version__
    assert versions.numpy == np.__version__
    assert str(versions).startswith(f"justright {versions.justright}, JAX {versions.jax}, Keras")

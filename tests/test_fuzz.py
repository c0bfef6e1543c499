"""A little of the fuzzer, and what it has found: nothing but documented errors leaves a target."""

import gzip
import importlib
import json
import lzma
import os
from pathlib import Path

import pytest

from justright.errors import JustrightError

ROOT = Path(__file__).parents[1]
INPUTS = 300
FUZZ = str(ROOT / "fuzz")


@pytest.fixture(autouse=True)
def importable(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(FUZZ)
    monkeypatch.chdir(tmp_path)


def names():
    pages = (ROOT / "fuzz" / "harness" / "targets").glob("*.py")
    return sorted(one.stem for one in pages if one.stem != "__init__")


def target(name):
    return importlib.import_module("harness.targets").target(name)


@pytest.mark.parametrize("name", names())
def test_nothing_but_documented_errors_leaves_it(name):
    drive = importlib.import_module("harness.drive")
    assert name in importlib.import_module("harness.targets").NAMES
    with drive.memory() as folder:
        tally = drive.driven(drive.Run(name, INPUTS, 0, folder))
    assert [trace for _, trace in tally.findings.values()] == []
    assert tally.inputs == INPUTS
    assert tally.taken
    assert tally.refused


def test_the_same_seed_gives_the_same_inputs(tmp_path):
    drive = importlib.import_module("harness.drive")
    first, again = (drive.driven(drive.Run("wish", 200, 3, tmp_path)) for _ in range(2))
    assert (first.taken, first.refused) == (again.taken, again.refused)


def test_a_fault_is_found_and_kept(tmp_path):
    """The harness itself: what is no documented error is written down, once for each place."""
    harness = importlib.import_module("harness.target")
    drive = importlib.import_module("harness.drive")

    def check(data):
        if data.startswith(b"x"):
            raise KeyError(data)

    one = harness.Target("broken", list, check, lambda data, _: data)
    tally = harness.Tally()
    for data in (b"x1", b"ok", b"x2"):
        tally.try_one(one, data)
    assert (tally.taken, tally.refused, tally.failed, len(tally.findings)) == (1, 0, 2, 1)
    drive.write_findings(tmp_path, tally)
    assert (tmp_path / "finding0.input").read_bytes() == b"x1"
    assert "KeyError" in (tmp_path / "finding0.txt").read_text()


# ------------------------------------------------------------------ what it has found


def of_dates(last):
    rows = [f"{i},2021-03-0{i + 1},{'yn'[i % 2]}" for i in range(8)]
    return "\n".join(["cage,joined,stays", *rows, f"9,{last},y"]).encode()


def history(**changed):
    (content,) = target("history").corpus()
    whole = json.loads(content)
    whole["trainings"][0] |= changed
    return json.dumps(whole).encode()


def damaged(kind, whole, at):
    return kind + whole[:at] + b"\xff" + whole[at + 1 :]


PEOPLE = b"a,b\n" + b"1,2\n" * 90
TAKEN = {
    "a date that nanoseconds do not reach": ("table", lambda: of_dates("9999-12-31")),
    "a date before the calendar": ("table", lambda: of_dates("0021-03-05")),
}
REFUSED = {
    "a gzip file that is damaged inside": (
        "table",
        lambda: damaged(b"g", gzip.compress(PEOPLE), 10),
    ),
    "an xz file likewise": ("table", lambda: damaged(b"x", lzma.compress(PEOPLE), 40)),
    "a damaged word of pandas' own": (
        "arrow",
        lambda: target("arrow").corpus()[3].replace(b'"numpy_type"', b'"numpy_tape"'),
    ),
    "an epoch that is no count": (
        "epochs",
        lambda: b"epoch,loss,val_loss\n-1e308,1,0.9\n1e308,0.5,0.8\n",
    ),
    "a point that is a list": ("history", lambda: history(point=[1])),
    "a training without its losses": ("history", lambda: history(figures={})),
    "a figure that no float holds": ("history", lambda: history(looks=[10**400])),
    "a figure that is text": ("history", lambda: history(looks=["0.5"])),
    "a count that is none": ("history", lambda: history(batch="first")),
    "half a character": ("history", lambda: history(point={"width": "\ud800"})),
    "a history without an end": ("history", lambda: b"[" * 100_000),
    "a description without an end": ("archive", lambda: b"j" + b"[" * 100_000),
    "a number of an array that does not fit": (
        "preparation",
        lambda: b'{"is": "array", "dtype": "<i8", "shape": [1], "items": [1e400]}',
    ),
    "a name of a column that is no text": (
        "store",
        lambda: target("store").corpus()[0].replace(b"recipe TEXT", b"recip\xf4 TEXT"),
    ),
    "a number of a training that is text": ("store", lambda: b'r[["weights", "trial", 0, "x"]]'),
    "a number beyond SQLite's": ("store", lambda: b'r[["weights", "trial", 0, 1e308]]'),
    "a name that is too long": ("arguments", lambda: b"compare\n--data\n" + b"A" * 300),
    "a store with such a name": ("arguments", lambda: b"store\n" + b"A" * 300),
    "a lesson with such a name": ("arguments", lambda: b"lesson\n" + b"A" * 300),
    "more seeds than can be counted": (
        "arguments",
        lambda: b"compare\n--data\nt.csv\n--seeds\n9223372036854775808",
    ),
    "units of too many digits": (
        "arguments",
        lambda: b"compare\n--data\nt.csv\n--hidden\n" + b"9" * 5000,
    ),
    "pixels of too many digits": (
        "arguments",
        lambda: b"compare\n--data\nt.csv\n--image-size\n" + b"9" * 5000,
    ),
}


@pytest.mark.parametrize("found", TAKEN)
def test_what_was_found_is_read(found):
    name, data = TAKEN[found]
    target(name).check(data())


@pytest.mark.parametrize("found", REFUSED)
def test_what_was_found_is_refused_in_words(found):
    name, data = REFUSED[found]
    target(name).corpus()
    with pytest.raises(JustrightError):
        target(name).check(data())


def test_no_bit_of_a_parquet_file_ends_the_process():
    """pyarrow aborts where it is asked about columns whose description contradicts itself."""
    pytest.importorskip("pyarrow")
    (whole, *_), check = target("arrow").corpus(), target("arrow").check
    size = int.from_bytes(whole[-8:-4], "little")
    start, refused = len(whole) - 8 - size, 0
    for bit in range(0, 8 * size, 23):
        at = start + bit // 8
        try:
            check(whole[:at] + bytes([whole[at] ^ (1 << bit % 8)]) + whole[at + 1 :])
        except JustrightError:
            refused += 1
    assert refused


def test_text_of_an_arrow_file_that_lies_elsewhere_is_not_followed():
    """Its offsets are used as they are: one that is too large was a segmentation fault."""
    feather = pytest.importorskip("pyarrow.feather")
    import numpy as np
    import pandas as pd

    frame = pd.DataFrame({"t": list("abcd") * 5, "y": np.arange(20) % 2})
    feather.write_feather(frame, "t.feather", compression="uncompressed")
    whole = Path("t.feather").read_bytes()
    kind = next(k for k in (np.int32, np.int64) if np.arange(21, dtype=k).tobytes() in whole)
    offsets = np.arange(21, dtype=kind)
    moved = np.where(offsets == 20, 2**30, offsets).astype(kind)
    with pytest.raises(JustrightError, match="cannot be read as Arrow"):
        target("arrow").check(b"f" + whole.replace(offsets.tobytes(), moved.tobytes()))


def test_days_are_counted_across_all_centuries():
    import numpy as np
    import pandas as pd

    from justright.data.columns import as_dates, date_parts

    text = pd.Series(["1970-01-01", "1970-01-02T12:00", None, "9999-12-31", "0021-03-05"])
    days = date_parts(as_dates(text))["days"]
    known = np.array([f"{one}" for one in ("9999-12-31", "0021-03-05")], "datetime64[D]")
    np.testing.assert_array_equal(days[:3], [0, 1.5, np.nan])
    np.testing.assert_array_equal(days[3:], known.astype(int))


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of POSIX")
def test_what_the_system_says_of_a_file_is_said_in_words(capsys, monkeypatch):
    from justright.cli.main import run

    def full(*_, **__):
        raise OSError(28, "No space left on device", "epochs.csv")

    monkeypatch.setattr("justright.data.epochs.read_epochs", full)
    monkeypatch.setattr("justright.experiments.diagnose.read_epochs", full)
    assert run(["diagnose", "epochs.csv"]) == 1
    said = capsys.readouterr().err
    assert "'epochs.csv': No space left on device." in said
    assert "Traceback" not in said

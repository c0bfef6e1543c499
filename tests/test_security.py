"""Nothing that comes in is run: by the code as it stands, and by what the interpreter does."""

import ast
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import advisories

ROOT = Path(__file__).parents[1]
MODULES = sorted((ROOT / "src" / "justright").rglob("*.py"))
CALLS = {"eval", "exec", "compile", "__import__", "input"}
IMPORTS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "marshal", "shelve", "joblib"} | {
    "subprocess",
    "pty",
    "code",
    "runpy",
    "yaml",
}
ATTRIBUTES = {
    "os.system",
    "popen",
    "execv",
    "read_pickle",
    "enable_unsafe_deserialization",
    "query",
    "eval",
}
# The names that these import by are the module's own, or below homes that it names.
IMPORTERS = {"__init__.py", "deferred.py", "extras.py", "portable.py", "notebook.py"}
OPTIONS = {"allow_pickle", "weights_only", "shell"}


def faults(path):
    """Calls by which input could become code."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names if one.name.split(".")[0] in IMPORTS)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in IMPORTS:
            yield node.module
        elif isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            attribute = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            yield from {name} & CALLS
            whole = ast.unparse(node.func)
            yield from {attribute, whole} & ATTRIBUTES
            yield from {one.arg for one in node.keywords} & OPTIONS
            if attribute == "import_module" and path.name not in IMPORTERS:
                yield attribute


def test_the_code_has_no_way_from_input_to_code():
    found = {str(one.relative_to(ROOT)): list(faults(one)) for one in MODULES}
    assert {name: list(of) for name, of in found.items() if of} == {}


def test_a_way_would_be_found(tmp_path):
    file = tmp_path / "module.py"
    for text in ("import pickle", "eval(x)", "np.load(x, allow_pickle=True)", "os.system(x)"):
        file.write_text(text, encoding="utf-8")
        assert list(faults(file))


def test_reading_what_comes_in_starts_nothing(tmp_path):
    """Under an audit hook of the interpreter: no process, no connection, no pickle, no code."""
    command = [sys.executable, str(ROOT / "fuzz" / "watch.py"), "--inputs", "30"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr[-2000:]
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["seen"] == []
    assert told["would_be_seen"] == [
        "exec",
        "pickle.find_class",
        "socket.connect",
        "subprocess.Popen",
    ]
    assert told["inputs"] > 300


def test_the_threat_model_names_files_that_are_there_and_all_targets():
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    named = re.findall(r"`((?:tests|fuzz)/[^`]+)`|\]\(([^)#:]+)\)", text)
    paths = [one or other for one, other in named]
    assert len(paths) > 15
    assert [path for path in paths if not (ROOT / path).is_file()] == []
    targets = (ROOT / "fuzz" / "harness" / "targets").glob("[a-z]*.py")
    assert {f"fuzz/harness/targets/{one.name}" for one in targets} <= set(paths)


def test_the_record_is_of_all_targets_and_of_enough_inputs():
    text = (ROOT / "fuzz" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+) \| ([\d,]+) \| ([\d,]+) \| ([\d,]+) \|", text, re.MULTILINE)
    counts = {name: [int(one.replace(",", "")) for one in of] for name, *of in rows}
    targets = (ROOT / "fuzz" / "harness" / "targets").glob("[a-z]*.py")
    assert set(counts) == {one.stem for one in targets}
    assert sum(inputs for inputs, *_ in counts.values()) >= 100_000
    assert all(taken and refused for _, taken, refused in counts.values())


# ------------------------------------------------------------------ dependencies

VULNERABLE = {
    "id": "OSV-1",
    "affected": [
        {
            "package": {"ecosystem": "PyPI", "name": "Some_Package"},
            "ranges": [
                {
                    "type": "ECOSYSTEM",
                    "events": [{"introduced": "0"}, {"fixed": "1.2"}, {"introduced": "2.0rc1"}],
                }
            ],
            "versions": ["1.5.post1", "not a version"],
        }
    ],
}


def affected(version, record=VULNERABLE):
    versions = {"some-package": advisories.Version(version)}
    return bool(advisories.named_by([record], versions))


@pytest.mark.parametrize(
    ("version", "is_named"),
    [("1.1", True), ("1.2", False), ("1.5", False), ("1.5.post1", True), ("2.0", True)],
)
def test_an_advisory_names_the_versions_that_it_names(version, is_named):
    assert affected(version) is is_named
    assert not affected(version, VULNERABLE | {"withdrawn": "2020-01-01T00:00:00Z"})


def test_the_last_that_is_affected_is():
    (one,) = VULNERABLE["affected"]
    ranges = [
        {"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"last_affected": "1.4"}]},
        {"type": "GIT", "events": [{"introduced": "0"}]},
    ]
    record = VULNERABLE | {"affected": [one | {"ranges": ranges, "versions": []}]}
    assert [affected(v, record) for v in ("0.9", "1.0", "1.4", "1.4.1")] == [
        False,
        True,
        True,
        False,
    ]


def test_lists_are_read_in_each_of_their_forms(tmp_path):
    audit = {"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "X"}]}, {"name": "b"}]}
    texts = {
        "one.json": VULNERABLE,
        "list.json": [VULNERABLE],
        "vulns.json": {"vulns": [VULNERABLE]},
    }
    for name, content in (texts | {"audit.json": audit}).items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    assert len(advisories.records_in(tmp_path)) == 4
    assert advisories.named_by(
        advisories.records_in(tmp_path / "audit.json"), {"a": advisories.Version("1")}
    ) == ["X: a 1"]
    with zipfile.ZipFile(tmp_path / "all.zip", "w") as packed:
        packed.write(tmp_path / "one.json", "one.json")
    assert advisories.records_in(tmp_path / "all.zip") == [VULNERABLE]


def test_every_dependency_that_is_pinned_is_looked_up():
    versions = advisories.pinned(ROOT / "constraints.txt")
    assert {"jax", "keras", "numpy", "jinja2", "pillow", "h5py"} <= set(versions)
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    assert len(versions) == len(lines)


@pytest.mark.skipif(not advisories.LIST, reason=f"{advisories.VARIABLE} names no advisory list")
def test_no_advisory_names_a_pinned_dependency():
    records = advisories.records_in(Path(advisories.LIST))
    assert records
    assert advisories.named_by(records, advisories.pinned(ROOT / "constraints.txt")) == []

"""The house stands: imports point downwards, public names are complete, words are kept."""

import ast
import re
from pathlib import Path

import pytest

import justright as jr
from justright.regularizers.places import PLACES

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "justright"
FLOORS = (
    {"errors"},
    {"whole"},
    {"events"},
    {"deferred"},
    {"backend"},
    {"regularizers"},
    {"network"},
    {"engine"},
    {"store"},
    {"cluster"},
    {"data"},
    {"evidence"},
    {"report"},
    {"exports"},
    {"study"},
    {"experiments"},
    {"estimators"},
    {"playground"},
    {"cli"},
)
MODULES = sorted(SOURCE.rglob("*.py"))
NAMES = [str(path.relative_to(SOURCE)) for path in MODULES]


def floor_of(name):
    return next(i for i, floor in enumerate(FLOORS) if name in floor)


def imports_of(path):
    """The parts of justright that a module imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "justright" and len(parts) > 1:
                yield parts[1]


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_imports_point_downwards(path):
    part = path.relative_to(SOURCE).parts[0].removesuffix(".py")
    if part in ("__init__", "__main__"):
        return
    for imported in imports_of(path):
        assert floor_of(imported) <= floor_of(part), f"{part} imports {imported} from above"


def test_every_part_has_a_floor():
    parts = {path.relative_to(SOURCE).parts[0].removesuffix(".py") for path in MODULES}
    assert parts - {"__init__", "__main__"} == set().union(*FLOORS)


def test_architecture_draws_the_floors_as_they_are():
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    drawing = re.search(r"```\n(cli .*?)```", text, re.DOTALL).group(1)
    drawn = [line.split()[0] for line in drawing.splitlines()]
    assert drawn == [name for floor in reversed(FLOORS) for name in floor]
    for name, place in PLACES.items():
        assert f"| {name} | `{place.__name__}` |" in text


def test_public_names_are_complete_and_real():
    assert set(jr.__all__) == set(jr._HOMES)
    for name in jr.__all__:
        assert getattr(jr, name).__doc__, name
    assert set(jr.__all__) <= set(dir(jr))
    with pytest.raises(AttributeError, match="no attribute 'nothing_near'"):
        jr.nothing_near  # noqa: B018


@pytest.mark.parametrize(
    ("name", "meant"),
    [("DropOut", "Dropout"), ("l2", "L2"), ("batch_norm", "BatchNorm"), ("serch", "search")],
)
def test_an_unknown_public_name_is_answered_by_the_nearest(name, meant):
    with pytest.raises(AttributeError, match=rf"Did you mean {meant}\?$"):
        getattr(jr, name)


def test_version_and_changelog_agree():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    version = re.search(r'^version = "(.+)"', text, re.MULTILINE).group(1)
    assert f"## {version}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MODULES, ids=NAMES)
def test_nothing_is_silenced_or_evaluated(path):
    text = path.read_text(encoding="utf-8")
    for word in ("# noqa", "# type: ignore", "TODO", "eval(", "pickle", "safe_mode=False"):
        assert word not in text, word


def test_files_are_small():
    lengths = {str(path): len(path.read_text().splitlines()) for path in MODULES}
    assert max(lengths.values()) <= 320, max(lengths, key=lengths.get)


def test_importing_justright_is_light():
    import subprocess
    import sys

    code = (
        "import justright, sys; print([m for m in ('keras', 'jax', 'pandas') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "[]"

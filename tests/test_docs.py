"""Every Python block of the documents runs, and what they claim of the code is so."""

import re
from pathlib import Path

import pytest

import justright as jr
from justright.regularizers import TECHNIQUES

ROOT = Path(__file__).parents[1]
DOCUMENTS = (
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "docs/strength.md",
    "docs/export.md",
    "docs/estimators.md",
    "docs/store.md",
)


def blocks(name, language):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


PYTHON = [(name, i, code) for name in DOCUMENTS for i, code in enumerate(blocks(name, "python"))]


@pytest.mark.parametrize(("name", "i", "code"), PYTHON, ids=[f"{n}-{i}" for n, i, _ in PYTHON])
def test_python_blocks_run(name, i, code, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    # Blocks of one document build on those before them.
    before = "\n".join(c for n, j, c in PYTHON if n == name and j < i)
    exec(compile(before + "\n" + code, name, "exec"), {"__name__": "__main__"})


def test_the_readme_gives_the_two_commands_and_ci_runs_the_second():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "make demo" in text
    assert "make test" in text
    assert "make test" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")


def test_the_readme_lists_every_regularizer_that_there_is():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for kind in TECHNIQUES:
        assert f"`{kind.__name__}(" in text, kind
        assert f"`{kind.key()}" in text, kind


def test_links_in_documents_lead_somewhere():
    for name in (
        *DOCUMENTS,
        "CHANGELOG.md",
        "docs/cli.md",
        "docs/cluster.md",
        "docs/sweeps.md",
        "docs/diagnosis.md",
        "docs/report.md",
        "docs/play.md",
    ):
        text = (ROOT / name).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!http)([^)#]+)\)", text):
            assert ((ROOT / name).parent / target).exists(), f"{name}: {target}"


def test_the_license_is_apache_2():
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert jr.__version__

"""The notebooks in examples/ run as they stand, and show tables and pictures."""

from pathlib import Path

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
NOTEBOOKS = sorted((Path(__file__).parents[1] / "examples").glob("*.ipynb"))


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_what_it_is_about(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code_of(notebook))
    folder = {"metadata": {"path": str(tmp_path)}}
    nbclient.NotebookClient(
        notebook, timeout=900, kernel_name="python3", resources=folder
    ).execute()
    shown = [out for cell in code_of(notebook) for out in cell.outputs if "data" in out]
    kinds = {kind for out in shown for kind in out["data"]}
    assert "text/html" in kinds
    plots = [cell for cell in code_of(notebook) if ".plot()" in cell.source]
    assert all("image/png" in cell.outputs[-1]["data"] for cell in plots)
    written = [cell for cell in code_of(notebook) if 'report("report.html")' in cell.source]
    assert (tmp_path / "report.html").exists() == bool(written)


def test_there_are_examples():
    assert len(NOTEBOOKS) == 3

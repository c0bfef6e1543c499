"""The guide: its blocks run and find what its pages say, and its site builds, asking nothing."""

import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import justright as jr
import test_docs

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"


# A block runs everywhere, unless the line before it names a library that it wants, and why that
# is not there.
BLOCK = re.compile(r"(?:<!-- only with (\w+): ([^>]+) -->\n)?```python\n(.*?)```", re.DOTALL)
FENCE = re.compile(r"^[ \t]*(?:```|~~~)[ \t]*\{?\.?(?:python|py|pycon)\b", re.MULTILINE)


def run(page, folder, monkeypatch):
    """The names that a page's blocks have made, one after the other."""
    monkeypatch.chdir(folder)
    names = {"__name__": "__main__"}
    for library, _, code in BLOCK.findall((DOCS / page).read_text(encoding="utf-8")):
        if not library or importlib.util.find_spec(library) is not None:
            exec(compile(code, page, "exec"), names)
    return names


def test_every_block_of_every_page_is_run_or_says_why_not():
    here = set(re.findall(r'"([\w/-]+\.md)"', Path(__file__).read_text(encoding="utf-8")))
    run_here = {DOCS / page for page in here if (DOCS / page).exists()}
    run_there = {ROOT / page for page in test_docs.DOCUMENTS}
    run_there.add(DOCS / "cluster.md")  # By test_cluster.py, on a cluster.
    for page in (*ROOT.glob("*.md"), *DOCS.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        blocks = BLOCK.findall(text)
        assert len(FENCE.findall(text)) == len(blocks), f"{page} has a block of another kind"
        assert not blocks or page in run_here | run_there, f"no test runs {page}"
        for library, reason, code in blocks:
            if library:
                assert page in run_here, f"only this file leaves blocks of {page} out"
                assert f"import {library}" in code
                assert len(reason.split()) > 3


def means(study):
    return study.table.groupby("recipe").mean(numeric_only=True)


@pytest.mark.parametrize(
    "page",
    ["start.md", "recipes.md", "migrate/keras.md", "migrate/pytorch.md", "migrate/scikit-learn.md"],
)
def test_blocks_run(page, tmp_path, monkeypatch):
    run(page, tmp_path, monkeypatch)


THEMES = sorted(page for page in (DOCS / "themes").glob("*.md") if page.stem != "index")


@pytest.mark.parametrize("page", THEMES, ids=lambda page: page.stem)
def test_every_theme_has_a_picture_and_its_own_pictures_are_those_that_it_draws(page):
    text = page.read_text(encoding="utf-8")
    shown = re.findall(r"!\[([^]]{20,})\]\(([^)]+)\)", text)
    drawn = re.findall(r'savefig\("([^"]+)"', text)
    assert shown
    assert {name for _, name in shown if "/" not in name} <= set(drawn)
    assert all((page.parent / name).is_file() for _, name in shown)


def test_a_small_gap_is_not_the_aim(tmp_path, monkeypatch):
    names = run("gap.md", tmp_path, monkeypatch)
    of = means(names["study"])
    assert of["train_metric"]["plain"] == 1
    assert of["gap"]["too much"] < of["gap"]["plain"] / 2
    assert of["test_metric"].idxmin() == "too much"
    plain = names["plain"]
    assert plain.idxmin() < 50
    assert plain.iloc[-1] > 2 * plain.min()


def test_early_stopping_narrows_the_gap_tests_better_and_is_short(tmp_path, monkeypatch):
    study = run("themes/early-stopping.md", tmp_path, monkeypatch)["study"]
    of = means(study)
    assert of["gap"]["stopped"] < of["gap"]["plain"] * 2 / 3
    assert of["epochs_run"]["stopped"] < 200 / 4
    assert study.verdict("stopped", "plain").decision == "better"


def test_dropouts_page_is_the_lesson_that_its_own_test_holds(tmp_path, monkeypatch):
    """tests/test_lessons.py has what is found, and of the sine its regression."""
    names = run("themes/dropout.md", tmp_path, monkeypatch)
    assert names["swept"].best.values == (0.8,)
    assert len(names["histograms"].table) == 3


@pytest.fixture(scope="module")
def penalties(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        return run("themes/penalties.md", tmp_path_factory.mktemp("penalties"), patch)


def test_penalties_take_inputs_out_at_a_small_cost(penalties):
    names = penalties
    assert (names["inputs"]["survives"] == 0).any()
    assert names["inputs"]["survives"].between(1, 2).any()
    assert names["sparse"].verdict("sparse", "plain").difference > -0.02
    assert names["swept"].underfits["L2.strength"].tolist() == [1.0]


def test_weight_decay_of_usual_strength_does_little_in_a_thousand_steps(penalties):
    table = penalties["decayed"].table.set_index("WeightDecay.strength")
    assert abs(table["val_metric"][0.1] - table["val_metric"][0]) < 0.01
    assert penalties["decayed"].best.values == (10,)
    assert table["gap"][10] < table["gap"][0] * 2 / 3
    assert penalties["decayed"].underfits["WeightDecay.strength"].tolist() == [100]
    off = penalties["decayed"].grid.points[0].name
    verdict = penalties["decayed"].study.verdict(penalties["decayed"].best.name, off)
    assert verdict.column == "test_metric"
    assert verdict.decision == "no difference shown"


def test_mirrored_digits_test_worse_and_shifts_show_no_difference(tmp_path, monkeypatch):
    study = run("themes/augmentation.md", tmp_path, monkeypatch)["study"]
    assert study.verdict("shifted", "plain").decision == "no difference shown"
    mirrored, of = study.verdict("mirrored", "plain"), means(study)
    assert mirrored.decision == "worse"
    assert mirrored.difference < -0.04
    assert of["gap"]["mirrored"] > of["gap"]["plain"]


def test_layer_norm_is_the_faster_and_batch_norm_the_less_sure(tmp_path, monkeypatch):
    losses = run("themes/normalization.md", tmp_path, monkeypatch)["losses"]
    train, held = losses["train_loss"], losses["val_loss"]
    assert (train["layer norm"] < train["plain"])[:3].all()
    assert (train["batch norm"] > train["plain"])[2:].all()
    assert held["batch norm"].iloc[-1] < held["plain"].iloc[-1]


def test_more_rows_test_better(tmp_path, monkeypatch):
    curve = run("themes/more-data.md", tmp_path, monkeypatch)["curve"]
    assert curve["test_metric"].iloc[-1] > curve["test_metric"].iloc[0]
    assert (curve["train_metric"] > 0.99).all()


def test_two_units_have_a_smaller_gap_and_a_lower_loss(tmp_path, monkeypatch):
    studies = run("themes/capacity.md", tmp_path, monkeypatch)["studies"].values()
    small, large = (study.table.mean(numeric_only=True) for study in studies)
    assert small["gap"] < large["gap"] * 2 / 3
    assert small["val_loss"] < large["val_loss"]
    assert abs(small["val_metric"] - large["val_metric"]) < 0.02
    # As the captions of its pictures say.
    assert small["gap"] == pytest.approx(0.03, abs=0.01)
    assert large["gap"] == pytest.approx(0.06, abs=0.01)


def test_averaged_weights_move_less(tmp_path, monkeypatch):
    jumps = run("themes/averaging.md", tmp_path, monkeypatch)["jumps"].unstack(0)
    assert (jumps["and averaged"] < jumps["dropout"]).all()
    assert (jumps["and averaged"] > jumps["dropout"] * 2 / 3).all()


def test_of_three_early_stopping_brings_most(tmp_path, monkeypatch):
    table = run("themes/combinations.md", tmp_path, monkeypatch)["brought"].table
    shares = table[table["contribution"] == "Shapley"].set_index("technique")
    assert shares["mean"].idxmax() == "early stopping 20"
    assert (shares["low"].drop("early stopping 20") < 0).all()


def test_the_reference_has_every_public_name_once():
    pages = (DOCS / "api").glob("*.md")
    text = "\n".join(page.read_text(encoding="utf-8") for page in pages)
    assert sorted(re.findall(r"^::: justright\.(\w+)$", text, re.MULTILINE)) == sorted(jr.__all__)


def test_every_page_has_a_place_in_the_guide():
    nav = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").split("nav:")[1]
    for page in DOCS.rglob("*.md"):
        assert re.search(rf"[ :]{page.relative_to(DOCS).as_posix()}$", nav, re.MULTILINE), page


def test_the_site_builds_without_a_warning_and_asks_nothing_of_the_network(tmp_path):
    """Strict: a link or an anchor that leads nowhere ends the build."""
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    fetched = r"<(?:script|img|iframe|source)[^>]*\ssrc=[\"']?(https?:)?//[^>]*>|@import|url\(http"
    linked = r"<link[^>]*\srel=[\"']?(?!canonical)[^>]*href=[\"']?(https?:)?//[^>]*>"
    for page in tmp_path.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        assert not re.search(f"{fetched}|{linked}", text), page
    for style in tmp_path.rglob("*.css"):
        assert not re.search(r"@import|url\([\"']?(https?:)?//", style.read_text(encoding="utf-8"))

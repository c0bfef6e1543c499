"""Names that hold script, in a real browser: they are shown as they are, and nothing of them runs.

Reports are opened as they are, and again without their content security policy: names must be text
even where no policy would stop them. Needs Chromium and Playwright, as `chromium.py` says.
"""

import re

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from chromium import launched, needs_chromium
from justright.report.notebook import _look

pytestmark = needs_chromium

RUNS = "document.title='taken'"
NAMES = (
    f"<script>{RUNS}</script>",
    f'"><img src=x onerror="{RUNS}">',
    f"</script><script>{RUNS}</script>",
    f"javascript:{RUNS}",
    f"'--><svg onload={RUNS}>",
    f'{{{{constructor.constructor("{RUNS}")()}}}} ${{{RUNS}}} \\u003cscript\\u003e',
)
TARGET = f"target</title><script>{RUNS}</script>"
FILE = f"<img src=x onerror={RUNS}>.html"
POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
HOW = {"target": TARGET, "validation": 0.25, "seeds": 2, "epochs": 3, "batch_size": 20}


@pytest.fixture(scope="module")
def rows():
    draws = np.random.default_rng(0)
    frame = pd.DataFrame(draws.normal(size=(120, len(NAMES))), columns=list(NAMES))
    return frame.assign(**{TARGET: np.array(NAMES)[np.arange(120) % 3]})


@pytest.fixture(scope="module")
def found(rows):
    """A study, a sweep and a search whose columns, labels, target and recipes hold script."""
    keras.utils.set_random_seed(0)
    recipes = {name: jr.L1(0.01 * i) for i, name in enumerate(NAMES)}
    return {
        "study": jr.compare((4,), rows, recipes, **HOW),
        "sweep": jr.sweep((4,), rows, {"L1": [0, 0.1]}, **HOW),
        "search": jr.search((4,), rows, space=["L1"], budget=4, progress=False, **HOW),
    }


@pytest.fixture(scope="module")
def browser():
    with launched() as one:
        yield one


@pytest.fixture
def opened(browser, tmp_path):
    """Opens HTML; no dialog came up, and what names would run has not run."""
    pages, dialogs = [], []

    def open_page(html, name="page.html"):
        file = tmp_path / name
        file.write_text(html, encoding="utf-8")
        page = browser.new_page()
        pages.append(page)
        page.on("dialog", lambda one: (dialogs.append(one.message), one.dismiss()))
        page.goto(file.as_uri())
        return page

    yield open_page
    for page in pages:
        page.wait_for_timeout(50)  # What an image that is missing would run, runs later.
        assert "taken" not in page.title()
        assert page.locator("img, iframe, object, embed, base, [onload], [onerror]").count() == 0
        assert page.locator("a[href^='javascript' i]").count() == 0
        page.close()
    assert dialogs == []


def words_of(page):
    return re.sub(r"\s+", " ", page.locator("body").evaluate("(one) => one.textContent"))


@pytest.mark.parametrize("policed", [True, False], ids=["as it is", "without its policy"])
@pytest.mark.parametrize("kind", ["study", "sweep", "search"])
def test_in_a_report(opened, found, kind, policed, tmp_path):
    path = found[kind].report(tmp_path / FILE, command=f"justright compare --target {NAMES[2]}")
    html = path.read_text(encoding="utf-8")
    assert POLICY.search(html)
    page = opened(html if policed else POLICY.sub("", html), FILE)
    assert page.locator("script").count() == 1 + page.locator("script[type*=json]").count()
    for control in page.locator("select:visible").all():
        for option in range(control.locator("option").count()):
            control.select_option(str(option))
    for control in page.locator("input[type=range]:visible").all():
        control.focus()
        page.keyboard.press("ArrowRight")
    words = words_of(page)
    assert NAMES[2] in words
    if kind == "study":
        assert [name for name in NAMES if name not in words] == []


def shown(found):
    """What stands below a cell of a notebook."""
    study = found["study"]
    whole = (study, found["sweep"], found["search"], study.verdict(NAMES[0], NAMES[1]))
    tables = (study.table, study.curves, study.inputs(NAMES[1]))
    recipe = jr.Recipe(jr.Dropout(dict.fromkeys(NAMES, 0.2)))
    bar = _look(0.5, " ".join(NAMES))["text/html"]
    return bar + "".join(one._repr_html_() for one in (*whole, study.verdicts(), *tables, recipe))


def test_in_a_notebook(opened, found):
    page = opened(f"<!doctype html><meta charset=utf-8><body>{shown(found)}")
    assert page.locator("script, svg").count() == 0
    words = words_of(page)
    assert [name for name in NAMES if name not in words] == []


def test_in_a_picture(opened, found, browser, tmp_path):
    """As a file of its own, in which script would run, and among the text of a page."""
    figure = found["study"].plot()
    figure.savefig(tmp_path / "p.svg")
    svg = (tmp_path / "p.svg").read_text(encoding="utf-8")
    page = browser.new_page()
    page.goto((tmp_path / "p.svg").as_uri())
    assert page.evaluate("document.querySelectorAll('script, image[href^=x]').length") == 0
    page.close()
    opened(f"<!doctype html><meta charset=utf-8><body>{svg[svg.index('<svg') :]}")

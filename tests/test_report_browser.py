"""A report in a real browser: sliders move, words change, nothing else runs or is asked for.

Needs Chromium and Playwright; JUSTRIGHT_BROWSER names another Chromium.
"""

import keras
import numpy as np
import pytest

import justright as jr
from chromium import contrasts, launched, needs_chromium
from conftest import dense_net, signs

pytestmark = needs_chromium

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    keras.utils.set_random_seed(7)
    rows = {"validation": signs(1, 60), "test": signs(2, 60), "batch_size": 20}
    made = {}
    axes = {
        "Dropout.rate": [0, 0.5],
        "L2.strength": [0, 0.001, 1.0],
        "WeightNoise.stddev": [0, 0.1],
    }
    for count in (1, 2, 3):
        over = dict(list(axes.items())[:count][::-1])
        found = jr.sweep(dense_net(), signs(0, 80), over, seeds=2, epochs=4, **rows)
        made[f"sweep{count}"] = found.report(folder / f"sweep{count}.html")
    recipes = {"plain": jr.Recipe(), EVIL: jr.Dropout(0.4) + jr.L2(0.01), "L2": jr.L2(0.01)}
    X, y = signs(0, 80)
    labels = np.where(y, EVIL, "no")
    study = jr.compare(dense_net(), (X, labels), recipes, seeds=2, epochs=4, batch_size=20)
    made["study"] = study.report(folder / f"{EVIL.replace('/', '')}.html")
    return made


@pytest.fixture(scope="module")
def browser():
    with launched() as one:
        yield one


@pytest.fixture(params=["sweep1", "sweep2", "sweep3", "study"])
def name(request):
    return request.param


@pytest.fixture
def opened(browser, reports):
    """Opens a report; in the end there was no error and no request but for the page itself."""
    told, asked = [], []

    def open_page(name, **options):
        page = browser.new_page(**options)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(reports[name].as_uri())
        return page

    yield open_page
    assert told == []
    assert len(asked) == 1
    assert asked[0].startswith("file:")


def state(page):
    """What is shown of the point; its figures may be those of another one."""
    return page.evaluate(
        """() => ["says", "curve-numbers", "metric-chart", "loss-chart", "weights-chart"]
             .map((id) => document.getElementById(id).innerHTML)"""
    )


def test_every_control_changes_words_figures_and_pictures(opened, name):
    page = opened(name)
    for control in page.locator(".controls input, .controls select").all():
        before = state(page)
        if control.evaluate("(one) => one.type") == "range":
            control.focus()
            page.keyboard.press("Home")
            first = state(page)
            said = control.get_attribute("aria-valuetext")
            page.keyboard.press("End")
            assert control.get_attribute("aria-valuetext") != said
        else:
            control.select_option("0")
            first = state(page)
            control.select_option("2")
        after = state(page)
        assert after != before or first != before
        assert all(one != other for one, other in zip(first, after, strict=True))
    assert page.locator("#says").inner_text().count("accuracy") == 1


def test_buttons_lead_to_their_points(opened):
    page = opened("sweep2")
    best = page.locator("#says").inner_text()
    for control in page.locator("input").all():
        control.focus()
        page.keyboard.press("ArrowLeft" if control.input_value() != "0" else "ArrowRight")
    assert page.locator("#says").inner_text() != best
    button = page.get_by_role("button", name="Best")
    assert button.get_attribute("aria-pressed") == "false"
    button.click()
    assert button.get_attribute("aria-pressed") == "true"
    assert page.locator("#says").inner_text() == best


def test_a_click_into_the_map_moves_the_sliders(opened):
    page = opened("sweep2")
    cells = page.locator("#picture-0 rect.pick")
    assert cells.count() == 6
    cells.nth(0).click()
    first = page.locator("output").all_inner_texts()
    cells.nth(5).click()
    assert page.locator("output").all_inner_texts() != first


def test_what_is_drawn_has_words(opened, name):
    page = opened(name)
    drawn = page.locator(".chart svg")
    assert drawn.count() == page.locator(".chart").count()
    for one in drawn.all():
        assert one.get_attribute("role") == "img"
        assert len(one.get_attribute("aria-label")) > 20
        assert "NaN" not in one.inner_html()


@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_width_has_to_be_scrolled_sideways(opened, name, width):
    page = opened(name, viewport={"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_another_width_is_drawn_for(opened):
    page = opened("sweep1", viewport={"width": 1280, "height": 800})
    size = "document.querySelector('#picture-0 svg').getAttribute('viewBox')"
    wide = page.evaluate(size)
    page.set_viewport_size({"width": 390, "height": 800})
    page.wait_for_function(f"{size} !== {wide!r}")


def test_names_run_nothing(opened):
    page = opened("study")
    assert "taken" not in page.title()
    page.locator("select").select_option("1")
    assert EVIL in page.locator("#says").inner_text()
    assert page.locator("img").count() == 0


def test_an_injected_script_does_not_run(browser, reports, tmp_path):
    text = reports["sweep1"].read_text(encoding="utf-8")
    broken = tmp_path / "broken.html"
    broken.write_text(text.replace("</main>", f"{EVIL}</main>"), encoding="utf-8")
    page = browser.new_page()
    page.goto(broken.as_uri())
    page.wait_for_timeout(200)
    assert "taken" not in page.title()
    assert page.locator("#metric-chart svg").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, scheme):
    """WCAG 2.2 asks for a contrast of 4.5."""
    page = opened("sweep2", color_scheme=scheme)
    ratios = contrasts(page)
    assert len(ratios) > 50
    assert min(ratios) >= 4.5


def test_it_prints_in_ink_on_white(opened):
    page = opened("sweep2", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    style = "getComputedStyle(document.body)"
    assert page.evaluate(f"{style}.backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate(f"{style}.color") == "rgb(0, 0, 0)"
    assert not page.locator(".controls").is_visible()
    assert len(page.pdf()) > 10_000

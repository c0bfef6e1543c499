"""A report in a real browser: sliders move, words change, nothing else runs or is asked for.

Needs Chromium and Playwright; JUSTRIGHT_BROWSER names another Chromium.
"""

import re
from dataclasses import replace

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from chromium import contrasts, launched, needs_chromium
from conftest import dense_net, signs
from justright.report.page.page import Page, Section

pytestmark = needs_chromium

EVIL = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"


@pytest.fixture(scope="module")
def reports(tmp_path_factory, found_by_search, results_of_pages):
    folder = tmp_path_factory.mktemp("reports")
    keras.utils.set_random_seed(7)
    rows = {"validation": signs(1, 60), "test": signs(2, 60), "batch_size": 20}
    made, results = {}, results_of_pages
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
    named = pd.DataFrame(X, columns=[EVIL, *"bcde"])
    held = pd.DataFrame(rows["validation"][0], columns=named.columns), rows["validation"][1]
    short = {"validation": held, "epochs": 4, "batch_size": 20}
    walked = jr.path([4], (named, y), "GroupLasso.strength", points=[0.1, 1, 100], seeds=2, **short)
    both = jr.Dropout(0.4) + jr.L2(0.01)
    brought = jr.contributions(dense_net(), (X, y), both, seeds=2, epochs=4, **rows)
    masks = jr.dropout_ensemble(
        None, (X, y), samples=3, repeats=2, hidden=(3,), seeds=2, epochs=4, **rows
    )
    results["path"] = walked, {"train": (named, y), "validation": held}
    results["contributions"] = brought, {"train": (X, y), **rows}
    results["ensemble"] = masks, {"train": (X, y), **rows}
    made |= {name: one.report(folder / f"{name}.html") for name, (one, _) in results.items()}
    some_fail = {"plain": jr.Recipe(), "same": jr.Recipe(), "fails": jr.L2(1e9)}
    steps = keras.optimizers.SGD(1.0)
    failed = jr.compare(dense_net(), (X, y), some_fail, seeds=3, epochs=4, optimizer=steps, **rows)
    assert list(failed.table.groupby("recipe", sort=False)["outcome"].nunique()) == [1, 1, 1]
    made["failed"] = failed.report(folder / "failed.html")
    made["all failed"] = replace(
        failed, results=[r for r in failed.results if r.trial.name != "same"]
    ).report(folder / "all_failed.html")
    made["search"] = found_by_search.report(folder / "search.html")
    return made


@pytest.fixture(scope="module")
def results_of_pages():
    """What some pages are of, and the rows that their code asks for; `reports` fills it."""
    return {}


@pytest.fixture(scope="module")
def found_by_search():
    keras.utils.set_random_seed(7)
    space = {"Dropout.rate": (0.1, 0.5), "L2.strength": (1e-4, 1e-1), "learning_rate": (1e-3, 1e-1)}
    held = {"validation": signs(1, 60), "batch_size": 20}
    return jr.search(dense_net(), signs(0, 80), space=space, budget=16, seeds=2, epochs=4, **held)


@pytest.fixture(scope="module")
def browser():
    with launched() as one:
        yield one


NAMES = ["sweep1", "sweep2", "sweep3", "study", "path", "contributions", "ensemble", "search"]


@pytest.fixture(params=NAMES)
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
    for control in page.locator("[id^=axis-]:is(input, select)").all():
        before = state(page)
        if control.evaluate("(one) => one.type") == "range":
            control.focus()
            page.keyboard.press("Home")
            first = state(page)
            said = control.get_attribute("aria-valuetext")
            page.keyboard.press("End")
            assert control.get_attribute("aria-valuetext") != said
        else:
            control.select_option(index=0)
            first = state(page)
            control.select_option(index=control.locator("option").count() - 1)
        after = state(page)
        assert after != before or first != before
        assert all(one != other for one, other in zip(first, after, strict=True))
    assert page.locator("#says").inner_text().count("accuracy") == 1


def test_every_point_has_its_diagnosis(opened, name):
    page = opened(name)
    assert page.locator("#finding").inner_text().startswith("Diagnosis: ")
    found = page.evaluate(
        """() => JSON.parse(document.getElementById("data").textContent).explorer.points
             .map((one) => one.finding)"""
    )
    assert all(one.startswith(("Diagnosis: ", "Given up early")) for one in found)


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


def words(page):
    return page.locator("#says").inner_text()


def test_a_click_into_the_path_moves_its_slider_and_says_what_is_left(opened):
    page = opened("path")
    page.locator("#axis-0").focus()
    page.keyboard.press("Home")
    assert "5 of 5 inputs and 20 of 20 weights" in words(page)
    assert "5 of 5" in page.locator("#figures").inner_text()
    page.locator("#picture-1 rect.pick").last.click()
    assert page.locator("#axis-0").input_value() == "3"
    assert "0 of 5 inputs and 0 of 20 weights" in words(page)
    assert EVIL in page.locator("#left td, #left th").all_inner_texts()


def test_techniques_are_switched_on_and_off(opened):
    page = opened("contributions")
    assert words(page).startswith("dropout 0.4 + L2 0.01: ")
    first, second = page.locator("select").all()
    second.select_option("off")
    assert words(page).startswith("dropout 0.4: ")
    first.select_option("off")
    assert words(page).startswith("plain: ")
    pressed = page.get_by_role("button", name="None of it").get_attribute("aria-pressed")
    assert pressed == "true"


@pytest.mark.parametrize("name", ["path", "contributions", "ensemble"])
def test_the_code_of_a_page_trains_the_same_again(opened, results_of_pages, name, tmp_path):
    code = opened(name).locator("#code pre").last.inner_text()
    one, rows = results_of_pages[name]
    names = dict(rows)
    exec(compile(code.replace("report.html", str(tmp_path / "again.html")), name, "exec"), names)
    pd.testing.assert_frame_equal(names["found"].table, one.table, rtol=1e-4, atol=1e-5)
    assert (tmp_path / "again.html").exists()


def test_two_sliders_go_through_the_same_trainings(opened):
    page = opened("search")
    time, rank = page.locator("#axis-0"), page.locator("#axis-1")
    seen = set()
    rank.focus()
    page.keyboard.press("Home")
    for _ in range(int(rank.get_attribute("max")) + 1):
        seen.add(time.input_value())
        assert words(page).startswith(f"Training {int(time.input_value()) + 1}")
        page.keyboard.press("ArrowRight")
    assert len(seen) == int(time.get_attribute("max")) + 1


def test_filters_leave_trainings_away(opened):
    page = opened("search")
    page.locator(".filters summary").click()
    page.get_by_label("dropout rate").select_option("off")
    said = page.locator("#kept").inner_text()
    left, all_of_them = (int(number) for number in re.findall(r"\d+", said))
    assert 0 < left < all_of_them
    strands = page.locator("#picture-1 path.quiet")
    assert strands.count() == all_of_them
    assert page.locator("#picture-1 path.away").count() == all_of_them - left
    page.locator("#axis-0").focus()
    page.keyboard.press("Home")
    seen = [words(page)]
    for _ in range(all_of_them):
        page.keyboard.press("ArrowRight")
        seen.append(words(page))
    assert len(set(seen)) == left
    assert not any("dropout" in one for one in seen)
    page.get_by_role("button", name="All trainings").click()
    assert page.locator("#picture-1 path.away").count() == 0
    assert "All" in page.locator("#kept").inner_text()


def test_a_search_of_very_many_trainings_is_a_page_of_its_best(browser, found_by_search, tmp_path):
    known = found_by_search.records
    many = replace(found_by_search, records=(*known, *[replace(known[0], seed=9)] * 3000))
    file = many.report(tmp_path / "many.html")
    assert file.stat().st_size < 6_000_000
    page = browser.new_page()
    page.goto(file.as_uri())
    assert "shows 1,000 of 3,016 trainings" in page.locator("#explore").inner_text()
    assert page.locator("#picture-1 path.quiet").count() == 1000


def test_what_a_history_file_does_not_keep_is_said(browser, found_by_search, tmp_path):
    bare = tuple(replace(one, shown=None) for one in found_by_search.records)
    page = browser.new_page()
    page.goto(replace(found_by_search, records=bare).report(tmp_path / "bare.html").as_uri())
    assert "history file" in page.locator("#finding").inner_text()
    assert "history file" in page.locator("#weights-words").inner_text()
    assert page.locator("#figures dd").count() >= 4


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


@pytest.mark.parametrize("name", ["sweep2", "search"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(opened, name, scheme):
    """WCAG 2.2 asks for a contrast of 4.5."""
    page = opened(name, color_scheme=scheme)
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


def test_what_a_sentence_announces_is_on_paper_too(browser, tmp_path):
    """Code after a colon; other code is for the screen, where it can be copied."""
    found = {"recipe": "a", "title": "Fine", "fine": True, "signs": [], "code": "x", "command": ""}
    advices = ("Whether less is more:", "Try less.")
    section = Section("it", "It", findings=[found | {"advice": one} for one in advices])
    given = tmp_path / "page.html"
    given.write_text(Page("it", "", [], None, [section], "1").html())
    page = browser.new_page()
    page.goto(given.as_uri())
    announced, other = page.locator("article pre").all()
    assert not announced.is_visible()
    page.emulate_media(media="print")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert announced.is_visible()
    assert not other.is_visible()
    assert not page.locator("article summary").first.is_visible()
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    assert not announced.is_visible()
    page.close()


def test_recipes_that_fail_bring_no_numbers_and_no_empty_picture(opened):
    page = opened("all failed")
    said = page.locator("main").inner_text()
    assert "All trials of fails failed." in said
    assert not re.search(r"\bnan\b", said, re.IGNORECASE)
    assert "no runs to compare" in page.locator("#verdicts table").inner_text()
    assert page.locator("#verdicts .chart, #contributions").count() == 0


def test_a_difference_of_nothing_has_an_axis_of_sizes_that_matter(opened):
    page = opened("failed")
    ticks = page.locator("#verdicts .chart .tick").all_text_contents()
    assert {"−1.0", "0.0", "1.0"} <= set(ticks)


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["sweep1", "path"])
def test_names_of_points_stand_clear_of_curves_and_each_other(opened, name, width):
    page = opened(name, viewport={"width": width, "height": 800})
    boxes = [one.bounding_box() for one in page.locator("#picture-0 text.mark").all()]
    drawn = [one.bounding_box() for one in page.locator("#picture-0 g > :is(path, circle)").all()]
    assert boxes
    assert drawn
    top = min(one["y"] for one in drawn)
    assert all(one["y"] + one["height"] <= top + 1 for one in boxes)
    first, *others = boxes
    for one in others:
        beside = abs(one["x"] - first["x"]) >= min(one["width"], first["width"]) - 1
        assert beside or abs(one["y"] - first["y"]) >= one["height"] - 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_figures_stand_out_from_their_cells(opened, scheme):
    page = opened("sweep2", color_scheme=scheme)
    ratios = page.evaluate(
        """() => {
          const luminance = (color) => {
            const parts = color.match(/[\\d.]+/g).slice(0, 3).map((v) => v / 255)
              .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
            return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
          };
          const ratio = (a, b) => (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          // The whole scale, as text of a cell may be on any of it.
          const cells = [...document.querySelectorAll("#picture-0 rect.pick")];
          return cells.map((one) => ratio(luminance(getComputedStyle(one).fill),
            luminance(getComputedStyle(one.nextElementSibling).fill)));
        }"""
    )
    assert len(ratios) == 6
    assert min(ratios) >= 4.5
    scale = page.evaluate(
        """() => [...Array(101).keys()].map((i) => charts.color(i / 100))
          .map((fill) => [fill, charts.inkOn(fill)])"""
    )
    for fill, ink in scale:
        parts = [int(part) / 255 for part in re.findall(r"\d+", fill)]
        linear = [v / 12.92 if v <= 0.03928 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        ground = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
        assert (1.05 / (ground + 0.05) if ink == "#fff" else (ground + 0.05) / 0.05) >= 4.5


def test_without_scripts_words_and_tables_are_whole(browser, reports, name):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(reports[name].as_uri())
    said = page.locator("noscript").inner_text()
    assert "open it in a browser with JavaScript" in said
    assert page.locator("#says").inner_text().count("accuracy") == 1
    assert page.locator("section:not(#explore) table").first.is_visible()
    assert (
        not page.locator("svg, .controls, #figures, #explore figcaption")
        .locator("visible=true")
        .count()
    )
    context.close()


def test_pictures_are_drawn_for_paper_and_for_the_screen_again(opened):
    """On A4 a point of text is then a point, and not the half of one."""
    page = opened("sweep3", viewport={"width": 1280, "height": 800})
    size = "document.querySelector('#picture-0 svg').viewBox.baseVal.width"
    wide = page.evaluate(size)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate(size) <= 704 < wide
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.evaluate(size) == wide

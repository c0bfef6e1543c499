"""The playground in a real browser: sliders move, points are drawn, nothing outside is asked."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse

import pytest

from chromium import contrasts, launched, needs_chromium
from justright.playground.server import Playground
from justright.playground.strengths import PLACES
from justright.playground.trainer import Trainer

pytestmark = needs_chromium
ALL = f"All {len(PLACES)} are trained"


@pytest.fixture(scope="module")
def playground():
    made = Playground(Trainer(epochs=12, lanes=12))
    made.warm().join()
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    assert made.close()


@pytest.fixture(scope="module")
def browser():
    with launched() as one:
        yield one


@pytest.fixture
def opened(browser, playground):
    """Opens the playground; in the end there was no error and no request outside."""
    told, asked, pages = [], [], []

    def open_page(until=ALL, **options):
        page = browser.new_page(**options)
        pages.append(page)
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(playground.address)
        page.get_by_text(until).wait_for()
        return page

    yield open_page
    for page in pages:
        page.close()
    assert told == []
    assert all(url.startswith(playground.address) for url in asked)
    assert {urlparse(url).path.rsplit("/", 1)[1] for url in asked} == {"", "train"}


def state(page):
    """What is shown of the place; its words and pictures."""
    return page.evaluate(
        """() => [...["says", "metric-chart", "loss-chart", "curve-numbers"]
             .map((id) => document.getElementById(id).innerHTML),
             document.getElementById("field").toDataURL()]"""
    )


def until_changed(page, before):
    """Wait until another training is shown."""
    for _ in range(200):
        if page.locator("#plane[aria-busy=false]").count() and state(page)[0] != before[0]:
            return state(page)
        page.wait_for_timeout(50)
    raise AssertionError(f"still shown: {before[0]}")


def test_strengths_that_are_trained_show_at_once(opened):
    """A move within one task of the page: no request has been answered in between."""
    page = opened()
    for name in ("rate", "strength"):
        before = state(page)
        said = page.locator(f"#{name}").get_attribute("aria-valuetext")
        page.locator(f"#{name}").evaluate(
            "(one) => { one.value = 5; one.dispatchEvent(new Event('input')); }"
        )
        after = state(page)
        assert page.locator(f"#{name}").get_attribute("aria-valuetext") != said
        assert all(one != other for one, other in zip(before, after, strict=True))
    assert page.locator("#says").inner_text().startswith("Dropout 0.5, λ 0.01: training accuracy")


@pytest.mark.parametrize("name", ["width", "noise", "points"])
def test_the_other_sliders_move_by_keyboard(opened, name):
    page = opened()
    before = state(page)
    page.locator(f"#{name}").focus()
    page.keyboard.press("Home")
    after = until_changed(page, before)
    assert all(one != other for one, other in zip(before, after, strict=True))


def test_shape_sample_and_early_stopping_are_trained(opened):
    page = opened()
    before = state(page)
    page.locator("#shape").select_option("spirals")
    spirals = until_changed(page, before)
    page.get_by_role("button", name="Draw another sample").click()
    again = until_changed(page, spirals)
    assert again[4] != spirals[4]
    page.locator("#stopping").check()
    page.get_by_text(ALL).wait_for()
    assert page.get_by_role("button", name="All off").get_attribute("aria-pressed") == "false"


def test_best_and_off_lead_there_and_so_does_the_map(opened):
    page = opened()
    cells = page.locator("#map rect.pick")
    assert cells.count() == len(PLACES)
    cells.nth(len(PLACES) - 1).click()
    assert page.locator("#says").inner_text().startswith("Dropout 0.8, λ 0.1:")
    best = page.get_by_role("button", name="Best validation loss")
    best.click()
    assert best.get_attribute("aria-pressed") == "true"
    page.get_by_role("button", name="All off").click()
    assert page.locator("#says").inner_text().startswith("Dropout 0, λ 0:")


def test_points_are_drawn_by_clicks_and_erased(opened):
    page = opened()
    plane = page.locator("#plane")
    box = plane.bounding_box()
    page.get_by_role("button", name="Clear all").click()
    page.get_by_role("alert").get_by_text("0 circles and 0 squares").wait_for()
    places = [(0.2, 0.2), (0.3, 0.25), (0.25, 0.4)]
    for tool, side in (("circle", 0.0), ("square", 0.4)):
        page.get_by_label(f"adds a {tool}").check()
        for x, y in places:
            plane.click(position={"x": (x + side) * box["width"], "y": y * box["height"]})
    page.locator("#says", has_text="training accuracy").wait_for()
    assert not page.get_by_role("alert").is_visible()
    assert page.locator("#plane .filled").count() == 4
    assert page.locator("#plane .hollow").count() == 2
    assert page.locator("#noise").is_disabled()
    assert page.locator("#shape").input_value() == "drawn"
    page.get_by_label("erases").check()
    plane.click(position={"x": 0.2 * box["width"], "y": 0.2 * box["height"]})
    page.get_by_role("alert").get_by_text("1 circle and 2 squares").wait_for()


def redrawn_while_held(page, draw):
    """Press where the mouse is, and let go when all has been drawn anew, as with a reply."""
    page.mouse.down()
    page.wait_for_timeout(60)
    page.evaluate(draw)
    page.wait_for_timeout(60)
    page.mouse.up()


def test_clicks_count_where_a_reply_comes_while_the_button_is_held(opened):
    """People hold a button for a tenth of a second, and replies come all the time."""
    page = opened(viewport={"width": 1280, "height": 1600})
    page.evaluate(
        "() => { for (const id of ['shown', 'map']) new MutationObserver(() => {"
        " window.redrawn = (window.redrawn || 0) + 1; })"
        ".observe(document.getElementById(id), {childList: true}); }"
    )
    anew = "document.getElementById('stopping').dispatchEvent(new Event('change'))"
    box = page.locator("#plane").bounding_box()
    count = page.locator("#plane .dot").count()
    for i in range(6):
        page.mouse.move(box["x"] + 40 + 50 * i, box["y"] + box["height"] / 2)
        redrawn_while_held(page, anew)
    assert page.locator("#plane .dot").count() == count + 6
    for i in (70, 40, 10, 5):
        cell = page.evaluate(
            f"document.querySelectorAll('#map rect.pick')[{i}].getBoundingClientRect().toJSON()"
        )
        page.mouse.move(cell["x"] + 8, cell["y"] + 8)
        redrawn_while_held(page, anew)
        there = [page.locator(f"#{name}").input_value() for name in ("rate", "strength")]
        assert there == [str(i // 8), str(i % 8)]
    assert page.evaluate("window.redrawn") >= 20


def test_a_drag_draws_all_along_its_way_and_a_click_just_one(opened):
    page = opened()
    box = page.locator("#plane").bounding_box()
    dots = page.locator("#plane .dot")
    count = dots.count()
    page.mouse.move(box["x"] + 0.2 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.8 * box["width"], box["y"] + 0.5 * box["height"], steps=60)
    page.mouse.up()
    # 0.6 of a width of two reaches, a point each eighth of a reach, and the one that begins.
    assert 8 <= dots.count() - count <= 1 + 0.6 * 2 * 8
    count = dots.count()
    page.mouse.click(box["x"] + 0.5 * box["width"], box["y"] + 0.2 * box["height"])
    assert dots.count() == count + 1


def test_a_point_too_many_is_refused_and_the_others_stay(opened):
    page = opened()
    page.locator("#points").focus()
    page.keyboard.press("End")
    page.get_by_text(ALL).wait_for()
    dots = page.locator("#plane .dot")
    plane = page.locator("#plane")
    for _ in range(6):
        before = dots.count()
        plane.click(position={"x": 100, "y": 100})
        if "erase some" in page.locator("#cross").inner_text():
            break
    assert dots.count() == before
    assert page.locator("#cross").inner_text().startswith("At most 200 points can be trained on")
    assert not page.get_by_role("alert").is_visible()


def test_points_are_drawn_by_keyboard(opened):
    page = opened()
    page.get_by_label("adds a square").check()
    before = state(page)
    page.locator("#plane").focus()
    for _ in range(4):
        page.keyboard.press("Shift+ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.locator("#cross").inner_text() == "Cross at −2.0, 0.1"
    count = page.locator("#plane .dot").count()
    page.keyboard.press("Enter")
    assert "Added a square" in page.locator("#cross").inner_text()
    assert page.locator("#plane .dot").count() == count + 1
    until_changed(page, before)


STRANGER = b"""<!doctype html><title>elsewhere</title><script>
const ask = (address, how) => fetch(address, how).then((r) => r.text()).catch((e) => "refused");
const tried = async (address) => ({
  read: await ask(address),
  opaque: (await fetch(address, {mode: "no-cors"}).catch(() => ({type: "refused"}))).type,
  json: await ask(address + "train", {method: "POST", body: "{}",
    headers: {"Content-Type": "application/json"}}),
  text: await ask(address + "train", {method: "POST", body: "{}", mode: "no-cors"}),
});
</script><iframe></iframe><form method="post"><input name="{" value="}"></form>"""


@pytest.fixture
def elsewhere():
    """Another page on this machine, which has got to know the token."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(STRANGER)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_another_page_gets_nothing_and_trains_nothing(browser, playground, elsewhere, monkeypatch):
    """Not by reading, not by asking, not by a frame, not by a form, even with the token."""
    asked, answered = [], []
    refusal = type(playground.door).refusal

    def noted(self, *given):
        found = refusal(self, *given)
        asked.append((given[0], None if found is None else found.status))
        return found

    monkeypatch.setattr(type(playground.door), "refusal", noted)
    monkeypatch.setattr(playground.trainer, "train", lambda *_: answered.append(1))
    page = browser.new_page()
    page.goto(elsewhere)
    told = page.evaluate(f"tried({playground.address!r})")
    assert set(told.values()) <= {"refused", "opaque", ""}
    page.locator("iframe").evaluate(f"(one) => {{ one.src = {playground.address!r}; }}")
    page.wait_for_timeout(300)
    assert not any("slider" in (one.content() or "") for one in page.frames[1:])
    page.locator("form").evaluate(
        f"(one) => {{ one.action = {playground.address + 'train'!r}; one.submit(); }}"
    )
    page.wait_for_url("**/train")
    assert "Another page asked" in page.content()
    page.close()
    assert {status for _, status in asked} == {403}
    assert {"GET", "POST"} <= {method for method, _ in asked}
    assert not answered


def test_another_name_that_leads_here_opens_nothing(browser, playground):
    """DNS rebinding: browsers take each name below localhost for this machine."""
    page = browser.new_page()
    reply = page.goto(playground.address.replace("127.0.0.1", "rebound.localhost"))
    assert reply.status == 403
    assert "answers to 127.0.0.1 alone" in page.content()
    page.close()


def test_a_server_that_is_gone_is_told(browser, playground):
    """Errors of the browser's console are due here, so this page is none of the others'."""
    page = browser.new_page()
    page.goto(playground.address)
    page.get_by_text(ALL).wait_for()
    page.route("**/train", lambda route: route.abort())
    page.locator("#shape").select_option("xor")
    page.get_by_role("alert").get_by_text("does not answer").wait_for()
    page.unroute("**/train")
    page.locator("#width").focus()
    page.keyboard.press("ArrowLeft")
    page.locator("#says", has_text="training accuracy").wait_for()
    assert not page.get_by_role("alert").is_visible()
    page.close()


def test_it_can_be_read_with_and_without_eyes_on_every_width_and_ground(opened):
    page = opened()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
    drawn = page.locator(".chart svg")
    assert drawn.count() == page.locator(".chart").count() == 4
    for one in drawn.all():
        assert one.get_attribute("role") == "img"
        assert len(one.get_attribute("aria-label")) > 20
        assert "NaN" not in one.inner_html()
    for width in (320, 390, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratios = contrasts(page)
        assert len(ratios) > 50
        assert min(ratios) >= 4.5


def test_another_page_cannot_ask(browser, playground):
    """A page of another origin neither reads an answer nor shows the playground in a frame."""
    page = browser.new_page()
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body="<p>elsewhere"))
    page.goto("http://elsewhere.example/")
    asked = page.evaluate(
        """async (address) => {
          try { return (await fetch(address + "train", {method: "POST", body: "{}"})).status; }
          catch (error) { return error.name; }
        }""",
        playground.address,
    )
    assert asked in (403, "TypeError")
    page.close()

"""The playground: clouds, sliders, wishes, turns, who may come in, and what it answers."""

import base64
import http.client
import json
import re
import signal
import socket
import threading
from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conftest import Compilations
from justright.cli.play import serve
from justright.engine.keys import initial_weights_seed
from justright.engine.outcome import Outcome
from justright.engine.scheduler import run_trials
from justright.engine.trial import CURVES
from justright.errors import DataError
from justright.network.blueprint import Blueprint
from justright.network.default import default_network
from justright.playground.clouds import (
    MOST_POINTS,
    REACH,
    SHAPES,
    VALIDATING,
    Cloud,
    drawn,
    sampled,
)
from justright.playground.door import Door
from justright.playground.narrow import narrowed
from justright.playground.server import Playground
from justright.playground.strengths import PLACES, WIDTHS, Place, neighborhood
from justright.playground.trainer import CELLS, Trainer, plane
from justright.playground.turns import SupersededError, Turns
from justright.playground.wish import MOST_BYTES, Wish, read_wish

GOOD = {
    "data": {"shape": "moons", "points": 20, "noise": 0.4, "seed": 1},
    "width": 4,
    "stopping": False,
    "seed": 1,
    "rate": 3,
    "strength": 2,
    "known": [],
}
SAMPLES = st.tuples(
    st.sampled_from(sorted(SHAPES)), st.integers(20, 200), st.floats(0, 1), st.integers(0, 99)
)
EPOCHS = 4


# ---------------------------------------------------------------- points


@given(SAMPLES)
def test_a_sample_is_inside_balanced_and_the_same_again(one):
    cloud = sampled(*one)
    assert np.abs(cloud.X).max() < REACH
    assert cloud.trains.sum() == one[1]
    assert (~cloud.trains).sum() == VALIDATING
    for part in (cloud.trains, ~cloud.trains):
        assert abs((cloud.y[part] == 1).sum() - (cloud.y[part] == 0).sum()) <= 1
    np.testing.assert_array_equal(cloud.X, sampled(*one).X)


@given(SAMPLES, st.integers(20, 200))
def test_more_points_leave_those_that_were_there(one, other):
    shape, points, noise, seed = one
    a, b = sampled(*one), sampled(shape, other, noise, seed)
    fewer = min(points, other)
    np.testing.assert_array_equal(a.X[:fewer], b.X[:fewer])
    np.testing.assert_array_equal(a.X[~a.trains], b.X[~b.trains])


@given(SAMPLES)
def test_noise_moves_each_point_further_the_same_way(one):
    shape, points, _, seed = one
    clean, some, more = (sampled(shape, points, noise, seed).X for noise in (0.0, 0.05, 0.1))
    inside = np.maximum(np.abs(clean), np.abs(more)).max(axis=1) < 0.97 * REACH
    np.testing.assert_allclose((more - clean)[inside], 2 * (some - clean)[inside], atol=1e-5)


@pytest.mark.parametrize("shape", SHAPES)
def test_without_noise_no_point_lies_among_those_of_the_other_class(shape):
    """Of the nearest neighbor's class are all points of a shape, and of most blobs."""
    cloud = sampled(shape, 200, 0.0, 0)
    away = np.square(cloud.X[:, None] - cloud.X).sum(axis=2)
    np.fill_diagonal(away, np.inf)
    right = (cloud.y == cloud.y[away.argmin(axis=1)]).mean()
    assert right > (0.93 if shape in ("blobs", "xor") else 0.97)


@given(SAMPLES)
def test_rows_have_the_shapes_of_every_cloud_and_the_points_of_this_one(one):
    cloud = sampled(*one)
    rows, others = cloud.rows(), sampled("xor", 20, 0.0, 0).rows()
    for mine, other in zip(rows[:6], others[:6], strict=True):
        assert (mine.shape, mine.dtype) == (other.shape, other.dtype)
    train, held, _ = rows.counts[0]
    for index, count, part in ((rows.train, train, True), (rows.validation, held, False)):
        np.testing.assert_array_equal(index[0, :count], np.flatnonzero(cloud.trains == part))
        assert index.max() < len(cloud.X)
    np.testing.assert_array_equal(rows.inputs[: len(cloud.X)], cloud.X)


def points_of(circles=2, squares=2, held=1, x=0.0):
    rows = [(x, 0, 0, 1)] * circles + [(x, 1, 1, 1)] * squares + [(x, 2, 0, 0)] * held
    table = np.array(rows, float).reshape(-1, 4)
    return table[:, :2], table[:, 2].astype(int), table[:, 3] == 1


def test_points_that_are_drawn_are_taken_as_they_are():
    X, y, trains = points_of()
    cloud = drawn(X, y, trains)
    np.testing.assert_array_equal(cloud.X, X)
    assert cloud.rows().counts.tolist() == [[4, 1, 0]]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (points_of(circles=1), "1 circle and 2 squares. Draw at least 2"),
        (points_of(squares=0), "2 circles and 0 squares"),
        (points_of(held=0), "No point validates"),
        (points_of(circles=MOST_POINTS), "At most 200 of each"),
        (points_of(held=MOST_POINTS + 1), "201 to validate"),
        (points_of(x=3.1), "outside the plane"),
        (points_of(0, 0, 0), "0 circles"),
    ],
)
def test_points_that_do_not_do_are_told(given, message):
    with pytest.raises(DataError, match=message):
        drawn(*given)


# ---------------------------------------------------------------- sliders


@given(st.sampled_from(PLACES), st.frozensets(st.sampled_from(PLACES)), st.integers(1, 100))
def test_a_neighborhood_is_what_is_nearest_and_not_known(center, known, most):
    found = neighborhood(center, known, most)
    assert len(found) == len(set(found)) == min(most, len(PLACES) - len(known))
    assert not known & set(found)

    def away(place):
        return (place.rate - center.rate) ** 2 + (place.strength - center.strength) ** 2

    reached = [away(one) for one in found]
    assert reached == sorted(reached)
    left = set(PLACES) - known - set(found)
    assert not left or max(reached) <= min(map(away, left))


def test_all_places_share_one_program():
    structures = {one.recipe(stop).structure() for one in PLACES for stop in (True, False)}
    assert len(structures) == 1


# ---------------------------------------------------------------- wishes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


def encoded(whole):
    return json.dumps(whole).encode()


def test_a_wish_is_read():
    wish = read_wish(encoded(GOOD | {"known": [[0, 0], [8, 7]]}))
    assert (wish.width, wish.seed, wish.center) == (4, 1, Place(3, 2))
    assert wish.known == {Place(0, 0), Place(8, 7)}
    np.testing.assert_array_equal(wish.cloud().X, sampled("moons", 20, 0.4, 1).X)


@given(st.sampled_from([*GOOD, *GOOD["data"], "drawn"]), JSON)
def test_whatever_is_sent_is_a_wish_or_is_told(name, value):
    data = GOOD["data"] | {name: value}
    for whole in (GOOD | {name: value}, GOOD | {"data": data}, value):
        with suppress(DataError):
            assert isinstance(read_wish(encoded(whole)).cloud(), Cloud)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no JSON"),
        (b"{", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 60000, "no JSON"),
        (b" " * (MOST_BYTES + 1), f"at most {MOST_BYTES} bytes"),
        (b"[]", "an object is wanted"),
        (encoded({}), "rate is missing"),
        (encoded(GOOD | {"rate": 9}), "0 to 8"),
        (encoded(GOOD | {"rate": True}), "0 to 8"),
        (encoded(GOOD | {"width": 5}), "none of 2, 4, 8, 16, 32"),
        (encoded(GOOD | {"seed": -1}), "seed"),
        (encoded(GOOD | {"stopping": 1}), "true or false"),
        (encoded(GOOD | {"known": [[0, 0]] * 99}), "at most 72"),
        (encoded(GOOD | {"data": {"drawn": [[0, 0, 2, 1]]}}), "0 or 1 for the last two"),
        (encoded(GOOD | {"data": {"drawn": [[0, 0, 1]]}}), "a list of 4"),
        (encoded(GOOD | {"data": {"drawn": [[0, 0, 1, 1]] * 401}}), "At most 400 points"),
        (encoded(GOOD | {"data": {"drawn": [[0, 10**400, 1, 1]]}}), "finite"),
        (encoded(GOOD | {"data": {"drawn": [[0, float("nan"), 1, 1]]}}), "finite"),
    ],
)
def test_what_is_no_wish_is_told(text, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_wish(text)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"shape": "moon"}, "Did you mean moons?"),
        ({"points": 19}, "20 to 200"),
        ({"noise": 1.1}, "from 0 to 1"),
        ({"noise": -0.1}, "from 0 to 1"),
    ],
)
def test_samples_that_cannot_be_drawn_are_told(changed, message):
    wish = read_wish(encoded(GOOD | {"data": GOOD["data"] | changed}))
    with pytest.raises(DataError, match=re.escape(message)):
        wish.cloud()


# ---------------------------------------------------------------- turns


def test_the_newest_turn_ends_the_one_before_and_those_that_wait():
    turns, order = Turns(), []
    entered, waiting = threading.Event(), threading.Event()

    def first():
        with turns.turn() as check:
            entered.set()
            waiting.wait(10)
            with pytest.raises(SupersededError):
                check()
        order.append("first")

    def waits():
        with pytest.raises(SupersededError), turns.turn():
            order.append("never")

    threads = [threading.Thread(target=first)]
    threads[0].start()
    entered.wait(10)
    threads.append(threading.Thread(target=waits))
    threads[1].start()
    while turns._newest < 2:
        pass
    with turns._counting:  # Stands for a third that has asked, and runs last.
        turns._newest += 1
    waiting.set()
    for one in threads:
        one.join(10)
    assert order == ["first"]
    with turns.turn() as check:
        check()


def test_closed_turns_are_over():
    turns = Turns()
    with turns.turn() as check:
        assert not turns.close(patience=0.01)
        with pytest.raises(SupersededError):
            check()
    assert turns.close()
    with pytest.raises(SupersededError), turns.turn():
        pass


# ---------------------------------------------------------------- who may come in

DOOR = Door(8123, "secret")
HOST = {"Host": "127.0.0.1:8123"}
ELSEWHERE = HOST | {"Sec-Fetch-Site": "cross-site"}


@pytest.mark.parametrize(
    ("status", "method", "path", "headers"),
    [
        (None, "GET", "/secret/", HOST),
        (None, "GET", "/secret/?x=1", {"HOST": "localhost:8123"}),
        (None, "POST", "/secret/train", HOST),
        (None, "POST", "/secret/train", HOST | {"Origin": "http://127.0.0.1:8123"}),
        (None, "GET", "/secret/", HOST | {"Sec-Fetch-Site": "none"}),
        (
            None,
            "GET",
            "/secret/",
            ELSEWHERE | {"Sec-Fetch-Dest": "document"},
        ),
        (
            403,
            "GET",
            "/secret/",
            ELSEWHERE | {"Sec-Fetch-Dest": "iframe"},
        ),
        (403, "GET", "/secret/", ELSEWHERE),
        (
            403,
            "POST",
            "/secret/train",
            ELSEWHERE | {"Sec-Fetch-Dest": "document"},
        ),
        (403, "POST", "/secret/train", HOST | {"Sec-Fetch-Site": "same-site"}),
        (403, "POST", "/secret/train", HOST | {"Origin": "http://evil.example"}),
        (403, "POST", "/secret/train", HOST | {"Origin": "http://127.0.0.1:8124"}),
        (403, "POST", "/secret/train", HOST | {"Origin": "null"}),
        (403, "GET", "/secret/", {}),
        (403, "GET", "/secret/", {"Host": "evil.example:8123"}),
        (403, "GET", "/secret/", {"Host": "127.0.0.1"}),
        (403, "GET", "/", HOST),
        (403, "GET", "/secre/", HOST),
        (403, "GET", "/secret2/", HOST),
        (403, "GET", "//secret/", HOST),
        (403, "GET", "/%73ecret/", HOST),
        (403, "GET", "/sécret/", HOST),
        (404, "GET", "/secret/../etc", HOST),
        (405, "GET", "/secret/train", HOST),
        (405, "POST", "/secret/", HOST),
    ],
)
def test_the_door(status, method, path, headers):
    refusal = DOOR.refusal(method, path, headers, "127.0.0.1")
    assert (refusal and refusal.status) == status


@pytest.mark.parametrize("client", ["192.168.0.4", "8.8.8.8", "fe80::1", "", "nobody"])
def test_no_other_machine_comes_in(client):
    assert DOOR.refusal("GET", "/secret/", HOST, client).status == 403
    assert DOOR.refusal("GET", "/secret/", HOST, "127.0.0.5") is None


# ---------------------------------------------------------------- training


@pytest.fixture(scope="module")
def trainer():
    made = Trainer(epochs=EPOCHS, lanes=1)
    made.warm()
    return made


LIGHT = Place(0, 3)


def trained(trainer, cloud, width=4, stopping=False, place=LIGHT, seed=5):
    wish = Wish(lambda: cloud, width, stopping, seed, place, frozenset())
    return trainer.train(cloud, wish, [place], lambda: None)[0]


def test_no_width_cloud_strength_or_stopping_compiles_anew(trainer):
    trained(trainer, sampled("moons", 30, 0.1, 1), 2)
    with Compilations() as counted:
        for width in WIDTHS:
            trained(trainer, sampled("xor", 20 * width // 4 + 20, 0.3, width), width)
        result = trained(trainer, drawn(*points_of()), 8, True, Place(4, 6))
        trainer.field(result.values)
    assert counted.count == 0


@pytest.mark.parametrize("place", [Place(0, 3), Place(5, 6)])
def test_a_narrow_network_stays_narrow(trainer, place):
    values = trained(trainer, sampled("circles", 60, 0.2, 0), 4, place=place).values
    kernels = [value for value in values.values() if value.ndim == 2]
    assert not kernels[0][:, 4:].any()
    assert not kernels[1][4:].any()
    assert not kernels[1][:, 4:].any()
    assert not kernels[2][4:].any()
    assert all(kernel[:4, :4].all() for kernel in (kernels[0], kernels[1], kernels[2]))


def test_a_narrow_network_is_trained_as_one_that_is_built_so(trainer):
    cloud = sampled("moons", 47, 0.3, 3)
    wide = trained(trainer, cloud)
    model = default_network((2,), np.array([0, 1]), (4, 4))
    built = Blueprint.of(model, (2,))
    starts = narrowed(trainer.task.blueprint.initial_values(initial_weights_seed(5, 0)), 4)
    first = {path: cut(starts[path], value) for path, value in built.initial_values(0).items()}
    task = replace(trainer.task, blueprint=built, rows=cloud.rows())
    narrow = run_trials(task, [wide.trial], first)[0]
    np.testing.assert_allclose(wide.curves, narrow.curves, rtol=2e-4, atol=1e-5)
    for path, value in narrow.values.items():
        np.testing.assert_allclose(cut(wide.values[path], value), value, atol=1e-4)


def cut(wide, narrow):
    """The part of a wide layer's variable that a narrow layer has."""
    return wide[tuple(slice(0, size) for size in narrow.shape)]


@given(st.sampled_from(WIDTHS), st.integers(0, 50))
@settings(deadline=None, max_examples=20)
def test_what_is_left_is_drawn_as_by_glorot(width, seed):
    draws = np.random.default_rng(seed)
    shapes = {"a/kernel": (2, 32), "b/kernel": (32, 32), "c/kernel": (32, 1)}
    limits = {k: np.sqrt(6 / sum(s)) for k, s in shapes.items()}
    values = {k: draws.uniform(-limits[k], limits[k], s) for k, s in shapes.items()}
    made = narrowed(values, width)
    fans = {"a/kernel": 2 + width, "b/kernel": 2 * width, "c/kernel": width + 1}
    for key, fan in fans.items():
        assert np.abs(made[key]).max() <= np.sqrt(6 / fan)
    assert np.count_nonzero(made["b/kernel"]) == width**2


@pytest.mark.parametrize("cloud", [sampled("moons", 47, 0.3, 3), drawn(*points_of())])
def test_figures_are_those_of_the_real_points_alone(trainer, cloud):
    """Rows that only fill up count for nothing: the losses, once more in NumPy."""
    result = trained(trainer, cloud)
    hidden = cloud.X.astype(float)
    layers = list(result.values.values())
    for i in range(0, 6, 2):
        hidden = hidden @ layers[i] + layers[i + 1]
        hidden = np.maximum(hidden, 0) if i < 4 else 1 / (1 + np.exp(-hidden))
    said = np.where(cloud.y == 1, hidden[:, 0], 1 - hidden[:, 0])
    for part, name in ((cloud.trains, "train"), (~cloud.trains, "val")):
        last = dict(zip(CURVES, result.curves[-1], strict=True))
        np.testing.assert_allclose(-np.log(said[part]).mean(), last[f"{name}_loss"], rtol=1e-4)
        np.testing.assert_allclose((said[part] > 0.5).mean(), last[f"{name}_metric"], rtol=1e-6)


def test_the_page_begins_with_overfitting_and_the_sliders_mend_it(trainer):
    """As docs/play.md says; epochs are data, so this is the same program."""
    page_opens = {"shape": "moons", "points": 60, "noise": 0.4, "seed": 1}
    wish = read_wish(encoded(GOOD | {"data": page_opens, "width": 32}))
    places = [Place(0, 0), Place(3, 4)]
    off, on = Trainer(lanes=1).train(wish.cloud(), wish, places, lambda: None)
    assert off.at_chosen("train_metric") == 1
    assert 0.7 < off.at_chosen("val_metric") < 0.85
    assert off.at_chosen("val_loss") > 3 * off.curves[:, CURVES.index("val_loss")].min()
    assert on.at_chosen("val_metric") > off.at_chosen("val_metric") + 0.04
    assert on.at_chosen("val_loss") < off.at_chosen("val_loss") / 3


def test_the_plane_is_read_from_below():
    points = plane().reshape(CELLS, CELLS, 2)
    assert points[0, 0].tolist() == pytest.approx([-REACH + REACH / CELLS] * 2)
    assert points[0, 1, 0] > points[0, 0, 0]
    assert points[1, 0, 1] > points[0, 0, 1]


# ---------------------------------------------------------------- the server


@pytest.fixture(scope="module")
def playground(trainer):
    made = Playground(trainer)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield made
    made.shutdown()
    thread.join(10)
    assert made.close()


@pytest.fixture
def ask(playground):
    """Asks the server: status, headers, and the answer as text."""
    connection = http.client.HTTPConnection(*playground.server_address, timeout=60)

    def send(method="POST", path="train", body=None, headers=None):
        text = encoded(GOOD) if body is None and method == "POST" else body
        sent = {"Content-Type": "application/json"} | (headers or {})
        connection.request(method, f"/{playground.door.token}/{path}", text, sent)
        reply = connection.getresponse()
        return reply.status, dict(reply.getheaders()), reply.read().decode()

    yield send
    connection.close()


def test_it_listens_on_this_machine_alone(playground):
    assert playground.server_address[0] == "127.0.0.1"
    assert len(playground.door.token) >= 32
    assert playground.address.startswith(f"http://127.0.0.1:{playground.server_address[1]}/")


def test_the_page_asks_for_nothing_outside(ask):
    status, headers, text = ask("GET", "", headers={})
    assert status == 200
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Frame-Options"] == "DENY"
    assert "Access-Control-Allow-Origin" not in headers
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text).group(1)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    assert set(re.findall(r"https?://[^\s\"']+", text)) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"<script src|<link rel=.stylesheet|@import|\son\w+=", text)


def test_an_answer_holds_what_the_page_draws(ask):
    status, _, text = ask()
    assert status == 200
    told = json.loads(text, parse_constant=pytest.fail)
    assert told["left"] == len(PLACES) - len(told["places"])
    assert len(told["cloud"]) == 20 + VALIDATING
    first = told["places"][0]
    assert first["at"] == [3, 2]
    assert len(base64.b64decode(first["field"])) == CELLS**2
    assert [len(curve) for curve in first["curves"]] == [EPOCHS] * 4
    assert first["says"].startswith("Dropout 0.3, λ 0.0003: training accuracy ")
    assert first["figures"]["gap"].endswith(" points")


def test_the_same_wish_has_the_same_answer_and_known_places_are_left_out(ask):
    first, again = (json.loads(ask()[2]) for _ in range(2))
    assert first == again
    known = [one["at"] for one in first["places"]]
    further = json.loads(ask(body=encoded(GOOD | {"known": known}))[2])
    assert not {tuple(one["at"]) for one in further["places"]} & set(map(tuple, known))
    everything = [[one.rate, one.strength] for one in PLACES]
    last = json.loads(ask(body=encoded(GOOD | {"known": everything}))[2])
    assert (last["places"], last["left"]) == ([], 0)


@pytest.mark.parametrize(
    ("status", "request_"),
    [
        (400, {"body": b"{"}),
        (400, {"body": encoded(GOOD | {"width": 10**9})}),
        (403, {"headers": {"Origin": "http://evil.example"}}),
        (403, {"headers": {"Host": "evil.example"}}),
        (404, {"path": "nothing"}),
        (404, {"path": "../train"}),
        (405, {"method": "GET"}),
        *((501, {"method": name, "body": b""}) for name in ("PUT", "DELETE", "OPTIONS", "TRACE")),
        *(
            (400, {"body": body})
            for body in (b"", b"null", b"[" * 60_000, b"\xff{}", b'"x"', b'{"data": NaN}')
        ),
        (403, {"headers": {"Origin": "null"}}),
        (403, {"headers": {"Origin": ""}}),
        (403, {"headers": {"Sec-Fetch-Site": "cross-site"}}),
        (403, {"headers": {"Host": "localhost.evil.example"}}),
        (403, {"headers": {"Host": "127.0.0.1.nip.io"}}),
        (411, {"headers": {"Content-Length": "-1"}}),
        (411, {"headers": {"Transfer-Encoding": "chunked", "Content-Length": "0"}}),
        (413, {"body": b" " * (MOST_BYTES + 1)}),
        (413, {"headers": {"Content-Length": "9" * 4000}}),
        (415, {"headers": {"Content-Type": "text/plain"}}),
    ],
)
def test_what_is_wrong_is_told_without_a_traceback(ask, status, request_):
    found, headers, text = ask(**request_)
    assert found == status
    assert headers["Content-Type"] == "application/json"
    said = json.loads(text)["error"]
    assert said.endswith((".", ")."))
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("status", "head"),
    [
        (403, "GET /{token}/ HTTP/1.1\r\nHost: evil.example\r\nHost: {host}"),
        (403, "GET /{token}/ HTTP/1.1\r\nHost: {host}\r\nHost: {host}"),
        (403, "GET /{token}/ HTTP/1.1\r\nHost: {host}\r\nOrigin: null\r\nOrigin: http://{host}"),
        (403, "GET http://{host}/{token}/ HTTP/1.1\r\nHost: {host}"),
        (403, "GET /{token}/ HTTP/1.0"),
        (400, "<script>x</script> y z HTTP/1.1"),
        (400, "\x00\x01\x02"),
        (505, "GET /{token}/ HTTP/9.9\r\nHost: {host}"),
        (501, "<script>x</script> /{token}/ HTTP/1.1\r\nHost: {host}"),
        (414, "GET /{token}/" + "a" * 70_000 + " HTTP/1.1\r\nHost: {host}"),
        (431, "GET /{token}/ HTTP/1.1\r\nHost: {host}\r\nX: " + "a" * 70_000),
    ],
)
def test_what_no_browser_sends_is_refused_without_an_echo(playground, status, head):
    host = f"127.0.0.1:{playground.server_address[1]}"
    text = head.format(host=host, token=playground.door.token) + "\r\n\r\n"
    with socket.create_connection(playground.server_address, timeout=10) as connection:
        with suppress(ConnectionError):  # It need not read all of it.
            connection.sendall(text.encode())
        answer = b""
        with suppress(ConnectionError):
            while part := connection.recv(65536):
                answer += part
    assert f" {status} ".encode() in answer.partition(b"\r\n")[0]
    assert b"Content-Type: application/json" in answer
    assert b"X-Content-Type-Options: nosniff" in answer
    assert playground.door.token.encode() not in answer
    assert b"<" not in answer


def test_points_that_do_not_do_are_refused_in_words(ask):
    status, _, text = ask(body=encoded(GOOD | {"data": {"drawn": [[0, 0, 0, 1]]}}))
    assert status == 200
    assert "Draw at least 2 of each" in json.loads(text)["refused"]


def test_a_mistake_of_ours_stays_in_the_terminal(ask, playground, monkeypatch, capsys):
    def broken(*_):
        raise RuntimeError("inside")

    monkeypatch.setattr(playground.trainer, "train", broken)
    status, _, text = ask()
    assert status == 500
    assert json.loads(text)["error"].startswith("A mistake of justright's (RuntimeError)")
    assert "inside" not in text
    assert "inside" in capsys.readouterr().err


def test_a_training_that_fails_is_said(ask, playground, monkeypatch):
    train = type(playground.trainer).train

    def failing(*arguments):
        found = train(playground.trainer, *arguments)
        return [replace(one, outcome=Outcome.FAILED) for one in found]

    monkeypatch.setattr(playground.trainer, "train", failing)
    one = json.loads(ask()[2])["places"][0]
    assert one["failed"]
    assert "The loss became infinite" in one["says"]


def test_a_newer_wish_ends_a_training(ask, playground, monkeypatch):
    """The check that the trainer calls gives way as soon as another turn is asked for."""

    def asked_again(cloud, wish, places, check):
        with playground.turns._counting:
            playground.turns._newest += 1
        check()

    monkeypatch.setattr(playground.trainer, "train", asked_again)
    assert json.loads(ask()[2]) == {"superseded": True}


def test_a_port_that_is_taken_is_told(playground, trainer):
    with pytest.raises(DataError, match="Leave --port out"):
        Playground(trainer, playground.server_address[1])


@pytest.fixture
def interruptible():
    """Ctrl-C as in a terminal: a process that was started in the background ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_closes_it(trainer, capsys, interruptible):
    made = Playground(trainer)
    threading.Timer(0.2, signal.raise_signal, [signal.SIGINT]).start()
    serve(made)
    assert "closed" in capsys.readouterr().out
    with pytest.raises(SupersededError), made.turns.turn():
        pass

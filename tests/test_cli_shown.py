"""Names on a terminal are shown, and never obeyed."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from justright.cli.main import run
from justright.cli.shown import plain_markup, visible

TITLE = "\x1b]0;taken\x07"
RED = "\x1b[31mred"


@given(st.text())
def test_nothing_is_left_that_a_terminal_obeys(text):
    shown = visible(text)
    assert not {c for c in shown if unicodedata.category(c) == "Cc"} - {"\n", "\t"}
    assert not set(shown) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert visible(shown) == shown
    shown.encode()


@given(st.text(st.characters(codec="utf-8", exclude_categories=["C"])))
def test_other_text_is_as_it_was(text):
    assert visible(text) == text


def test_square_brackets_are_no_markup():
    from rich.text import Text

    assert Text.from_markup(plain_markup("[bold]x[/]")).plain == "[bold]x[/]"


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = "".join(f"{i},{i % 3},{'ab'[i % 2]}{TITLE}\n" for i in range(40))
    (tmp_path / "t.csv").write_text(f"{RED},x\u202ey,[bold]y\n{rows}", encoding="utf-8")
    (tmp_path / "e.csv").write_text(f"loss,{RED}\n1,2\n", encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["compare", "--data", "t.csv", "--target", "none"], [r"\x1b[31mred", r"x\u202ey"]),
        (["compare", "--data", f"{RED}.csv"], [r"\x1b[31mred.csv"]),
        (["compare", "--recipe", f"{TITLE}=1"], ["is no regularizer"]),
        (["diagnose", "e.csv"], [r"loss, \x1b[31mred"]),
        ([RED], ["No such command"]),
    ],
)
def test_a_refusal_repeats_a_name_without_obeying_it(place, capfd, command, words):
    assert run(command) in (1, 2)
    said = capfd.readouterr().err
    flat = " ".join(said.split())
    assert [word for word in words if word not in flat] == [], flat
    assert "\x1b[31mred" not in said
    assert "\x1b]0" not in said


def test_what_was_trained_is_told_without_obeying_it(place, capfd):
    how = ["--epochs", "1", "--seeds", "1", "--hidden", "4", "--quiet", "--recipe", "l1=0.01"]
    assert run(["compare", "--data", "t.csv", *how]) == 0
    said = capfd.readouterr().out
    assert r"\x1b]0;taken\x07" in "".join(said.split())
    assert not set(said) & {"\x1b", "\x07", "\u202e"}

"""The catalog: every technique says when, at what cost and from where; pages cannot drift."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.cli.main import run
from justright.regularizers import TECHNIQUES
from justright.regularizers.catalog import entries_by_place, entry_of, find_entry
from justright.regularizers.text import parse_recipe
from justright.report.catalog import catalog_page
from test_laws import company

PAGE = Path(__file__).parents[1] / "docs" / "techniques.md"
ALL = [pytest.param(kind, id=kind.__name__) for kind in TECHNIQUES]

ADD = """
Add to the docstring of {kind}, right before its "Source:", the line

    {line}
"""
WANTED = {
    "when": "When: the situation in which to try it, a short clause without capital letter.",
    "cost": "Cost: no extra pass.  (or: 1 extra pass forward and back; …)",
    "tried": "Try: `key=0.1`  (a usual recipe, as on the command line)",
    "source": "Source: Authors, title, where and when, section or equation.",
}


def said_by(*arguments):
    out, err = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COLUMNS", "80")
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run(["techniques", *arguments])
    return code, out.getvalue(), err.getvalue()


@pytest.mark.parametrize("kind", ALL)
def test_every_technique_says_when_at_what_cost_and_from_where(kind):
    entry = entry_of(kind)
    missing = [line for name, line in WANTED.items() if not getattr(entry, name)]
    assert not missing, "".join(ADD.format(kind=kind.__name__, line=line) for line in missing)
    first = entry.cost.split()[0]
    assert first == "no" or first.isdigit(), f"Cost of {kind.__name__} begins with 'no' or a number"
    assert entry.when.endswith("."), f"When of {kind.__name__} ends with a full stop"
    assert len(entry.when) <= 90, f"When of {kind.__name__} is to fit two lines of the table"


@pytest.mark.parametrize("kind", ALL)
def test_what_to_try_is_a_recipe_of_this_technique_and_what_it_needs(kind):
    entry = entry_of(kind)
    tried = parse_recipe(entry.tried)
    kinds = [type(one) for one in tried.techniques]
    assert kinds == [*(type(one) for one in company(kind).techniques), kind]
    assert jr.Recipe(eval(entry.code, {"jr": jr})) == tried


@pytest.mark.parametrize("kind", ALL)
def test_every_argument_is_described(kind):
    for one in entry_of(kind).arguments:
        assert one.text, f"Describe {one.name} in the Args of {kind.__name__}."


def test_the_frame_has_a_row_a_technique():
    frame = jr.techniques()
    assert set(frame["name"]) == {kind.__name__ for kind in TECHNIQUES}
    assert len(frame) == len(TECHNIQUES)
    dropout = frame.set_index("key").loc["dropout"]
    assert dropout["strengths"] == "rate: a number in [0, 1), 0 is off"
    assert dropout["places"] == "activations at a site"
    assert "Srivastava" in dropout["source"]
    assert frame.set_index("key")["extra_passes"]["sam"] == 1
    assert (frame.drop(columns="strengths") != "").all().all()


def test_entries_stand_under_the_first_place_that_they_fill():
    grouped = entries_by_place()
    assert sum(map(len, grouped.values())) == len(TECHNIQUES)
    assert all(entry.places[0] == place for place in grouped for entry in grouped[place])


def test_the_page_is_what_the_classes_say():
    assert PAGE.read_text(encoding="utf-8") == catalog_page(entries_by_place()), (
        "docs/techniques.md is not what the classes say. Write it anew: "
        "justright techniques --markdown > docs/techniques.md"
    )
    code, out, _ = said_by("--markdown")
    assert (code, out) == (0, PAGE.read_text(encoding="utf-8"))


def test_the_table_fits_80_columns_and_names_every_technique():
    code, out, _ = said_by()
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for kind in TECHNIQUES:
        assert entry_of(kind).own in out
    assert "The gradient" in out


@pytest.mark.parametrize("name", ["dropout", "Dropout", "early-stopping", "EarlyStopping"])
def test_one_in_full(name):
    code, out, _ = said_by(name)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    entry, words = find_entry(name), " ".join(out.split())
    for text in (entry.summary, entry.when, entry.code, entry.tried, "Source:", "required"):
        assert text.replace("`", "") in words


def test_an_unknown_name_is_told_with_the_nearest():
    code, _, err = said_by("dropuot")
    assert code == 1
    assert "Did you mean dropout?" in err
    assert said_by("l2", "--figure", "a.png")[0] == 1


# The picture of dropout


@pytest.fixture(scope="module")
def histograms():
    return jr.activation_histograms()


def test_the_mean_is_kept_and_zeros_are_the_rate_beyond_those_of_relu(histograms):
    plain, *others = histograms.table.to_dict("records")
    assert plain["rate"] == plain["dropped"] == plain["mean_error"] == 0
    alive = (histograms.plain != 0).sum()
    for row in others:
        assert abs(row["mean"] - plain["mean"]) < 4 * row["mean_error"]
        error = np.sqrt(row["rate"] * (1 - row["rate"]) / alive)
        assert abs(row["dropped"] - row["rate"]) < 4 * error
        share = plain["zeros"] + (1 - plain["zeros"]) * row["dropped"]
        assert row["zeros"] == pytest.approx(share)


def test_activations_are_those_of_the_model_that_is_given():
    model, X = dense_net(), np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    given = jr.activation_histograms(model, X, layer="hidden_1", rates=[0.5], seed=3)
    first, second = (model.get_layer(f"hidden_{i}") for i in (0, 1))
    np.testing.assert_allclose(given.plain, np.ravel(second(first(X))), rtol=1e-5, atol=1e-6)
    with pytest.raises(jr.ModelError, match="Did you mean hidden_0"):
        jr.activation_histograms(model, X, layer="hidden0")
    with pytest.raises(jr.RecipeError, match=r"Did you mean 0\.5"):
        jr.activation_histograms(model, X, rates=[50])


def test_three_panels_write_mean_and_zeros(histograms):
    figure = histograms.plot()
    headings = [axes.get_title(loc="left") for axes in figure.axes]
    assert headings == ["no dropout", "20 % dropped", "50 % dropped"]
    for axes, row in zip(figure.axes, histograms.table.to_dict("records"), strict=True):
        assert f"mean {row['mean']:.3f}" in axes.texts[0].get_text()
        bars = sum(bar.get_height() for bar in axes.patches)
        assert bars == pytest.approx(1)


def test_the_command_draws_and_says_them(tmp_path):
    code, out, _ = said_by("dropout", "--figure", str(tmp_path / "dropout.png"))
    assert code == 0
    assert "20 % dropped: mean 0.2" in out
    assert (tmp_path / "dropout.png").read_bytes().startswith(b"\x89PNG")

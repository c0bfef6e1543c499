"""A report is one page that holds what it shows, says what the numbers say, runs nothing else."""

import ast
import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

import justright as jr
from conftest import dense_net, signs
from justright.data.asked import Asked
from justright.engine.outcome import Outcome
from justright.engine.trial import Trial, TrialResult
from justright.evidence.measure import Measure
from justright.experiments import search as searching
from justright.report.page.code import Run, compare_code, search_code
from justright.report.page.page import Explorer, Page, Picture, Section, Table
from justright.report.page.search_choices import choices_of, options_of
from justright.report.page.series import limits_of, series_of, thinned_in_words
from justright.report.page.shell import tight
from justright.report.page.study_page import facts_of
from justright.report.page.weights import thinned, weights_of

EVIL = "<script>alert(1)</script>\"'&</script><img src=x onerror=alert(1)>"
VOID = {"meta", "link", "br", "input", "hr", "img"}
ROWS = {"validation": signs(1, 60), "test": signs(2, 60)}


class Document(HTMLParser):
    """Reads a page: its elements, what is open, text by element."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.open, self.texts, self.faults = [], [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self.texts.append("")
        if tag not in VOID:
            self.open.append((tag, len(self.texts) - 1))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop()[0] != tag:
            self.faults.append(tag)

    def handle_data(self, data):
        if self.open:
            self.texts[self.open[-1][1]] += data

    def of(self, tag):
        found = zip(self.elements, self.texts, strict=True)
        return [(attributes, text) for (name, attributes), text in found if name == tag]


def data_of(text):
    return json.loads(
        re.search(r'<script type="application/json" id="data">(.*?)</script>', text)[1]
    )


@pytest.fixture(scope="module")
def study():
    keras.utils.set_random_seed(7)
    recipes = {
        "plain": jr.Recipe(),
        EVIL: jr.Dropout(0.4) + jr.L2(0.01),
        "stopped": jr.Dropout(0.4) + jr.L2(0.01) + jr.EarlyStopping(2),
    }
    X, y = signs(0, 80)
    named = pd.DataFrame(X, columns=[EVIL, *"bcde"])
    return jr.compare(
        dense_net(), (named, np.where(y, EVIL, "no")), recipes, seeds=3, epochs=6, batch_size=20
    )


@pytest.fixture(scope="module")
def sweep():
    keras.utils.set_random_seed(7)
    over = {"Dropout.rate": [0, 0.5], "L2.strength": [0, 0.001, 1.0]}
    return jr.sweep(dense_net(), signs(0, 80), over, seeds=2, epochs=5, batch_size=20, **ROWS)


@pytest.fixture(scope="module")
def search():
    keras.utils.set_random_seed(7)
    space = {"Dropout.rate": (0.1, 0.5), "L2.strength": (1e-4, 1e-1), "learning_rate": (1e-3, 1e-1)}
    short = {"budget": 24, "seed": 1, "seeds": 2, "epochs": 4, "batch_size": 20}
    return jr.search(dense_net(), signs(0, 80), space=space, **short, **ROWS)


@pytest.fixture(scope="module")
def pages(study, sweep, tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    files = {"study": study.report(folder / "study.html")}
    files["sweep"] = sweep.report(folder / "sweep.html", command="justright sweep <&>")
    return {name: file.read_text(encoding="utf-8") for name, file in files.items()}


@pytest.fixture(scope="module", params=["study", "sweep"])
def page(request, pages):
    return pages[request.param]


# ---------------------------------------------------------------- the page


def test_the_page_is_whole_and_small(page):
    document = Document(page)
    assert not document.faults
    assert not document.open
    assert len(page.encode()) < 400_000
    ids = [attributes["id"] for _, attributes in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    levels = [int(tag[1]) for tag, _ in document.elements if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_the_page_asks_for_nothing_outside_itself(page):
    document = Document(page)
    assert {tag for tag, _ in document.elements}.isdisjoint({"img", "iframe", "object", "base"})
    for tag, attributes in document.elements:
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            given = attributes.get(name, "#")
            assert given.startswith("#") or (tag == "link" and given == "data:,"), (tag, given)
    assert not re.search(r"@import|url\((?!#)", page)
    beyond = re.findall(r"https?://[^\s\"'<]+", page)
    assert set(beyond) <= {"http://www.w3.org/2000/svg"}


def test_only_the_pages_own_script_may_run(page):
    policy = next(a["content"] for a, _ in Document(page).of("meta") if "http-equiv" in a)
    scripts = [text for a, text in Document(page).of("script") if "type" not in a]
    assert len(scripts) == 1
    for kind, text in (("script", scripts[0]), ("style", Document(page).of("style")[0][1])):
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not [name for _, a in Document(page).elements for name in a if name.startswith("on")]


def test_names_are_text_wherever_they_stand(pages):
    document = Document(pages["study"])
    assert not document.of("img")
    assert len(document.of("script")) == 2
    assert EVIL in [text for _, text in document.of("option")]
    assert EVIL in data_of(pages["study"])["explorer"]["axes"][0]["labels"]
    assert json.dumps(EVIL) in document.of("code")[-1][1]


def test_every_link_control_and_picture_has_its_name_and_place(page):
    document = Document(page)
    ids = {attributes.get("id") for _, attributes in document.elements}
    for attributes, _ in document.of("a"):
        assert attributes["href"][1:] in ids
    labels = {attributes["for"] for attributes, _ in document.of("label")}
    controls = [*document.of("input"), *document.of("select")]
    assert controls
    assert {attributes["id"] for attributes, _ in controls} == labels
    pictures = [a for a, _ in document.of("div") if a.get("id", "").startswith("picture-")]
    assert len(pictures) == len(data_of(page)["pictures"])
    assert all(attributes["data-words"] for attributes in pictures)
    # The same in numbers, for whoever does not see pictures.
    assert len(document.of("table")) > len(pictures)
    assert all(text.strip() for _, text in document.of("caption"))


def test_what_changes_is_said(page):
    live = [a for _, a in Document(page).elements if a.get("aria-live") == "polite"]
    assert len(live) == 1
    explorer = data_of(page)["explorer"]
    assert all(point["says"] and point["weights"] for point in explorer["points"])


# ---------------------------------------------------------------- what it says


def test_every_combination_of_the_sliders_was_trained(sweep, pages):
    explorer = data_of(pages["sweep"])["explorer"]
    sizes = [len(axis["labels"]) for axis in explorer["axes"]]
    assert sizes == [2, 3]
    at = {tuple(point["at"]) for point in explorer["points"]}
    assert at == {(i, j) for i in range(2) for j in range(3)}
    for point, given in zip(explorer["points"], sweep.grid.points, strict=True):
        labels = [axis["labels"][i] for axis, i in zip(explorer["axes"], point["at"], strict=True)]
        assert [float(label) for label in labels] == list(given.values)


def test_the_curves_are_the_means_over_the_seeds(study, pages):
    explorer = data_of(pages["study"])["explorer"]
    for name, point in zip(study.recipes, explorer["points"], strict=True):
        mine = study.curves[study.curves["recipe"] == name]
        by_epoch = mine.groupby("epoch")
        enough = by_epoch.size() >= 1.5
        for column, mean in zip(
            ("train_metric", "val_metric", "train_loss", "val_loss"), point["mean"], strict=True
        ):
            expected = by_epoch[column].mean()[enough]
            assert mean == pytest.approx(expected.tolist(), rel=1e-3)
        assert len(point["runs"]) == 3


def test_the_figures_are_those_of_the_table(study, pages):
    explorer = data_of(pages["study"])["explorer"]
    for name, point in zip(study.recipes, explorer["points"], strict=True):
        mean = study.table.loc[study.table["recipe"] == name, "val_metric"].mean()
        assert point["figures"]["validation"] == study.metric.show(mean)
        assert tight(study.metric.show(mean)) in point["says"]


def test_the_histograms_hold_all_weights(study, sweep, pages):
    for explorer in (data_of(text)["explorer"] for text in pages.values()):
        for point in explorer["points"]:
            assert len(point["histogram"]) == explorer["bins"]["count"]
            assert sum(point["histogram"]) + point["zeros"] == pytest.approx(1, abs=5e-3)
    strong, off = (
        next(p for p in data_of(pages["sweep"])["explorer"]["points"] if p["at"] == at)
        for at in ([0, 2], [0, 0])
    )
    middle = len(off["histogram"]) // 2
    assert strong["histogram"][middle] > off["histogram"][middle]


def test_trainings_are_counted_by_what_they_are(study, pages):
    facts = {name: [t for _, t in Document(pages[name]).of("dd")] for name in pages}
    assert "9 (3 recipes × 3 seeds), up to 6 epochs each" in facts["study"]
    assert "12 (6 points × 2 seeds), up to 5 epochs each" in facts["sweep"]


@pytest.mark.parametrize(
    ("splits", "less", "count"),
    [
        (2, 0, "6 (3 seeds × 2 splits)"),
        (2, 1, "5 (3 seeds × 2 splits, 1 of them missing)"),
        (1, 2, "1 (1 seed)"),
    ],
)
def test_splits_are_counted_as_well(splits, less, count, study):
    trained = [result("a", seed, 2) for _ in range(splits) for seed in range(3)]
    results = [
        replace(one, trial=replace(one.trial, split=i // 3)) for i, one in enumerate(trained)
    ]
    kept = results[: len(results) - less]
    assert dict(facts_of(study.task, kept))["Trainings"] == f"{count}, up to 2 epochs each"


def test_the_answer_is_the_summarys(sweep, pages):
    answer = next(t for a, t in Document(pages["sweep"]).of("p") if a.get("class") == "answer")
    assert sweep.summary().startswith(answer.replace("\u00a0", " ").split(". ")[0])


def test_the_verdicts_have_their_intervals(study, pages):
    text = " ".join(text for _, text in Document(pages["study"]).of("td"))
    for verdict in study.verdicts("plain"):
        assert verdict.decision in text
        interval = verdict.measure.show_range(verdict.low, verdict.high)
        assert (interval if verdict.enough else ", too few") in text


def test_the_diagnosis_and_the_ingredients_stand_there(study, pages):
    text = pages["study"]
    headings = [t for _, t in Document(text).of("h3")] + [
        t for _, t in Document(text).of("article")
    ]
    titles = " ".join(headings + [t for _, t in Document(text).of("span")])
    for finding in jr.diagnose(study).findings:
        assert finding.recipe in titles
    kinds = [picture["kind"] for picture in data_of(text)["pictures"]]
    assert kinds == ["dumbbells", "forest", "forest"]


def test_the_command_stands_there_as_text(pages):
    assert "justright sweep &lt;&amp;&gt;" in pages["sweep"]


@pytest.mark.parametrize("name", ["study", "sweep"])
def test_the_code_trains_the_same_again(name, study, sweep, pages, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = Document(pages[name]).of("code")[-1][1]
    X, y = signs(0, 80)
    rows = {"train": (X, y), **ROWS}
    if name == "study":
        rows = {"train": (X, np.where(y, EVIL, "no"))}
    assert "report.html" in code
    exec(compile(code, "report", "exec"), rows)
    again = rows["study" if name == "study" else "found"]
    expected = study.table if name == "study" else sweep.study.table
    given = again.table if name == "study" else again.study.table
    pd.testing.assert_frame_equal(given, expected, rtol=1e-4, atol=1e-5)
    assert (tmp_path / "report.html").exists()


def test_the_code_of_a_search_trains_the_choice_as_the_page_says(search, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    document = Document(search.report("search.html").read_text(encoding="utf-8"))
    said = next(text for _, text in document.of("p") if "This code trains" in text)
    assert "the choice beside no regularization" in said
    rows = {"train": signs(0, 80), **ROWS}
    exec(compile(document.of("code")[-1][1], "report", "exec"), rows)
    again, history = rows["study"].table, search.history
    assert set(again["recipe"]) == {"plain", "chosen"}
    mine = again[again["recipe"] == "chosen"]
    assert f"with the {len(mine)} fresh seeds" in said
    fresh = history[[record.point == search.point for record in search.records]]
    fresh = fresh[fresh["stage"] == "final"]
    figures = ["seed", "val_metric", "test_metric", "train_loss"]
    same = [one[figures].sort_values("seed").to_numpy(float) for one in (mine, fresh)]
    np.testing.assert_allclose(*same, rtol=1e-4)


def code_of(page, key):
    return next(section.code for section in page.sections if section.key == key)


def test_the_code_of_a_search_searches_again(search, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rows = {"train": signs(0, 80), **ROWS}
    exec(compile(code_of(search._page(""), "code"), "report", "exec"), rows)
    assert rows["found"].point == search.point
    figures = ["seed", "outcome", "val_metric", "test_metric", "train_loss"]
    pd.testing.assert_frame_equal(rows["found"].history[figures], search.history[figures])


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"budget": "90s", "seeds": 0, "choose": "smallest gap"},
        {"sampler": "random", "prune": False, "seed": 3, "objective": "loss"},
        {"base": jr.MaxNorm(3) + jr.EMA(0.9)},
        {"start": [{"L2.strength": 0.01}, {}]},
        {"start": []},
    ],
)
def test_a_search_is_asked_for_as_it_was(given, search, monkeypatch):
    """What has no strengths, what must be there, ranges and options of layers and sizes."""
    space = {
        "Dropout.rate[hidden]": (0.1, 0.5), "L2.strength": [0.01, 0.1], "L1": True,
        "L1.strength": (1e-4, 1), "BatchNorm": None, "EarlyStopping": None,
        "width": [8, 16], "depth": [1, 2], "learning_rate": (1e-3, 1e-2),
    }  # fmt: skip
    hunts = []
    monkeypatch.setattr(
        searching, "hunted", lambda hunt, _, budget, __: hunts.append((hunt, budget))
    )
    rows = {"train": signs(0, 80), **ROWS}
    jr.search(None, rows["train"], space=space, epochs=9, **ROWS, **given)
    (hunt, budget), setup = hunts.pop(), search.hunt.explorer.shapes.setup
    own = hunt.explorer.shapes.setup
    trial = Trial("", jr.Recipe(), 0, 0, own.epochs, own.learning_rate)
    code = search_code(Run(own.task, [trial], setup.asked), hunt.asked(budget))
    with pytest.raises(AttributeError):  # There is no result that writes a report.
        exec(compile(code, "report", "exec"), rows)
    again, other = hunts.pop()
    assert again.explorer.settings == hunt.explorer.settings
    assert again.explorer.looks == hunt.explorer.looks
    assert (again.task, again.seeds, other) == (hunt.task, hunt.seeds, budget)


def test_every_training_of_a_search_is_diagnosed(search):
    page = search._page("")
    points = page.explorer.data["points"]
    outcomes = search.history["outcome"].tolist()
    for point, outcome in zip(points, outcomes, strict=True):
        start = "Given up" if outcome == "pruned" else "Diagnosis: "
        assert point["finding"].startswith(start)
    told = next(section for section in page.sections if section.key == "diagnosis")
    assert {one["recipe"] for one in told.findings} == {"the choice", "no regularization"}


def test_how_often_a_search_kept_a_technique(search, monkeypatch):
    page = search._page("")
    told = next(section for section in page.sections if section.key == "contributions")
    (table,) = told.tables
    history, points = search.history, [record.point for record in search.records]
    explored = history["stage"] == "explore"
    for row in table.rows:
        mine = history[next(one for one in history if one.startswith(f"{row[0]}."))].notna()
        assert row[-1] == f"{(mine & explored).sum()} of {explored.sum()}"
        assert row[1] == ("yes" if f"{row[0]}." in " ".join(search.point) else "no")
        finals = {str(p): m for p, m in zip(points, mine, strict=True) if p in list(points)}
        fresh = {str(p): finals[str(p)] for p, e in zip(points, explored, strict=True) if not e}
        assert row[2] == f"{sum(fresh.values())} of {len(fresh)}"
    asked = []
    monkeypatch.setattr(jr, "contributions", lambda _, __, recipe, **more: asked.append(recipe))
    if len(search.recipe.techniques) > 1:
        with pytest.raises(AttributeError):
            exec(compile(told.code, "report", "exec"), {"train": signs(0, 80), **ROWS})
        assert asked == [search.recipe]
    else:
        assert not told.code


def test_a_search_begins_at_a_fresh_seed_of_the_choice(search):
    page = search._page("")
    explorer, history = page.explorer, search.history
    fresh = history[[record.point == search.point for record in search.records]]
    fresh = fresh[fresh["stage"] == "final"]
    at = dict(explorer.jumps)["The choice"]
    assert history["training"].iloc[at] in set(fresh["training"])
    assert [control.start for control in explorer.controls] == explorer.data["points"][at]["at"]
    assert "fresh seed" in explorer.says
    plain = dict(explorer.jumps)["No regularization"]
    assert explorer.data["reference"] == plain
    assert history["stage"].iloc[plain] == "final"


def test_what_is_off_is_no_ingredient(sweep):
    names = {p.values: p.name for p in sweep.grid.points}
    brought = sweep.study.contributions(names[0.0, 0.001])
    assert set(brought.table["technique"]) == {"L2 0.001"}
    assert "lacks" not in brought.summary()
    page = brought._page("")
    assert [control.words for control in page.explorer.controls] == ["L2 0.001"]
    with pytest.raises(jr.DataError, match="no recipe that is a part"):
        sweep.study.contributions(names[0.0, 0.0])


def test_parts_that_were_not_trained_have_no_button(study):
    keep = [one for one in study.results if one.trial.name != "plain"]
    stopped = replace(study, results=keep).contributions("stopped")
    page = stopped._page("")
    assert [name for name, _ in page.explorer.jumps] == ["The whole recipe"]
    assert page.answer == "The study lacks runs with parts of stopped that Shapley shares want."
    assert page.explorer.data["beside"] == "stopped"
    whole = study.contributions("stopped")._page("").explorer
    assert [name for name, _ in whole.jumps] == ["The whole recipe", "None of it"]


def test_the_code_asks_for_what_is_ones_own(study):
    @jr.technique
    class HalfDropout(jr.Dropout):
        """Dropout of one's own."""

    own = jr.Recipe(HalfDropout(0.3), jr.MaxNorm(float("inf")))
    loss = keras.losses.Huber()
    task = replace(study.task, objective=replace(study.task.objective, given_loss=loss))
    code = compare_code(Run(task, [result("own", 0, 2).trial], None), {"own": own})
    asked = re.search("# And what else is yours: (.*).", code)
    assert asked[1] == "HalfDropout, loss"
    plain = compare_code(Run(study.task, [result("own", 0, 2).trial], study.asked), {})
    assert "what else" not in plain


def test_the_code_names_splits_groups_and_preprocessing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X, y = signs(0, 60)
    of_whom = np.arange(60) // 3
    study = jr.compare(
        dense_net(), (X * 7, y), {"plain": jr.Recipe()}, splits=GroupKFold(2), groups=of_whom,
        preprocess=make_pipeline(StandardScaler(), MinMaxScaler(clip=True)), test=0.2, seeds=1,
        epochs=2, sample_weight=np.linspace(0.5, 1, 60),
    )  # fmt: skip
    code = Document(study.report("report.html").read_text(encoding="utf-8")).of("code")[-1][1]
    assert "They then are train" in code
    assert "divided and prepared" not in code
    rows = {"train": (X * 7, y), "groups": of_whom, "sample_weight": np.linspace(0.5, 1, 60)}
    exec(compile(code, "report", "exec"), rows)
    pd.testing.assert_frame_equal(rows["study"].table, study.table, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "name", ["🔥 hot", "naïve", 'say "no"', "back\\slash", "two\nlines", "{x} \u2028"]
)
def test_the_code_holds_any_name(name, study):
    run = Run(study.task, [result(name, 0, 2).trial], None)
    code = compare_code(run, {name: jr.Recipe(jr.Dropout(0.5))})
    given = ast.parse(code).body[-2].value.args[2]
    assert [key.value for key in given.keys] == [name]


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (GroupKFold(3), "GroupKFold(n_splits=3, random_state=None, shuffle=False)"),
        (StandardScaler(with_mean=False), "StandardScaler(with_mean=False)"),
        (make_pipeline(FunctionTransformer(np.log1p)), "it"),
        ([(np.arange(3), np.arange(3, 5))], "it"),
        ("a\nb", "'a\\nb'"),
        (np.float64(0.25), "0.25"),
    ],
)
def test_what_no_line_can_say_stands_as_its_name(given, text):
    asked = Asked.of({"it": given})
    assert asked.arguments == (("it", text),)
    names = {"it": given}
    exec("\n".join([*asked.imports, f"again = {text}"]), names)
    assert str(names["again"]) == str(given)


# ---------------------------------------------------------------- small parts


def result(recipe, seed, epochs, outcome=Outcome.FINISHED, weights=None):
    rng = np.random.default_rng(seed)
    kernel = rng.normal(size=(4, 3)) if weights is None else np.asarray(weights)
    return TrialResult(
        Trial(recipe, jr.Recipe(), seed, 0, epochs, 1e-3),
        outcome,
        rng.uniform(size=(epochs, 5)),
        epochs,
        epochs,
        (0.5, 0.5),
        {"a/kernel": kernel, "a/bias": np.full(3, 100.0)},
    )


def test_many_long_trainings_stay_small():
    """200 trainings of 200 epochs, and 2,000 of 1,000, are pages of less than 6 MB."""
    for points, seeds, epochs in ((40, 5, 200), (400, 5, 1000)):
        named = {f"p{i}": [result(f"p{i}", s, epochs) for s in range(seeds)] for i in range(points)}
        kept, series = series_of(named)
        assert len(json.dumps(series)) < 4_000_000
        assert kept[0] == 1
        assert kept[-1] == epochs
        assert len(kept) >= 20


def test_failed_trials_are_in_no_curve_and_no_histogram():
    bad = result("a", 1, 3, Outcome.FAILED, weights=np.full((4, 3), np.nan))
    named = {"a": [result("a", 0, 3), bad], "b": [bad]}
    _, (a, b) = series_of(named)
    assert len(a["runs"]) == 1
    assert b["runs"] == []
    _, (held, none) = weights_of(named)
    assert held.shares.sum() + held.zeros == pytest.approx(1)
    assert none is None


def test_what_failed_is_not_said_to_be_left_away():
    bad = result("a", 1, 9, Outcome.FAILED)
    named = {"a": [result("a", 0, 3), bad, bad], "b": [bad]}
    assert thinned_in_words(named, *series_of(named)) == []


@pytest.mark.parametrize("higher", [True, False])
def test_single_runs_are_inside_of_the_axes(higher):
    named = {"a": [result("a", seed, 40) for seed in range(3)]}
    _, series = series_of(named)
    limits = limits_of(series, Measure("r2" if higher else "mse", higher))
    for name, kinds in (("metric", (0, 1)), ("loss", (2, 3))):
        late = [run[kind][4:] for run in series[0]["runs"] for kind in kinds]
        low, high = limits[name]
        assert low < np.min(late)
        assert np.max(late) < high


def test_weights_that_are_mostly_zero_are_told_without_a_range_of_nothing():
    _, (weights,) = weights_of({"a": [result("a", 0, 2, weights=[[0.0, 0.0, 0.0, 1.0]])]})
    assert weights.words == "Of the weights 75 % are exactly zero."


def test_histograms_count_exact_zeros_apart_and_no_biases():
    sparse = result("a", 0, 2, weights=[[0.0, 0.0, 1.0, -1.0]])
    reach, (weights,) = weights_of({"a": [sparse]})
    assert weights.zeros == 0.5
    assert "50 % are exactly zero" in weights.words
    assert reach <= 1


@pytest.mark.parametrize(
    ("count", "in_search", "sample"),
    [(1_000, True, 0), (1_001, True, 501), (50_000, False, 0), (100_000, False, 50_000)],
)
def test_a_histogram_of_a_sample_says_so(count, in_search, sample):
    one = result("a", 0, 2, weights=np.arange(count)[:, None])
    _, (weights,) = weights_of({"a": [thinned(one) if in_search else one]})
    assert weights.sample == sample
    expected = f"Of a sample of {sample:,} weights half" if sample else "Half of the weights"
    assert weights.words.startswith(expected)


def test_a_page_without_curves_is_a_page():
    table = Table("numbers", ["name", "x"], [["a", "1"]])
    picture = Picture("forest", "t", "w", table, {"groups": [""], "rows": [], "share": False})
    page = Page("t", "a", [("x", "y")], None, [Section("s", "S", pictures=[picture])])
    assert not Document(page.html()).faults
    assert data_of(page.html())["explorer"] is None
    assert Explorer([], [], "", "", {}).jumps == []


@pytest.mark.parametrize(
    ("name", "says"),
    [("r.pdf", r"ends in \.html"), ("none/r.html", "no folder"), ("f.html", "folder")],
)
def test_a_path_that_cannot_be_written_is_refused_before_any_work(name, says, study, tmp_path):
    (tmp_path / "f.html").mkdir()
    with pytest.raises(jr.DataError, match=says):
        study.report(tmp_path / name)


def test_what_a_search_chose_becomes_lists_and_lines():
    """Off first, then few values or names one by one, and of many a third each."""
    numbers = [float(i) for i in range(9)]
    history = pd.DataFrame({
        "test_metric": [0.5] * 9,
        "Dropout.rate": [np.nan, *numbers[1:]],
        "BatchNorm": [True, None] * 4 + [True],
        "way": ["up", "down", None] * 3,
        "always": [7] * 9,
        "never": [None] * 9,
        "not": [False, None, np.nan] * 3,
        "switch": [True, False, np.True_] * 3,
    })  # fmt: skip
    rate, norm, way, switch = choices_of(history)
    assert (rate.words, norm.words, way.words) == ("dropout rate", "BatchNorm", "way")
    assert options_of(switch) == (["any", "off", "on"], [2, 1, 2] * 3)
    listed, codes = options_of(rate)
    assert listed[:2] == ["any", "off"]
    assert len(listed) == 5
    assert codes[0] == 1
    assert codes[1:] == sorted(codes[1:])
    assert set(codes[1:]) == {2, 3, 4}
    assert options_of(norm) == (["any", "off", "on"], [2, 1] * 4 + [2])
    assert options_of(way) == (["any", "off", "down", "up"], [3, 2, 1] * 3)


# ---------------------------------------------------------------- notebooks


@pytest.mark.parametrize("of", ["study", "sweep", "recipe", "verdict", "verdicts"])
def test_in_a_notebook_results_are_html_in_which_names_are_text(of, study, sweep):
    shown = {
        "study": study,
        "sweep": sweep,
        "recipe": jr.Dropout(0.4) + jr.EarlyStopping(5),
        "verdict": study.verdict(EVIL, "plain"),
        "verdicts": study.verdicts("plain"),
    }[of]._repr_html_()
    document = Document(shown)
    assert not document.faults
    assert not document.open
    assert {"script", "img"}.isdisjoint({tag for tag, _ in document.elements})
    text = "".join(document.texts)
    assert {"recipe": "Dropout(rate=0.4)", "sweep": "L2 strength"}.get(of, EVIL) in text


def test_a_share_is_written_with_its_sign():
    assert tight(Measure("accuracy", True).show(0.5)) == "50.0\u00a0%"

"""The figure shows what the curves hold: a panel a recipe, on one scale, with nothing cut off."""

import io
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd
import pytest
from matplotlib import colors
from matplotlib.text import Text

from justright.evidence.measure import Measure
from justright.report.curves import draw_curves

ACCURACY = Measure("accuracy", higher_is_better=True)
ERROR = Measure("mean_absolute_error", higher_is_better=False)
MEASURES = [ACCURACY, ERROR]


@dataclass
class Run:
    """A trial's length, how it ended, and its best epoch."""

    epochs: int
    outcome: str = "finished"
    best: int = 3


def curves_of(rng, epochs, measure, low, high):
    """(train, validation): a climb from `low` to `high`, mirrored for errors."""
    time = np.arange(1, epochs + 1) / epochs
    train = high - (high - low) * np.exp(-5 * time) + rng.normal(0, (high - low) / 100, epochs)
    validation = train - (high - low) * (0.1 + 0.2 * time)
    curves = np.clip(np.stack([train, validation]), 0, 1)
    return curves if measure.higher_is_better else 1 - curves


def study(measure=ACCURACY, low=0.6, high=0.99, **recipes):
    """(curves, table) of a study; keywords are recipes with their runs, seed by seed."""
    rng = np.random.default_rng(5)
    curves, rows = [], []
    for recipe, runs in recipes.items():
        for seed, run in enumerate(runs):
            train, validation = curves_of(rng, run.epochs, measure, low, high)
            trial = {"recipe": recipe, "seed": seed, "split": 0}
            epoch = np.arange(1, run.epochs + 1)
            curves.append(
                pd.DataFrame(
                    {**trial, "epoch": epoch, "train_metric": train, "val_metric": validation}
                )
            )
            figures = {"train_metric": train[-1], "val_metric": validation[-1]}
            figures["gap"] = measure.advantage(train[-1], validation[-1])
            if run.outcome == "failed":
                figures = dict.fromkeys(figures, np.nan)
            end = {"epochs_run": run.epochs, "best_epoch": run.best, "outcome": run.outcome}
            rows.append({**trial, **end, **figures})
    return pd.concat(curves, ignore_index=True), pd.DataFrame(rows)


def finished(seeds=3, epochs=12):
    return [Run(epochs) for _ in range(seeds)]


def made(curves, table, measure=ACCURACY):
    return draw_curves(curves, table, measure, "Accuracy by epoch")


def laid_out(figure):
    """The figure with every text in its place."""
    figure.set_dpi(50)
    figure.draw_without_rendering()
    return figure


def panels_of(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def mean_line(axes, label):
    (line,) = [line for line in axes.lines if line.get_label() == label]
    return line


def seed_lines(axes, label):
    mean = mean_line(axes, label)
    return [
        line
        for line in axes.lines
        if line is not mean and colors.same_color(line.get_color(), mean.get_color())
    ]


def end_of(line):
    """The last epoch at which a line is drawn."""
    x, y = line.get_data()
    return np.asarray(x)[np.isfinite(np.asarray(y, float))].max()


def inside(inner, outer, slack=1.0):
    return (
        inner.x0 >= outer.x0 - slack
        and inner.x1 <= outer.x1 + slack
        and inner.y0 >= outer.y0 - slack
        and inner.y1 <= outer.y1 + slack
    )


def title_of(axes):
    """The artist of a panel's title."""
    words = axes.get_title(loc="left")
    return next(text for text in axes.findobj(Text) if text.get_text() == words)


STUDIES = {
    "one recipe": {"plain": finished()},
    "two recipes": {"plain": finished(), "dropout": finished()},
    "three recipes": {"plain": finished(), "dropout": finished(), "L2": finished()},
    "five recipes": {name: finished() for name in ("plain", "a", "b", "c", "d")},
    "one seed": {"plain": finished(1), "dropout": finished(1)},
    "one epoch": {"plain": finished(3, 1), "dropout": finished(3, 1)},
    "some stopped": {"plain": finished(), "early": [Run(n, "stopped") for n in (5, 7, 9)]},
    "some failed": {"plain": finished(), "dropout": [Run(12), Run(2, "failed"), Run(12)]},
    "all failed": {"plain": [Run(n, "failed") for n in (1, 2, 3)]},
}
every_study = pytest.mark.parametrize("case", STUDIES)
every_measure = pytest.mark.parametrize("measure", MEASURES, ids=lambda m: m.name)


@cache
def figure_of(case, measure=ACCURACY):
    return made(*study(measure, **STUDIES[case]), measure)


@every_measure
@every_study
def test_each_recipe_has_a_panel_that_bears_its_name(case, measure):
    panels = panels_of(figure_of(case, measure))
    assert [axes.get_title(loc="left") for axes in panels] == list(STUDIES[case])


@every_measure
@every_study
def test_all_panels_have_one_scale(case, measure):
    panels = panels_of(figure_of(case, measure))
    assert len({axes.get_ylim() for axes in panels}) == 1
    assert len({axes.get_xlim() for axes in panels}) == 1


def legends_of(figure):
    panels = [axes.get_legend() for axes in panels_of(figure)]
    return [legend for legend in (*figure.legends, *panels) if legend]


@every_study
def test_train_and_validation_are_labelled_and_differ(case):
    figure = figure_of(case)
    legends = legends_of(figure)
    assert len(figure.legends) == 1 or len(legends) == len(panels_of(figure))
    for legend in legends:
        assert [text.get_text() for text in legend.get_texts()] == ["train", "validation"]
    for axes in panels_of(figure):
        train, validation = mean_line(axes, "train"), mean_line(axes, "validation")
        assert not colors.same_color(train.get_color(), validation.get_color())


@pytest.mark.parametrize("form", ["png", "svg"])
@every_study
def test_it_can_be_saved_without_a_warning(case, form):
    buffer = io.BytesIO()
    figure_of(case).savefig(buffer, format=form, dpi=20)
    assert buffer.getvalue().startswith({"png": b"\x89PNG", "svg": b"<?xml"}[form])


@pytest.mark.parametrize(
    ("label", "column"), [("train", "train_metric"), ("validation", "val_metric")]
)
def test_the_bold_line_is_the_mean_over_seeds(label, column):
    curves, table = study(plain=finished(4))
    (axes,) = panels_of(made(curves, table))
    epochs, values = mean_line(axes, label).get_data()
    expected = curves.groupby("epoch")[column].mean()
    np.testing.assert_array_equal(epochs, expected.index)
    np.testing.assert_allclose(values, expected)


@pytest.mark.parametrize(
    ("lengths", "end"),
    [([5, 7, 9], 7), ([4, 6, 8, 10], 8), ([6, 6, 6, 12], 6), ([6, 12], 12), ([9], 9)],
)
def test_the_mean_goes_on_while_at_least_half_of_the_trials_run(lengths, end):
    curves, table = study(early=[Run(n, "stopped") for n in lengths])
    (axes,) = panels_of(made(curves, table))
    line = mean_line(axes, "validation")
    expected = curves.groupby("epoch")["val_metric"].mean()
    assert end_of(line) == end
    np.testing.assert_allclose(line.get_ydata(), expected.loc[:end])


def test_each_seed_has_a_line_of_its_own_that_ends_with_its_trial():
    curves, table = study(early=[Run(n, "stopped") for n in (5, 7, 9)])
    (axes,) = panels_of(made(curves, table))
    lines = seed_lines(axes, "train")
    assert sorted(end_of(line) for line in lines) == [5, 7, 9]
    shortest = min(lines, key=end_of)
    mine = curves[curves["seed"] == 0]["train_metric"]
    drawn_values = np.asarray(shortest.get_ydata())
    np.testing.assert_allclose(drawn_values[:5], mine)
    assert np.isnan(drawn_values[5:]).all()


def test_rows_of_the_curves_may_stand_in_any_order():
    curves, table = study(plain=finished())
    shuffled = curves.sample(frac=1, random_state=0)
    there, back = (mean_line(panels_of(made(c, table))[0], "train") for c in (curves, shuffled))
    np.testing.assert_allclose(there.get_ydata(), back.get_ydata())


def test_the_band_of_a_share_is_a_share():
    curves, table = study(low=0.6, high=1.0, plain=finished(5))
    curves.loc[curves["seed"] == 0, "train_metric"] = 0.5
    (axes,) = panels_of(made(curves, table))
    heights = np.concatenate(
        [path.vertices[:, 1] for b in axes.collections for path in b.get_paths()]
    )
    assert heights.min() >= 0
    assert heights.max() <= 1


@every_measure
def test_the_caption_says_what_the_table_says(measure):
    curves, table = study(measure, plain=[Run(12), Run(12), Run(3, "failed")])
    (axes,) = panels_of(made(curves, table, measure))
    texts = " ".join(text.get_text() for text in axes.texts)
    assert measure.show(table["val_metric"].mean()) in texts
    assert measure.show_difference(table["gap"].mean()) in texts


def test_a_recipe_that_always_failed_says_so():
    curves, table = study(plain=finished(), dropout=[Run(2, "failed")] * 3)
    plain, dropout = panels_of(made(curves, table))
    assert "fail" not in " ".join(text.get_text() for text in plain.texts)
    assert "failed" in " ".join(text.get_text() for text in dropout.texts)


@every_measure
def test_the_whole_of_the_mean_is_in_sight(measure):
    """All but the first epochs, which may climb from far away."""
    curves, table = study(measure, plain=finished(), dropout=finished())
    for axes in panels_of(made(curves, table, measure)):
        low, high = axes.get_ylim()
        for label in ("train", "validation"):
            values = np.asarray(mean_line(axes, label).get_ydata())[2:]
            assert (low < values).all()
            assert (values < high).all()


# ---------------------------------------------------------------- failed trials


def with_explosion(last):
    """Four trials of which one fails, with a huge and then a non-finite error."""
    curves, table = study(ERROR, plain=[*finished(3), Run(5, "failed")])
    bad = curves["seed"] == 3
    curves.loc[bad, ["train_metric", "val_metric"]] = np.array([[0.5, 1e3, 1e9, 1e30, last]] * 2).T
    return curves, table


@pytest.mark.parametrize("last", [np.inf, np.nan, 1e38])
def test_a_failed_trial_stretches_no_axis_and_moves_no_mean(last):
    curves, table = with_explosion(last)
    (axes,) = panels_of(made(curves, table, ERROR))
    good = curves[curves["seed"] < 3]
    assert axes.get_ylim()[1] < 2
    np.testing.assert_allclose(
        mean_line(axes, "train").get_ydata(), good.groupby("epoch")["train_metric"].mean()
    )


def test_trials_that_fail_in_their_first_epoch_leave_no_curve_and_no_fault():
    curves, table = study(ERROR, plain=finished(), dropout=[Run(1, "failed")] * 3)
    curves = curves[curves["recipe"] == "plain"]
    figure = made(curves, table, ERROR)
    assert len(panels_of(figure)) == 2


def test_a_study_without_any_curve_can_be_drawn():
    curves, table = study(ERROR, plain=[Run(1, "failed")] * 3)
    (axes,) = panels_of(made(curves[:0], table, ERROR))
    assert "failed" in " ".join(text.get_text() for text in axes.texts)


# ---------------------------------------------------------------- what a reader sees


@pytest.mark.parametrize("seeds", [1, 3])
def test_a_training_of_one_epoch_is_seen(seeds):
    for axes in panels_of(made(*study(plain=finished(seeds, 1)))):
        assert mean_line(axes, "train").get_marker() not in ("None", "", " ", None)
        assert mean_line(axes, "validation").get_marker() not in ("None", "", " ", None)


@every_study
def test_epochs_are_whole_numbers(case):
    for axes in panels_of(laid_out(figure_of(case))):
        assert all(float(tick).is_integer() for tick in axes.get_xticks())


@every_study
def test_the_lowest_panel_of_each_column_has_numbered_epochs(case):
    panels = panels_of(laid_out(figure_of(case)))
    lowest = {round(axes.get_position().x0, 3): axes for axes in panels}
    for axes in lowest.values():
        assert any(t.get_visible() and t.get_text() for t in axes.get_xticklabels())


@pytest.mark.parametrize(("low", "high"), [(0.6, 0.99), (0.985, 0.998), (0.9985, 0.9999)])
def test_no_two_ticks_of_the_scale_bear_the_same_label(low, high):
    (axes,) = panels_of(laid_out(made(*study(low=low, high=high, plain=finished()))))
    bottom, top = axes.get_ylim()
    labels = [
        text.get_text()
        for tick, text in zip(axes.get_yticks(), axes.get_yticklabels(), strict=True)
        if bottom <= tick <= top
    ]
    assert len(labels) > 2
    assert len(labels) == len(set(labels))


def test_the_scale_of_a_share_does_not_go_below_none():
    (axes,) = panels_of(made(*study(low=0.0, high=0.99, plain=finished(3, 40))))
    low, high = axes.get_ylim()
    assert low >= -0.03
    assert high <= 1.03


@pytest.mark.parametrize("best", [2, 10, 38, 40])
def test_what_is_written_in_a_panel_stays_in_its_column(best):
    runs = [Run(40, "stopped", best)] * 3
    figure = laid_out(made(*study(plain=finished(3, 40), early=runs)))
    for axes in panels_of(figure):
        panel = axes.get_window_extent()
        for box in (text.get_window_extent() for text in axes.texts):
            assert panel.x0 - 1 <= box.x0
            assert box.x1 <= panel.x1 + 1
            assert inside(box, figure.bbox)


def overfitted(measure, epochs):
    """Both ways out of a corner: validation ends at its worst, training at its best."""
    curves, table = study(measure, low=0.7, high=0.99, plain=finished(3, epochs))
    worse = -0.3 if measure.higher_is_better else 0.3
    curves["val_metric"] += worse * (curves["epoch"] / epochs) ** 2
    return curves, table


@every_measure
@pytest.mark.parametrize("epochs", [4, 40])
def test_no_text_covers_a_mean(measure, epochs):
    figure = laid_out(made(*overfitted(measure, epochs), measure))
    (axes,) = panels_of(figure)
    written = [*axes.texts, *legends_of(figure)]
    for line in (mean_line(axes, label) for label in ("train", "validation")):
        path = line.get_transform().transform_path(line.get_path())
        for box in (artist.get_window_extent() for artist in written):
            assert not path.intersects_bbox(box, filled=False)


@every_study
def test_no_text_covers_another(case):
    figure = laid_out(figure_of(case))
    panels = panels_of(figure)
    words = figure.get_suptitle()
    written = [*map(title_of, panels), *(text for axes in panels for text in axes.texts)]
    written += [axes.xaxis.label for axes in panels] + legends_of(figure)
    written += figure.findobj(lambda a: isinstance(a, Text) and a.get_text() == words)
    boxes = [artist.get_window_extent() for artist in written]
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("others", [0, 2])
@pytest.mark.parametrize(
    "name",
    ["plain", "dropout=0.4,l2=0.001,batch_norm,early_stopping=20", "a recipe of many words " * 4],
)
def test_names_are_neither_cut_off_nor_run_into_each_other(name, others):
    recipes = {name: finished(), **{f"{name}{i}": finished() for i in range(others)}}
    figure = laid_out(made(*study(**recipes)))
    boxes = [title_of(axes).get_window_extent() for axes in panels_of(figure)]
    assert all(inside(box, figure.bbox) for box in boxes)
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])


@pytest.mark.parametrize("name", ["costs $5 or $6", r"$\frac$", "a_b^c", "100 %", "[x]"])
def test_names_are_shown_as_they_are_and_not_read_as_mathematics(name):
    (axes,) = panels_of(made(*study(**{name: finished()})))
    assert axes.get_title(loc="left") == name
    assert "$" not in name or not title_of(axes).get_parse_math()


def test_the_title_stands_above_all_panels():
    assert figure_of("two recipes").get_suptitle() == "Accuracy by epoch"

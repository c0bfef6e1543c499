"""What the lessons' experiments find, each on a small budget."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

import justright as jr
from justright.cli.main import run
from justright.experiments.lessons import LESSONS


@pytest.fixture(scope="module")
def rates():
    return jr.lesson("dropout_rate", seeds=3)


@pytest.fixture(scope="module")
def strengths():
    return jr.lesson("l2_strength", seeds=3)


def of(found, column):
    return dict(zip(found.grid.values[0], found.table[column], strict=True))


def test_of_the_dropout_rates_the_largest_is_the_best_here(rates):
    """Not what the textbook says: 80 rows and 128 units bear more than a half."""
    accuracy = of(rates, "val_metric")
    assert list(accuracy) == [0, 0.2, 0.5, 0.8]
    assert accuracy[0.8] > accuracy[0.2] > accuracy[0]
    assert rates.best.values == (0.8,)
    assert rates.at_edge
    assert "a larger dropout rate may be better still" in rates.summary()


def test_beyond_it_the_network_underfits(rates):
    """The sweet spot of the rates lies at 0.9; at 0.95 nothing is learned any more."""
    wide = jr.lesson("dropout_rate", seeds=3, expand=True)
    accuracy = of(wide, "val_metric")
    assert wide.best.values == (0.9,)
    assert not wide.at_edge
    assert accuracy[0.95] < accuracy[0.2]
    assert of(wide, "underfits")[0.95]
    assert accuracy[0.8] == of(rates, "val_metric")[0.8]


def test_at_a_very_high_strength_both_accuracies_fall_and_the_tool_says_so(strengths):
    train, held = of(strengths, "train_metric"), of(strengths, "val_metric")
    assert list(train) == [0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0]
    assert held[1.0] < held[1e-3] - 0.2
    assert train[1.0] < train[1e-3] - 0.2
    assert strengths.underfits["L2.strength"].tolist() == [1.0]
    assert "At L2 strength 1 it underfits" in strengths.summary()
    assert 1e-3 <= strengths.best.values[0] <= 1e-1


def test_the_gap_narrows_with_every_tenfold_strength(strengths):
    gaps = strengths.table["gap"].to_numpy()
    assert (np.diff(gaps)[1:] < 0).all()


def test_a_picture_shows_zero_beside_the_logarithm(strengths):
    upper, lower = strengths.plot().axes
    ticks = [text.get_text() for text in lower.get_xticklabels()]
    assert ticks[0] == "0"
    assert len(ticks) == 6
    shares = [text.get_text() for text in lower.texts]
    assert sum(int(share.removesuffix(" %")) for share in shares) in (99, 100, 101)
    assert any(text.get_text() == "underfits" for text in upper.texts)


def test_ten_classes_train_with_a_softmax():
    study = jr.lesson("softmax", seeds=2, epochs=40)
    assert len(study.classes) == 10
    assert study.task.objective.loss_name == "sparse_categorical_crossentropy"
    table = study.table.groupby("recipe")["test_metric"].mean()
    assert (table > 0.9).all()
    fit = study.table.groupby("recipe")["train_loss"].mean()
    assert fit["dropout + L2"] > fit["plain"]
    model = study.model("dropout + L2")
    assert model.layers[-1].activation.__name__ == "softmax"


def test_the_digits_are_divided_by_class():
    task = jr.example("digits")
    sizes = [len(part[1]) for part in (task.train, task.validation, task.test)]
    assert sizes == [200, 400, 1197]
    for _, labels in (task.train, task.validation):
        counts = np.bincount(labels)
        assert len(counts) == 10
        assert counts.min() > 0.9 * len(labels) / 10
    np.testing.assert_allclose(task.train[0].mean(axis=0), 0, atol=1e-5)


def test_the_main_job_finds_what_the_readme_says():
    """Early stopping narrows the gap; dropout + L2 alone show no difference on test rows."""
    study = jr.lesson("main_job")
    table = study.table.assign(gap=lambda t: t["train_metric"] - t["val_metric"])
    gaps = table.pivot(index="seed", columns="recipe", values="gap")
    stopped, both = "dropout + L2 + early stopping", "dropout + L2"
    assert (gaps[stopped] < gaps["plain"] - 0.01).all()
    assert abs(gaps[both].mean() - gaps["plain"].mean()) < 0.01
    said = study.summary()
    assert "Dropout + L2 + early stopping narrows the gap" in said
    assert re.search(r"Dropout \+ L2 has .*? in test accuracy there is no difference shown", said)
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    means = (
        100 * table.groupby("recipe")[["train_metric", "val_metric", "test_metric", "gap"]].mean()
    )
    for name, start in (
        ("plain", "plain"),
        (both, r"dropout \+ L2"),
        (stopped, r"dropout \+ L2 \+"),
    ):
        line = re.search(rf"^ {start}  +([\d.]+) % +([\d.]+) % +([\d.]+) % +([\d.]+)", readme, re.M)
        np.testing.assert_allclose([float(one) for one in line.groups()], means.loc[name], atol=0.5)


def test_lessons_are_listed_with_the_commands_that_do_the_same(capsys):
    assert run(["lesson"]) == 0
    said = capsys.readouterr().out
    for name, one in LESSONS.items():
        assert f"justright lesson {name}" in said
        assert one.shows in said
        assert one.command in said


def test_a_lesson_is_a_command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert run(["lesson", "dropout_rate", "--seeds", "1"]) == 0
    assert "Validation accuracy is best at" in capsys.readouterr().out
    assert (tmp_path / "dropout_rate.png").read_bytes().startswith(b"\x89PNG")
    assert run(["lesson", "activations", "--json", "--figure", "a.svg"]) == 0
    assert len(json.loads(capsys.readouterr().out)["table"]) == 3
    assert run(["lesson", "droput"]) == 1
    assert run(["lesson", "activations", "--seeds", "2"]) == 1


def test_the_documents_name_every_lesson_and_its_command():
    text = (Path(__file__).parents[1] / "docs" / "sweeps.md").read_text(encoding="utf-8")
    for name, one in LESSONS.items():
        assert f'`jr.lesson("{name}")`' in text
        assert f"`{one.command or f'justright lesson {name}'}`" in text


def test_dropout_as_an_ensemble_is_as_the_document_says():
    """Tolerances are for other machines' rounding: numbers of the document come from one."""
    found = jr.lesson("ensemble")
    text = " ".join(
        (Path(__file__).parents[1] / "docs" / "ensembles.md").read_text(encoding="utf-8").split()
    )
    single, whole = re.search(r"the loss is ([\d.]+) against (\d+\.\d+)", text).groups()
    means = found.table.groupby(["prediction", "masks"])["loss"].mean()
    assert means["sampled masks", 1] == pytest.approx(float(single), abs=0.03)
    assert means["weight scaling", 0] == pytest.approx(float(whole), abs=0.03)
    assert means["sampled masks", 10] < 1.04 * means["all masks", 4096]
    assert means["sampled masks", 2] > 1.1 * means["all masks", 4096]
    assert "no difference in loss shown" in found.summary()

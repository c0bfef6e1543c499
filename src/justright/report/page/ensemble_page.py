"""The page of a dropout ensemble: one pass beside averages over masks, training by training."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from justright.evidence.ensemble import (
    ALL,
    GEOMETRIC,
    SAMPLED,
    SCALING,
    answer_in_words,
    mean_by_prediction,
    reference_of,
)
from justright.evidence.measure import Measure
from justright.evidence.summary import rows_of
from justright.report.page.code import ensemble_code
from justright.report.page.page import (
    MOST,
    Control,
    Explorer,
    HasPage,
    Page,
    Picture,
    Section,
    Table,
)
from justright.report.page.parts import diagnosis_section, network_section
from justright.report.page.series import short
from justright.report.page.study_page import (
    Reported,
    code_section,
    diagnosis_of,
    facts_of,
    run_of,
    trained_of,
    version,
)
from justright.report.page.trained import NOTHING, Trained, explorer_of
from justright.report.snippet import snippet

if TYPE_CHECKING:
    import pandas as pd

_LOSS = Measure("loss", False)


class ReportedEnsemble(HasPage):
    """A dropout ensemble that writes a report of itself, and shows itself in a notebook."""

    study: Reported
    units: int
    table: pd.DataFrame
    repeats: int

    @property
    @abstractmethod
    def part(self) -> str:
        """Which rows judge: test or validation."""

    @abstractmethod
    def summary(self) -> str:
        """What weight scaling and the averages gave, in words."""

    def _page(self, command: str, most: int = MOST) -> Page:
        return ensemble_page(self, command, most)

    def _repr_html_(self) -> str:
        title = f"Dropout on {self.units} units as an ensemble"
        return snippet(title, _predictions_table(self), self.summary())


def ensemble_page(one: ReportedEnsemble, command: str = "", most: int = MOST) -> Page:
    """The page of a dropout ensemble.

    Args:
        one: the ensemble.
        command: how it was made, where Python code does not say so.
        most: trainings that it shows.
    """
    study = one.study
    trained = trained_of(study, rows_of(study.table, study.overlap))
    recipe = str(study.results[0].trial.recipe)
    samples = int(one.table.loc[one.table["prediction"] == SAMPLED, "masks"].max())
    given = {
        "samples": samples,
        "repeats": one.repeats,
        "most_units": one.units if reference_of(one.table) == ALL else 0,
    }
    sections = [
        Section("masks", "One pass, and averages", words=one.summary(), pictures=[_picture(one)]),
        Section(
            "trainings",
            "Each training",
            ["Each mask has the same share in an average."],
            tables=[_trainings_table(one, most)],
        ),
        diagnosis_section(trained.diagnosis, study.recipes),
        network_section(study.task, {"dropout": recipe}, study.notes),
        code_section(ensemble_code(run_of(study), given), command),
    ]
    ratio = study.overlap.ratio(one.part)
    return Page(
        title=f"Dropout on {one.units} units, as an ensemble",
        answer=answer_in_words(one.table, one.units, one.part, study.metric, ratio),
        facts=[("Recipe", recipe), *facts_of(study.task, study.results)],
        explorer=_explorer(one, most),
        sections=[section for section in sections if section],
        version=version(),
    )


def _explorer(one: ReportedEnsemble, most: int) -> Explorer:
    """A list of the trainings."""
    study = one.study
    several = study.table["split"].nunique() > 1
    every = [f"seed {r.trial.seed}" + f", split {r.trial.split}" * several for r in study.results]
    alone = [
        replace(result, trial=replace(result.trial, name=name))
        for name, result in zip(every, study.results, strict=True)
    ]
    names = every[:most]
    results = {name: [result] for name, result in zip(names, alone, strict=False)}
    rows = {r.recipe: r for r in rows_of(study.table.assign(recipe=every), study.overlap)}
    diagnosis = diagnosis_of(study.task, alone[:most], study.features, study.asked)
    trained = Trained(results, rows, study.metric, study.has_test, diagnosis)
    control = Control("training", names, 0, is_strength=False)
    places = {name: ([i], f"Training with {name}") for i, name in enumerate(names)}
    notes = []
    if len(names) < len(every):
        notes = [
            f"So that this page stays small, it shows {len(names):,} of {len(every):,} trainings, "
            "the first. The table of the study in Python has all."
        ]
    return explorer_of(trained, [control], places, [], 0, names[0], notes=notes)


def _picture(one: ReportedEnsemble) -> Picture:
    means = mean_by_prediction(one.table)
    sampled = means[means["prediction"] == SAMPLED]
    reference = reference_of(one.table)
    names = {
        SCALING: ("val", "weight scaling, one pass"),
        reference: ("third", f"average of {reference}"),
        GEOMETRIC: ("quiet", "geometric mean of all masks"),
    }
    lines = [
        {"kind": kind, "name": name, "value": short(float(found.iloc[0]))}
        for prediction, (kind, name) in names.items()
        if len(found := means.loc[means["prediction"] == prediction, "loss"])
    ]
    points = [
        {
            "masks": int(row["masks"]),
            "value": short(row["loss"]),
            "low": short(row["loss"] - row["loss_spread"]),
            "high": short(row["loss"] + row["loss_spread"]),
        }
        for row in sampled.to_dict("records")
    ]
    words = (
        f"Loss on the {one.part} rows against how many sampled masks are averaged, the mean over "
        "trainings; the band is one deviation over draws of the masks."
    )
    data = {"points": points, "lines": lines}
    table = _predictions_table(one)
    return Picture("masks", f"{one.part.capitalize()} loss by masks averaged", words, table, data)


def _predictions_table(one: ReportedEnsemble) -> Table:
    measure = one.study.metric
    rows = []
    for row in mean_by_prediction(one.table).to_dict("records"):
        drawn = row["prediction"] == SAMPLED
        rows.append(
            [
                row["prediction"],
                f"{row['masks']:,}" if row["masks"] else NOTHING,
                _LOSS.show(row["loss"]),
                _LOSS.show_difference(row["loss_spread"]) if drawn else "",
                measure.show(row["metric"]),
                measure.show_difference(row["metric_spread"]) if drawn else "",
                f"{row['distance']:.2g}",
            ]
        )
    words = measure.words
    head = ["prediction", "masks", "loss", "± draws", words, "± draws", "distance"]
    return Table(f"Predictions on the {one.part} rows, means over trainings", head, rows)


def _trainings_table(one: ReportedEnsemble, most: int) -> Table:
    """A row a training: one pass, the average, and how far they are apart."""
    reference, measure = reference_of(one.table), one.study.metric
    rows = []
    for (seed, split), group in one.table.groupby(["seed", "split"], sort=False):
        by = group.drop_duplicates("prediction", keep="last").set_index("prediction")
        both: list[Any] = by.loc[[SCALING, reference]].to_dict("records")
        rows.append(
            [
                f"seed {seed}, split {split}",
                *(_LOSS.show(x["loss"]) for x in both),
                *(measure.show(x["metric"]) for x in both),
                f"{both[0]['distance']:.2g}",
            ]
        )
    words = measure.words
    head = ["training", "loss, one pass", "averaged", f"{words}, one pass", "averaged", "distance"]
    return Table(f"One pass, and the average of {reference}", head, rows[:most])

"""What a search has found: the choice, what it is worth, and a model trained on all rows."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from justright.engine.interruption import stoppable
from justright.errors import DataError
from justright.evidence.estimate import estimate
from justright.evidence.interval import Interval
from justright.evidence.measure import Measure
from justright.evidence.overlap import Overlap
from justright.evidence.verdict import Verdict, paired_verdict
from justright.experiments.budget import Budget, budget_of
from justright.experiments.choice import chosen, gap_of, in_order, key_of
from justright.experiments.finalists import finalists_table
from justright.experiments.hunt import Hunt
from justright.experiments.record import Record, Scale, history_table, write_history
from justright.experiments.refit import NAME, refitted
from justright.experiments.search_facts import facts_of
from justright.experiments.seeds import checked_seeds
from justright.experiments.space import RATE, Point
from justright.network.randomness import random_numbers_kept
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import Recipe
from justright.report.page.search_page import ReportedSearch
from justright.report.progress import search_bar
from justright.report.search import Facts, search_words
from justright.study import Study

if TYPE_CHECKING:
    import keras
    import pandas as pd
    from matplotlib.figure import Figure

PLAIN = "plain"


@dataclass(frozen=True, repr=False)
class Search(ReportedSearch):
    """What a search has found.

    Attributes:
        hunt: how it went, and can go on.
        records: of all its trainings.
        budget: that it had.
        known: what is said of trainings that its store had.
    """

    hunt: Hunt
    records: tuple[Record, ...]
    budget: Budget
    known: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Search of {len(self.records)} trainings: {self.recipe}>"

    @cached_property
    def scale(self) -> Scale:
        """How validation figures become scores."""
        return self.hunt.explorer.looks.scale.fitted(self.explored)

    @property
    def measure(self) -> Measure:
        """The metric."""
        return self.scale.measure

    @property
    def notes(self) -> tuple[str, ...]:
        """What was decided on the way, in sentences."""
        return (*self.hunt.explorer.shapes.setup.notes, *self.known)

    @property
    def explored(self) -> list[Record]:
        """The trainings that explored."""
        return [one for one in self.records if one.stage == "explore"]

    @property
    def finals(self) -> list[Record]:
        """The trainings with fresh seeds."""
        return [one for one in self.records if one.stage == "final"]

    @cached_property
    def point(self) -> Point:
        """The choice: what is on, by name, as in the columns of `history`.

        Raises:
            DataError: every training failed.
        """
        wish = self.hunt.explorer.settings.wish
        ratio = self.overlap.validation
        point = chosen(self.explored, self.finals, self.scale, wish, ratio)
        if point is None:
            raise DataError(
                "Every training of the search failed: losses became infinite or not a number. "
                "Give smaller learning rates, or scale the rows."
            )
        return point

    @property
    def recipe(self) -> Recipe:
        """The recipe of the choice."""
        return self.hunt.explorer.settings.space.recipe(self.point)

    @property
    def hidden(self) -> tuple[int, ...] | None:
        """The units of the chosen network's hidden layers; None where the model was given."""
        return self.hunt.explorer.shapes.hidden(self.point)

    @property
    def learning_rate(self) -> float:
        """The learning rate of the choice."""
        return float(self.point.get(RATE) or self.hunt.explorer.shapes.setup.learning_rate)

    @property
    def epochs(self) -> int:
        """How many epochs a refit trains: with early stopping, the median of the chosen ones."""
        if not self.recipe.filling(ActsOnStopping):
            return self.hunt.explorer.looks.epochs
        return max(1, round(statistics.median(one.chosen_epoch for one in self._judged)))

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row a training, in the order of training.

        Columns: training, stage (explore, final), batch, seed, split, outcome, epochs_run,
        chosen_epoch, the figures at the chosen epoch (those of the test are NaN without test
        rows), and one column for each thing that was chosen, NaN where it was off.
        """
        return history_table(self.records)

    @property
    def table(self) -> pd.DataFrame:
        """The same as `history`, by the name that a study's has."""
        return self.history

    @cached_property
    def finalists(self) -> pd.DataFrame:
        """One row a finalist, best first.

        Columns: chosen, recipe, network (its hidden units, "" where the model was given),
        learning_rate, seeds (fresh ones), and the means over them: train, validation and test of
        the metric, and the gap.
        """
        return finalists_table(self.hunt.explorer, self.finals, self.point, self.scale)

    @property
    def validation(self) -> Interval:
        """The validation metric of the choice over its fresh seeds, with its 95 % interval."""
        return self._interval("val_metric")

    @property
    def test(self) -> Interval:
        """The same of the test metric.

        Its rows had no part in any choice, unless several splits choose on each other's.
        """
        return self._interval("test_metric")

    @property
    def gap(self) -> Interval:
        """How much better the choice does on the rows it was trained on, over its fresh seeds."""
        scale = Scale(self.measure, "metric")
        return self._over([gap_of(one, scale) for one in self._judged], "gap")

    @property
    def optimism(self) -> float:
        """By how much the training that made it a finalist was better than its fresh seeds.

        NaN without finals, and for the plain recipe where it was not explored.
        """
        picked = [r for r in self.explored if key_of(r.point) == key_of(self.point) and r.complete]
        if not picked or not self.finals:
            return float("nan")
        return self.measure.advantage(picked[0].figures["val_metric"], self.validation.mean)

    @property
    def verdict(self) -> Verdict | None:
        """The choice against the plain recipe, paired by seed; None where it is the plain one.

        On the test metric where there are test rows, and otherwise on the validation metric,
        which has chosen and so favors the choice.
        """
        mine, plain = key_of(self.point), key_of(self.hunt.plain)
        if not self.finals or mine == plain:
            return None
        import pandas as pd

        names = {mine: NAME, plain: PLAIN}
        rows = [
            {"recipe": names[key_of(r.point)], "seed": r.seed, "split": r.split, **r.figures}
            for r in self.finals
            if key_of(r.point) in names
        ]
        column = "test_metric" if self.has_test else "val_metric"
        return paired_verdict(pd.DataFrame(rows), NAME, PLAIN, column, self.measure, self.overlap)

    def summary(self) -> str:
        """What was chosen and what that is worth, in words made of the numbers."""
        return search_words(self.facts)

    @property
    def facts(self) -> Facts:
        """The numbers that the words are made of."""
        return facts_of(self)

    def plot(self) -> Figure:
        """Every training's validation figure, the best so far, and the finalists' fresh seeds."""
        from justright.report.search import draw_search

        key, best = key_of(self.point), in_order(self.explored, self.scale, "best")
        mine = [i for i, one in enumerate(self.records) if key_of(one.point) == key]
        return draw_search(self.history, mine, self.measure, bool(best))

    @random_numbers_kept()
    def refit(self, seeds: int | list[int] | None = None, progress: bool | None = None) -> Study:
        """Train the choice on training and validation rows together.

        With early stopping in the recipe it trains as many epochs as the fresh seeds chose at
        the median, since no rows are left to stop by.

        Args:
            seeds: how many, or which; one that the search has not used if None.
            progress: whether to show a progress bar; None for where someone watches.

        Returns:
            A study of one recipe, `"chosen"`. Only its test figures are of rows that it was not
            trained on.

        Raises:
            DataError: rows that stay on disk, which are not put together here.
        """
        setup = self.hunt.explorer.shapes.of(self.point)
        if setup.task.stream is not None:
            raise DataError(
                "refit wants rows in memory, and these are read anew in each epoch. Train the "
                "recipe with compare(), on all of them."
            )
        fresh = [1 + max(one.seed for one in self.records)]
        listed = fresh if seeds is None else checked_seeds(seeds)
        return refitted(setup, self.recipe, self.learning_rate, self.epochs, listed, progress)

    @cached_property
    def _refit(self) -> Study:
        return self.refit(progress=False)

    def model(self) -> keras.Model:
        """A plain Keras model of the choice, trained on training and validation rows."""
        return self._refit.model(NAME)

    def resume(self, more: int | str, progress: bool | None = None) -> Search:
        """Go on searching, and judge the finalists again.

        Args:
            more: trainings, or a time such as `"60s"`, beside what it has had.
            progress: whether to show a progress bar; None for where someone watches.
        """
        given = budget_of(more)
        total = None if given.trainings is None else len(self.records) + given.trainings
        return hunted(self.hunt, self.records, Budget(total, given.seconds), progress)

    def save(self, path: str | Path) -> None:
        """Write the history, for `search(…, history=path)` to go on from."""
        write_history(Path(path), self.hunt.task, self.records)

    @property
    def has_test(self) -> bool:
        """Whether there are test rows."""
        return bool(self.hunt.explorer.shapes.setup.task.rows.test.shape[1])

    @property
    def _judged(self) -> list[Record]:
        """The fresh trainings of the choice; those that explored it where there are none."""
        stage = self.finals or self.explored
        return [r for r in stage if key_of(r.point) == key_of(self.point) and r.complete]

    def _interval(self, figure: str) -> Interval:
        return self._over([one.figures[figure] for one in self._judged], figure)

    def _over(self, values: Sequence[float], figure: str) -> Interval:
        """The mean of a figure of the judged trainings, with its interval."""
        splits = np.array([one.split for one in self._judged])
        return estimate(np.array(values), splits, self.overlap.ratio(figure)).interval()

    @property
    def overlap(self) -> Overlap:
        """What the splits have in common."""
        return self.hunt.explorer.shapes.setup.overlap


@stoppable()
@random_numbers_kept()
def hunted(hunt: Hunt, known: Sequence[Record], budget: Budget, progress: bool | None) -> Search:
    """Run a search within a budget, and give what it found."""
    measure, setup = hunt.explorer.looks.scale.measure, hunt.explorer.shapes.setup
    kept, before = setup.kept(), 0 if setup.keep is None else setup.keep.runs
    with kept, search_bar(progress, budget.trainings, measure) as show:  # No one else writes it.

        def tell(records: Sequence[Record]) -> None:
            show(len(records), [one.figures["val_metric"] for one in records if one.complete])

        records = hunt.run(known, budget, tell)
    return Search(hunt, tuple(records), budget, setup.known(before))

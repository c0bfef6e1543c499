"""The numbers that the rules of a diagnosis read off one training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from justright.data.epochs import Epochs
from justright.evidence.facts import Facts
from justright.evidence.measure import Measure

ACCURACY = Measure("accuracy", higher_is_better=True)
LOSS = Measure("loss", higher_is_better=False)

# A median over so many epochs takes out single epochs that stand off.
_WINDOW = 5
# Of a loss the best constant would have, less than this share is as good as nothing.
_NOTHING = 0.05


@dataclass(frozen=True)
class Reading:
    """One training up to the epoch whose weights are used, and what is known beside it.

    `test_figure` is its accuracy, or loss, on test rows; None without such rows.

    "Learned" is measured on one scale for accuracies and losses: 0 is the best constant output,
    1 is perfect. Without facts the best constant is that of classes which are equally frequent,
    or what the first epoch has.
    """

    epochs: Epochs
    facts: Facts
    test_figure: float | None = None

    @cached_property
    def count(self) -> int:
        """How many epochs lie up to the kept one."""
        return self.epochs.kept

    @cached_property
    def train_loss(self) -> np.ndarray:
        """Smoothed training loss (count,)."""
        return smoothed(self.epochs.train_loss[: self.count])

    @cached_property
    def val_loss(self) -> np.ndarray:
        """Smoothed validation loss (count,)."""
        return smoothed(self.epochs.val_loss[: self.count])

    @cached_property
    def is_finite(self) -> bool:
        """Whether all losses are numbers."""
        losses = self.epochs.train_loss, self.epochs.val_loss
        return all(bool(np.isfinite(loss).all()) for loss in losses)

    @cached_property
    def has_accuracy(self) -> bool:
        """Whether accuracies were logged."""
        return self.epochs.has_accuracy

    @cached_property
    def knows_rows(self) -> bool:
        """Whether the rows were looked at, and not the curves alone."""
        return self.facts.shared is not None

    @cached_property
    def measure(self) -> Measure:
        """How figures read: accuracy where it was logged, or the loss."""
        return ACCURACY if self.has_accuracy else LOSS

    @cached_property
    def train_figure(self) -> float:
        """Accuracy, or loss, on training rows at the end."""
        return last(self._train_figures)

    @cached_property
    def val_figure(self) -> float:
        """Accuracy, or loss, on validation rows at the end."""
        return last(self._val_figures)

    @cached_property
    def told(self) -> tuple[float, float]:
        """Accuracy, or loss, on training and on validation rows as tables have it.

        That is of the epoch whose weights are used, and of it alone.
        """
        e, at = self.epochs, self.count - 1
        if e.train_accuracy is None or e.val_accuracy is None:
            return float(e.train_loss[at]), float(e.val_loss[at])
        return float(e.train_accuracy[at]), float(e.val_accuracy[at])

    @cached_property
    def guess_loss(self) -> float:
        """The loss of the best constant output; of curves alone, that of the first epoch."""
        if self.facts.guess_loss is not None:
            return self.facts.guess_loss
        if self.has_accuracy and self.facts.classes:
            return float(np.log(self.facts.classes))
        return float(max(self.train_loss[0], self.val_loss[0]))

    @cached_property
    def guess(self) -> float:
        """The validation figure of the best constant output, or an estimate."""
        if self.facts.guess is not None:
            return self.facts.guess
        if not self.has_accuracy:
            return self.guess_loss
        if self.facts.classes:
            return 1 / self.facts.classes
        return float(min(0.5, self._train_figures.min(), self._val_figures.min()))

    @cached_property
    def learned_train(self) -> float:
        """How much was learned of the training rows: 0 as by a guess, 1 perfect."""
        return self.learned(self.train_figure)

    @cached_property
    def learned_val(self) -> float:
        """The same of the validation rows."""
        return self.learned(self.val_figure)

    @cached_property
    def val_error(self) -> float:
        """Standard error of `learned_val`, from how many validation rows there are; 0 if unknown.

        Of accuracies it is that of a share of independent rows, drawn a little to the middle
        (Agresti & Coull 1998), of losses that of a mean of squares of normal errors.
        """
        return self._error(self.val_figure, self.guess, self.facts.validation_rows)

    @cached_property
    def learned_new(self) -> float:
        """How much was learned of all rows that did not train: validation and test together."""
        return self._of_new[0]

    @cached_property
    def new_error(self) -> float:
        """Standard error of `learned_new`; 0 if it is unknown how many rows there are."""
        return self._of_new[1]

    @cached_property
    def best(self) -> int:
        """Position of the epoch with the lowest validation loss."""
        return int(np.argmin(self.val_loss))

    @cached_property
    def lost_again(self) -> float:
        """How much of what the validation loss had gained over a guess it loses by the end."""
        low = float(self.val_loss[self.best])
        gained = max(self.guess_loss - low, _NOTHING * self.guess_loss, 1e-12)
        return (last(self.val_loss) - low) / gained

    @cached_property
    def still_falling(self) -> float:
        """The share of the training loss's fall that lies in the last fifth of the epochs."""
        fall = float(self.train_loss[0] - self.train_loss[-1])
        if fall <= _NOTHING * self.guess_loss or self.count < _WINDOW:
            return 0.0
        return float(self.train_loss[int(0.8 * self.count)] - self.train_loss[-1]) / fall

    @cached_property
    def jitter(self) -> float:
        """How far the training loss jumps about its course, as a share of its size.

        Over the second half of all epochs, those behind the kept one included.
        """
        half = self.epochs.train_loss[len(self.epochs) // 2 :]
        size = max(float(np.median(half)), _NOTHING * self.guess_loss, 1e-12)
        return float(np.abs(half - smoothed(half)).mean()) / size

    def learned(self, figure: float) -> float:
        """A validation figure on the scale from a guess (0) to perfect (1)."""
        return self._learned(figure, self.guess)

    def number(self, position: int) -> int:
        """What the log calls the epoch at a position."""
        return int(self.epochs.numbers[position])

    @cached_property
    def test_counts(self) -> bool:
        """Whether there is a figure on test rows, of which it is known how many they are."""
        known = self.facts.validation_rows and self.facts.test_rows
        return bool(known) and self.test_figure is not None and bool(np.isfinite(self.test_figure))

    @cached_property
    def _of_new(self) -> tuple[float, float]:
        if not self.test_counts:
            return self.learned_val, self.val_error
        rows, more = self.facts.validation_rows or 0, self.facts.test_rows or 0
        val, test = rows / (rows + more), more / (rows + more)
        figure = val * self.val_figure + test * (self.test_figure or 0.0)
        guess = val * self.guess + test * (self.facts.test_guess or 0.0)
        return self._learned(figure, guess), self._error(figure, guess, rows + more)

    def _learned(self, figure: float, guess: float) -> float:
        if self.has_accuracy:
            return (figure - guess) / max(1 - guess, 1e-12)
        return 1 - figure / max(guess, 1e-12)

    def _error(self, figure: float, guess: float, rows: int | None) -> float:
        if not rows:
            return 0.0
        if not self.has_accuracy:
            return float(abs(figure) * np.sqrt(2 / rows) / max(guess, 1e-12))
        share = (figure * rows + 2) / (rows + 4)
        return float(np.sqrt(share * (1 - share) / rows) / max(1 - guess, 1e-12))

    @cached_property
    def _train_figures(self) -> np.ndarray:
        found = self.epochs.train_accuracy
        return self.train_loss if found is None else found[: self.count]

    @cached_property
    def _val_figures(self) -> np.ndarray:
        found = self.epochs.val_accuracy
        return self.val_loss if found is None else found[: self.count]


def smoothed(values: np.ndarray) -> np.ndarray:
    """The running median over five epochs, the ends repeated; shorter curves as they are."""
    if len(values) < 2 * _WINDOW:
        return values
    padded = np.pad(values, _WINDOW // 2, mode="edge")
    return np.median(sliding_window_view(padded, _WINDOW), axis=1)


def last(values: np.ndarray) -> float:
    """The level at the end: the median of the last epochs, at most five and a tenth of all."""
    return float(np.median(values[-max(1, min(_WINDOW, len(values) // 10)) :]))

"""Early stopping: end a training when validation no longer improves."""

from __future__ import annotations

import math
from typing import Literal

from justright.regularizers.option import choice, option
from justright.regularizers.places import ActsOnStopping, StopRule
from justright.regularizers.recipe import NEVER_STOP
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class EarlyStopping(Technique, ActsOnStopping):
    """Stop after `patience` epochs without improvement and go back to the best epoch.

    Args:
        patience: epochs without improvement that end the training, at least 1;
            infinity never stops.
        min_delta: how much the monitored figure must improve by to count, at
            least 0, in its own units.
        start_from_epoch: epochs to let pass before watching, for noisy starts.
        monitor: `"val_loss"`, or `"val_metric"` for the study's metric.
        restore_best: give back the best epoch's weights, to the bit, rather than
            the last ones. Keras' default is the last.

    Raises:
        RecipeError: patience below 1, a negative number, or an unknown monitor.

    When: validation gets worse after some epochs; nearly always worth a try.
    Cost: no extra pass, and fewer epochs.
    Try: `early_stopping=20`

    Source: Prechelt, "Early stopping — but when?", 1998; the rule is that of
    `keras.callbacks.EarlyStopping`.
    """

    patience: float = strength(
        low=1,
        integer=True,
        neutral=math.inf,
        scheduled=False,
        meaning="the number of epochs to wait",
    )
    min_delta: float = option(default=0.0)
    start_from_epoch: int = option(default=0, integer=True)
    monitor: Literal["val_loss", "val_metric"] = choice(default="val_loss", others=("val_metric",))
    restore_best: bool = True

    def stop_rule(self) -> StopRule:
        """The rule in numbers, for the engine."""
        never = NEVER_STOP.patience
        return StopRule(
            patience=int(min(self.patience, never)),
            min_delta=float(self.min_delta),
            start_from_epoch=int(min(self.start_from_epoch, never)),
            restore_best=bool(self.restore_best),
            by_metric=self.monitor == "val_metric",
        )

"""The learning rate as a place: what a technique makes of it at each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import jax

if TYPE_CHECKING:
    from justright.regularizers.places import Moment


class ActsOnLearningRate(ABC):
    """Changes the learning rate from step to step."""

    @abstractmethod
    def learning_rate(self, rate: jax.Array, moment: Moment) -> jax.Array:
        """The rate of the step about to be taken, which `moment` does not count yet."""


class HasCycles(ActsOnLearningRate):
    """Lets the learning rate fall in cycles, at whose ends the weights are worth keeping."""

    @abstractmethod
    def ends_cycle(self, moment: Moment) -> jax.Array:
        """Whether the last step that `moment` counts is the last one of a cycle."""

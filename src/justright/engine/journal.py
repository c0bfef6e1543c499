"""What a run tells at each border of a segment, and what it asks before it trains.

A journal is the seam between the engine and whatever keeps a study: it is told which trials have
ended and how far the others are, and gives both back to a run that comes later.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import numpy as np

from justright.engine.lane import Lane
from justright.engine.layout import Layout
from justright.engine.trial import Trial, TrialResult
from justright.errors import StoreError
from justright.network.network import Network
from justright.network.weights import Arrays


class UnderWay(NamedTuple):
    """How far a trial is that has not ended.

    Attributes:
        curves: (epochs so far, 5), the columns of `CURVES`.
        state: of its lane, by names that are the same in every process.
    """

    curves: np.ndarray
    state: Arrays


class Journal:
    """Keeps what trials gave, and how far those are that have not ended; this one keeps nothing."""

    def known(self, trial: Trial) -> TrialResult | None:
        """What a trial gave in an earlier run; None if it has not ended in one."""

    def left_off(self, trial: Trial, layout: Layout) -> UnderWay | None:
        """Where an earlier run with this layout left a trial; None if it is to begin anew."""

    def border(
        self,
        ended: Sequence[TrialResult],
        running: Iterable[tuple[Trial, UnderWay]],
        layout: Layout,
    ) -> None:
        """All lanes have come to the border of a segment.

        Args:
            ended: the trials that this segment has ended.
            running: the others in the lanes; made as they are asked for.
            layout: of the lanes.
        """


def places_of(network: Network) -> dict[str, int]:
    """Each variable's place in a network: Keras may number its name anew in another process."""
    return {path: i for i, path in enumerate((*network.trainable, *network.untrained))}


def state_of(lanes: Lane, lane: int, places: Mapping[str, int]) -> Arrays:
    """The state of one lane, by name.

    Args:
        lanes: of all lanes.
        lane: which.
        places: of the network's variables.
    """
    return {name: np.array(np.asarray(leaf)[lane]) for name, leaf in _named(lanes, places)}


def with_states(lanes: Lane, states: Mapping[int, Arrays], places: Mapping[str, int]) -> Lane:
    """Lanes with the states of some of them as they were kept, on the host.

    Args:
        lanes: as they are.
        states: by lane.
        places: of the network's variables.

    Raises:
        StoreError: states of another program.
    """
    leaves, tree = jax.tree.flatten(jax.tree.map(np.array, lanes))
    names = [name for name, _ in _named(lanes, places)]
    for lane, state in states.items():
        fits = state.keys() == set(names) and all(
            (state[name].shape, state[name].dtype) == (leaf.shape[1:], leaf.dtype)
            for name, leaf in zip(names, leaves, strict=True)
        )
        if not fits:
            raise StoreError(
                "The store holds a training that was left in the middle, and its state does not "
                "fit the program. Name another file for the store."
            )
        for name, leaf in zip(names, leaves, strict=True):
            leaf[lane] = state[name]
    restored: Lane = jax.tree.unflatten(tree, leaves)
    return restored


def _named(lanes: Lane, places: Mapping[str, int]) -> list[tuple[str, Any]]:
    found, _ = jax.tree_util.tree_flatten_with_path(lanes)
    return [("/".join(_word(key, places) for key in path), leaf) for path, leaf in found]


def _word(key: Any, places: Mapping[str, int]) -> str:
    word = next(str(getattr(key, name)) for name in ("name", "key", "idx") if hasattr(key, name))
    return f"variable {places[word]}" if word in places else word

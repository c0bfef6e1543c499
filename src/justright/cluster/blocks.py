"""How trials are cut into blocks: pure arithmetic on what is left and who is there.

A block has trials of one structure, so it is one program. Blocks are large while much is left
and small towards the end (guided self-scheduling), so that all workers end at about the same
time; none lasts so long that losing it would hurt.

Source: Polychronopoulos, Kuck, "Guided self-scheduling", IEEE Transactions on Computers 36, 1987.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Mapping
from typing import TypeVar

from justright.engine.duration import COMPILE_SECONDS

# What a lost worker costs, and how often the driver has something to keep.
BLOCK_SECONDS = 30.0
# Of what is left, each worker is given this share at a time.
_SHARE = 0.5

Structure = TypeVar("Structure", bound=Hashable)


def structure_for(
    left: Mapping[Structure, int], at_work: Mapping[Structure, int], warm: Collection[Structure]
) -> Structure | None:
    """Of which structure a worker's next block is: one that it has compiled, if trials are left.

    Otherwise the one with the most trials left for each worker that is on it.

    Args:
        left: trials that wait, by structure.
        at_work: workers that train each structure now.
        warm: the structures that this worker has compiled.

    Returns:
        None where nothing waits.

    >>> left, at_work = {"a": 8, "b": 9}, {"b": 1}
    >>> structure_for(left, at_work, {"b"}), structure_for(left, at_work, ())
    ('b', 'a')
    """
    waiting = [one for one in left if left[one]]
    known = [one for one in waiting if one in warm]
    among = known or waiting
    return max(among, key=lambda one: left[one] / (1 + at_work.get(one, 0)), default=None)


def block_size(left: int, of_all: int, workers: int, width: int, seconds: float) -> int:
    """How many trials of a structure the next block has.

    Args:
        left: trials of this structure that wait.
        of_all: trials that wait, of any structure.
        workers: that there are.
        width: trials that this worker trains at the same time.
        seconds: that one training takes.

    Returns:
        As many as fill the worker, and then as many as pay for compiling them if all workers
        have something to do meanwhile, and no more than `BLOCK_SECONDS` of them.

    >>> [block_size(left, left, 2, 1, 0.5) for left in (100, 50, 10, 2)]
    [25, 13, 3, 1]
    """
    each = max(1, workers)
    pays = min(COMPILE_SECONDS * width / seconds, of_all / each)
    guided = _SHARE * of_all / each
    at_most = BLOCK_SECONDS * width / seconds
    rounds = math.ceil(min(max(pays, guided), at_most) / width)
    return min(left, max(1, rounds) * width)

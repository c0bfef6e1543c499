"""How many runs would show a difference of the size that was seen."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from scipy.special import nctdtr, ndtri, stdtrit

from justright.evidence.estimate import Estimate

LEVEL, POWER = 0.05, 0.8
# Beyond it Student's distribution is the normal one to three digits.
_MANY = 2000


def units_needed(seen: Estimate, level: float = LEVEL, power: float = POWER) -> float:
    """How many seeds, or splits with as many seeds each, show such a difference so often.

    It takes what was seen for the truth: difference and spread. Both are themselves uncertain,
    so it is a guide and no promise.

    Args:
        seen: the difference.
        level: of the test that would show it.
        power: in what share of such studies it would.

    Returns:
        The number; infinite where no number of splits would do, because splits of the same rows
        correlate: the variance of the mean does not fall below r times that of the rows; NaN
        where nothing is known of the spread, or there is no difference.

    Source: the noncentral t-distribution; Johnson and Welch, Biometrika 31, 1940.
    """
    size = abs(seen.mean)
    if seen.units < 2 or math.isnan(size) or size == 0:
        return math.nan
    # By the normal distribution: Student's wants more.
    sure = float(ndtri(1 - level / 2) + ndtri(power))
    room = (size / sure) ** 2 - (seen.ratio * seen.of_rows if seen.of_rows else 0.0)
    if room <= 0:
        return math.inf
    normal = seen.between / room
    if normal > _MANY:
        return float(np.ceil(normal))
    count = max(2, math.ceil(normal))
    while power_of(seen, count, level) < power:
        count += 1
    return float(count)


def power_of(seen: Estimate, units: int, level: float = LEVEL) -> float:
    """In what share of studies with so many units the difference would show.

    Args:
        seen: the difference and its spread, taken for the truth.
        units: seeds, or splits with as many seeds each as were seen.
        level: of the test.
    """
    planned = replace(seen, units=units)
    error = math.sqrt(planned.variance)
    if error == 0:
        return 1.0
    freedom, shift = units - 1, abs(seen.mean) / error
    bound = float(stdtrit(freedom, 1 - level / 2))
    # A claim the other way round does not show it, so that tail does not count. So far out that
    # the sum for the tail does not converge, it is none.
    return 1 - float(np.nan_to_num(nctdtr(freedom, shift, bound)))

"""Networks of any width in the program of the widest one.

A unit whose weights in and out are zero stays as it is: it puts out relu(0) = 0, so the weights out
of it have no gradient, and they are zero, so neither have the weights into it. Penalties, dropout
and Adam leave such zeros alone. So a network of 4 units is one of 32 of which 28 are zero, width is
a matter of initial values, and no width compiles anything.
"""

from __future__ import annotations

import math

import numpy as np

from justright.network.weights import Arrays


def narrowed(values: Arrays, width: int) -> Arrays:
    """Initial values in which each hidden layer has so many units, and the others are zero.

    Kernels are drawn uniformly between ±√(6 / (in + out)) (Glorot and Bengio, 2010), so the part
    that is left is scaled to what a network of that width draws.

    Args:
        values: of a network of dense layers, by `layer/name`, in order.
        width: units to leave, at most as many as there are.
    """
    kernels = [path for path, value in values.items() if value.ndim == 2]
    made = dict(values)
    for i, path in enumerate(kernels):
        whole = values[path]
        rows = whole.shape[0] if i == 0 else width
        columns = whole.shape[1] if i == len(kernels) - 1 else width
        part = np.zeros_like(whole)
        scale = math.sqrt(sum(whole.shape) / (rows + columns))
        part[:rows, :columns] = scale * whole[:rows, :columns]
        made[path] = part
    return made

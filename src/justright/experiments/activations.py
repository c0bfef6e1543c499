"""What dropout does to a hidden layer's activations: histograms at several rates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import keras
import numpy as np

from justright.data.arrays import checked_inputs
from justright.data.examples import example
from justright.engine.keys import initial_weights_seed, step_key, technique_key
from justright.errors import ModelError, RecipeError, did_you_mean
from justright.network.blueprint import Blueprint
from justright.network.default import default_network
from justright.network.randomness import random_numbers_kept
from justright.network.weights import assign
from justright.regularizers.dropout import Dropout
from justright.regularizers.location import Site
from justright.report.histograms import draw_histograms, heading

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True, repr=False)
class ActivationHistograms:
    """A hidden layer's activations as they are, and what dropout makes of them.

    Attributes:
        layer: its name.
        plain: the activations without dropout, all rows and units.
        dropped: what leaves dropout, by rate, element by element beside `plain`.
    """

    layer: str
    plain: np.ndarray
    dropped: dict[float, np.ndarray]

    def __repr__(self) -> str:
        return f"<ActivationHistograms of {self.layer}: rates {', '.join(map(str, self.dropped))}>"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row a rate: rate, mean, mean_error, zeros, dropped.

        `mean_error` is the standard error of the mean that the draws cause; zeros is the share of
        all activations, those that the layer's activation makes zero included; dropped is the
        share of the others that is now zero.
        """
        import pandas as pd

        return pd.DataFrame([self._row(rate, x) for rate, x in self.dropped.items()])

    def sentences(self) -> list[str]:
        """The table in words, a sentence a rate."""
        said = []
        for row in self.table.to_dict("records"):
            error = f" ± {row['mean_error']:.4f}" if row["mean_error"] else ""
            beyond = f" ({100 * row['dropped']:.1f} % of the layer's others)" * (row["rate"] > 0)
            said.append(
                f"{heading(row['rate'])}: mean {row['mean']:.4f}{error}, "
                f"{100 * row['zeros']:.1f} % zeros{beyond}"
            )
        return said

    def plot(self) -> Figure:
        """One panel a rate, with the mean and the share of zeros."""
        return draw_histograms(self.dropped, self.table, f"What {self.layer} sends on in training")

    def _row(self, rate: float, x: np.ndarray) -> dict[str, float]:
        alive = self.plain != 0
        # A kept element is scaled by 1/(1 − rate): each adds x²·rate/(1 − rate) to the variance.
        spread = np.sqrt(rate / (1 - rate) * np.square(self.plain, dtype=float).sum())
        return {
            "rate": rate,
            "mean": float(x.mean(dtype=float)),
            "mean_error": float(spread / x.size),
            "zeros": float((x == 0).mean()),
            "dropped": float((x[alive] == 0).mean()) if alive.any() else 0.0,
        }


@random_numbers_kept()
def activation_histograms(
    model: Any = None,
    X: Any = None,
    *,
    layer: str | None = None,
    rates: Sequence[float] = (0.0, 0.2, 0.5),
    seed: int = 0,
) -> ActivationHistograms:
    """What dropout makes of a hidden layer's activations, on some rows, at several rates.

    The activations are those of the model's weights, or of initial weights drawn with the
    seed where it is not built or none is given.

    Args:
        model: a Sequential or Functional Keras model; None for the lessons' dense network.
        X: rows (rows, …); None for the training rows of the breast-cancer example.
        layer: a hidden layer's name; the first one if None.
        rates: of dropout, in [0, 1) each.
        seed: of what is dropped, at least 0.

    Raises:
        DataError: rows that are no numbers.
        ModelError: a model that cannot be read, or without such a layer.
        RecipeError: a rate outside [0, 1).
    """
    checked = [_rate(rate) for rate in rates]
    shipped, labels = example().train
    rows = checked_inputs(shipped if X is None else X)
    given = default_network(rows.shape[1:], labels) if model is None else model
    blueprint = Blueprint.of(given, rows.shape[1:])
    if model is None or blueprint.own_values is None:
        assign(blueprint.model, blueprint.initial_values(initial_weights_seed(seed, 0)))
    site, end = _site(blueprint, layer)
    inside = keras.Model(blueprint.model.input, blueprint.model.get_layer(end).output)
    x = jnp.asarray(inside(rows, training=False))
    first = jnp.int32(0)
    dropped: dict[float, np.ndarray] = {}
    for rate in checked:
        key = step_key(jnp.asarray(technique_key(seed, 0)), Dropout(rate), first)
        dropped[rate] = np.asarray(Dropout(rate).activation(x, site, key)).ravel()
    return ActivationHistograms(site.layer, np.asarray(x).ravel(), dropped)


def _rate(given: float) -> float:
    rate = Dropout(given).rate
    if not isinstance(rate, float):
        raise RecipeError(f"rates holds {given!r}: each is a number in [0, 1).")
    return rate


def _site(blueprint: Blueprint, layer: str | None) -> tuple[Site, str]:
    """Where a hidden layer's activations are complete, and after which layer that is."""
    ends = dict(blueprint.anatomy.ends)
    if not ends:
        raise ModelError(
            f"The model {blueprint.model.name!r} has no hidden layer. Dropout acts after such: add "
            "one."
        )
    name = next(iter(ends)) if layer is None else layer
    if name not in ends:
        raise ModelError(f"There is no hidden layer {layer!r}. {did_you_mean(layer, ends)}")
    site = next(site for site in blueprint.anatomy.sites[1:] if site.layer == name)
    return site, ends[name]

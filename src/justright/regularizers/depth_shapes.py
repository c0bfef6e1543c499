"""Shapes over depth: how a strength rises and falls from the first hidden layer to the last."""

from __future__ import annotations

from collections.abc import Sequence

from justright.errors import RecipeError, did_you_mean

SHAPES = ("brick", "diamond", "funnel", "hexagon", "long_funnel", "stairs", "triangle")


def shaped(shape: str, strength: float, layers: Sequence[str]) -> dict[str, float]:
    """A strength for each layer, the largest where the shape is widest.

    Args:
        shape: of `SHAPES`.
        strength: the largest.
        layers: names of the hidden layers, first to last.

    Raises:
        RecipeError: an unknown shape, or layers that are no list of different names.
    """
    if shape not in SHAPES:
        raise RecipeError(f"The shape {shape!r} is not known. {did_you_mean(shape, SHAPES)}")
    if isinstance(layers, str) or not layers or len(set(layers)) < len(layers):
        raise RecipeError(
            f"layers={layers!r}: a shape goes over the hidden layers, each named once, first to "
            "last. Give their names, as in [layer.name for layer in model.layers[:-1]]."
        )
    widths = zip(layers, shares(shape, len(layers)), strict=True)
    return {name: strength * share for name, share in widths}


def shares(shape: str, hidden: int) -> list[float]:
    """The shape's width at each hidden layer, as a share of its largest.

    The output counts as a further layer, of width 0, at which shapes that narrow end.
    """
    last = hidden
    count = hidden + 1
    if shape == "funnel":
        widths = _narrowing(count)
    elif shape == "triangle":
        widths = [*_widening(count), 1.0]
    elif shape == "long_funnel":
        widths = [1.0] * (count // 2) + _narrowing(count - count // 2)
    elif shape == "diamond":
        rise = _widening(count // 2 + 1)
        widths = rise + _narrowing(count - len(rise))
    elif shape == "hexagon":
        end = count // 3 + 1
        rise, fall = _widening(end), _narrowing(end)[1:]
        widths = rise + [1.0] * (count - len(rise) - len(fall)) + fall
    elif shape == "stairs":
        widths = [1 - (i + hidden % 2) // 2 * 2 / last for i in range(hidden)]
    else:
        widths = [1.0] * hidden
    return widths[:hidden]


def _narrowing(count: int) -> list[float]:
    """From 1 down to 0 in equal steps."""
    return [1 - i / (count - 1) for i in range(count - 1)] + [0.0]


def _widening(count: int) -> list[float]:
    """What comes before 1 on the way up, in equal steps, where 1 comes twice at the end."""
    return [i / (count - 1) for i in range(1, count - 1)]

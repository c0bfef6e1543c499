"""What an error of JAX is about: which technique a program could not be compiled for, or memory."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import jax

from justright.errors import JustrightError, RecipeError
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique


@contextmanager
def naming(recipe: Recipe) -> Iterator[None]:
    """Say of an error while a recipe's program is compiled in which technique it arose.

    Raises:
        RecipeError: in place of an error that is not justright's own, nor of too little memory.
    """
    try:
        yield
    except JustrightError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise  # Fewer lanes may help, and whoever runs them sees to it.
        kinds = [type(one).__name__ for one in recipe.techniques]
        guilty = technique_in(error)
        where = guilty or (f"one of {', '.join(kinds)}" if kinds else "the network or the loss")
        told = (str(error).strip() or "no message").splitlines()[0]
        raise RecipeError(
            f"A training step could not be compiled, because of {where}: "
            f"{type(error).__name__}: {told} Train without it to see whether it is that; if it is "
            "your own, look at its code, which the error above this one leads to."
        ) from error


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error is that of a device whose memory does not do."""
    return isinstance(error, jax.errors.JaxRuntimeError) and "RESOURCE_EXHAUSTED" in str(error)


def technique_in(error: BaseException) -> str | None:
    """The technique whose method was running when an error arose, the innermost; None if none."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    for frame in reversed(frames):
        if isinstance(one := frame.f_locals.get("self"), Technique):
            return type(one).__name__
    return None

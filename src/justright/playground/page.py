"""The playground's page: the report's style and drawing, and what the sliders can do."""

from __future__ import annotations

from pathlib import Path

from justright.playground.clouds import (
    FEWEST_POINTS,
    MOST_NOISE,
    MOST_POINTS,
    REACH,
    SHAPES,
    VALIDATING,
)
from justright.playground.strengths import LAMBDAS, PATIENCE, RATES, WIDTHS
from justright.playground.trainer import BATCH_SIZE, CELLS, EPOCHS, LEARNING_RATE
from justright.report.page.shell import HERE as REPORT
from justright.report.page.shell import inert, rendered

_HERE = Path(__file__).parent
_NOISE_STEPS = 10
_POINT_STEP = 20
_START = {"shape": "moons", "points": 2, "noise": 4, "width": 4, "rate": 0, "strength": 0}


def page() -> str:
    """One HTML page that asks for nothing but trainings."""
    import justright

    noises = [round(MOST_NOISE * i / _NOISE_STEPS, 3) for i in range(_NOISE_STEPS + 1)]
    sliders = {
        "rate": [f"{value:g}" for value in RATES],
        "strength": [f"{value:g}" for value in LAMBDAS],
        "width": [str(value) for value in WIDTHS],
        "noise": [f"{value:g}" for value in noises],
        "points": [str(n) for n in range(FEWEST_POINTS, MOST_POINTS + 1, _POINT_STEP)],
    }
    data = {
        "sliders": sliders,
        "start": _START,
        "reach": REACH,
        "cells": CELLS,
        "most": MOST_POINTS,
    }
    return rendered(
        "play.html",
        [_HERE, REPORT],
        scripts=["charts.js", "plane.js", "play.js"],
        styles=["page.css", "play.css"],
        sliders=sliders,
        cells=CELLS,
        start=_START,
        shapes=list(SHAPES),
        patience=PATIENCE,
        validating=VALIDATING,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        rate=f"{LEARNING_RATE:g}",
        version=justright.__version__,
        data=inert(data),
    )

"""What the evidence of several trainings says: the strength, and when not to trust it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from justright.evidence.marginal import Readings, chosen, told

GRID = np.geomspace(1e-5, 1, 11)


def readings(log_evidence, **others):
    """Readings of a curve (strengths,) or (strengths, seeds); what is not given is harmless."""
    log_evidence = np.asarray(log_evidence, float)
    log_evidence = log_evidence if log_evidence.ndim == 2 else log_evidence[:, None]
    shape = log_evidence.shape
    strengths = GRID[: len(log_evidence)]
    best = strengths[np.nan_to_num(log_evidence.mean(axis=1), nan=-np.inf).argmax()]
    parts = {
        "effective": np.full(shape, 20.0),
        "unsettled": np.full(shape, 0.1),
        "update": np.full(shape, best),
        "weights": 100,
        "terms": 500,
    }
    parts |= {
        name: np.asarray(value, float).reshape(-1, 1) if np.ndim(value) == 1 else value
        for name, value in others.items()
    }
    return Readings(strengths=strengths, log_evidence=log_evidence, **parts)


def hill(top, height=-50.0):
    """A parabola in log λ with its top at `top`."""
    return height - 2 * np.square(np.log10(GRID / top))


def test_a_clear_maximum_is_chosen_without_doubts():
    found = readings(hill(1e-2))
    choice = chosen(found)
    assert choice.strength == pytest.approx(1e-2)
    assert choice.doubts == ()
    said = told(found, choice, 0.5, 0.7, 1234)
    assert said.startswith("1,234 rows without a validation set ask for L2(0.01)")
    assert "−50.0" in said
    assert "fitted as 0.7" in said


@given(st.floats(2e-5, 0.5), st.integers(4, 9))
def test_the_vertex_of_a_parabola_is_found_even_between_uneven_strengths(top, kept):
    found = readings(hill(top))
    uneven = np.delete(np.arange(11), kept)
    part = Readings(
        GRID[uneven],
        *(
            getattr(found, name)[uneven]
            for name in ("log_evidence", "effective", "unsettled", "update")
        ),
        weights=1,
        terms=1,
    )
    if part.best not in (0, len(uneven) - 1):
        vertex = part.vertex or part.strengths[part.best]
        assert vertex == pytest.approx(top, rel=0.011)


def test_no_vertex_at_the_ends():
    assert readings(np.arange(11.0)).vertex is None
    assert readings(-np.arange(11.0)).vertex is None


def test_the_fixed_point_is_where_the_update_changes_nothing():
    update = 1e-3 * (GRID / 1e-3) ** 0.4
    assert readings(hill(1e-3), update=update).fixed_point == pytest.approx(1e-3, rel=1e-6)
    assert readings(hill(1e-3), update=2 * GRID).fixed_point is None


@pytest.mark.parametrize(
    ("curve", "others", "said"),
    [
        (-np.arange(11.0), {}, "lowest strength tried, 1e-05"),
        (np.arange(11.0), {}, "highest strength tried, 1"),
        (hill(1e-4) + 40 * (GRID > 0.05), {}, "more than one maximum: at λ = 0.0001 and 0.1"),
        (np.stack([hill(1e-4), hill(1e-1)], axis=1), {}, "between 0.0001 and 0.1"),
        (hill(1e-2), {"update": 1e-4 * (GRID / 1e-4) ** 0.5}, "far from the maximum"),
        (hill(1e-2), {"unsettled": np.full(11, 80.0)}, "would still raise the log posterior by 80"),
        (hill(1e-2), {"effective": np.full(11, 600.0)}, "Take curvature='full'"),
        (hill(1e-2), {"terms": 30}, "30 numbers to learn from"),
    ],
)
def test_what_speaks_against_it_is_told(curve, others, said):
    doubts = chosen(readings(curve, **others)).doubts
    assert said in " ".join(doubts)
    assert len(doubts) == 1 or "maximum" in said


def test_a_failed_training_takes_its_strength_out():
    curve = np.stack([hill(1e-2), hill(1e-2)], axis=1)
    curve[6, 1] = np.nan
    choice = chosen(readings(curve))
    assert choice.strength == pytest.approx(GRID[5]) or choice.strength == pytest.approx(GRID[7])
    assert "1 of 22 trainings failed" in " ".join(choice.doubts)


def test_where_the_evidence_prefers_a_network_that_says_nothing_the_fixed_point_is_given():
    curve = np.arange(11.0)
    effective = np.append(np.full(9, 30.0), [0.2, 0.1])
    update = 1e-2 * (GRID / 1e-2) ** 0.3
    choice = chosen(readings(curve, effective=effective, update=update))
    assert choice.strength == pytest.approx(1e-2, rel=1e-6)
    assert GRID[choice.index] == pytest.approx(1e-2)
    assert "do not support a network" in choice.doubts[0]
    lost = chosen(readings(curve, effective=effective, update=2 * GRID))
    assert lost.strength == 1.0

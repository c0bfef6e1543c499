"""What an estimator has optimized, and what came of it, in words."""

from __future__ import annotations

from justright.estimators.problem import Way
from justright.estimators.scoring import Goal


def chosen_by(goal: Goal, way: Way, metric: str, loss: str) -> str:
    """By what the recipe was chosen.

    Args:
        goal: of the choice.
        way: to the networks.
        metric, loss: their names.
    """
    metric, loss = metric.replace("_", " "), loss.replace("_", " ")
    if way == "together":
        by = loss if goal.shared is None else goal.shared.removeprefix("neg_").replace("_", " ")
        return (
            "Recipes, and the shares of their networks in the prediction, were chosen by "
            f"cross-validated {by}; the weights minimize {loss}."
        )
    if way == "given":
        return f"The recipe was given; the weights minimize {loss}."
    if goal.name:
        words = f"{goal.name.replace('_', ' ')}, among the search's best"
    elif goal.by is None:
        words = f"{metric} and {loss} together"
    else:
        words = metric if goal.by == "metric" else loss
    return f"The recipe was chosen by validation {words}; the weights minimize {loss}."


def weighted_by(sample_weight: bool, class_weight: object) -> str:
    """What rows count in training and in the choice."""
    names = ["sample_weight"] * sample_weight + ["class_weight"] * (class_weight is not None)
    if not names:
        return "All rows count alike."
    shown = " ('balanced')" if class_weight == "balanced" else ""
    return f"Rows count by {' and '.join(names)}{shown}."


def decided_by(threshold: object, name: str, rows: int, several: bool) -> str:
    """How classes are decided."""
    if name:
        return f"Thresholds were tuned for {name.replace('_', ' ')} on {rows} validation rows."
    if threshold is not None:
        return f"The threshold {threshold} was given."
    if several:
        return "Labels with a probability above 0.5 are predicted."
    return "The most probable class is predicted."

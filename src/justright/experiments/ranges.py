"""Where a search looks if nobody says otherwise: ranges, the techniques of a cocktail, starts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from justright.network.objective import Objective

# By technique and strength: a range, options, or a number that stays. Ranges begin where a
# technique is hardly felt and end where it is nearly always too strong.
RANGES: Mapping[str, Mapping[str, Any]] = {
    "Dropout": {"rate": (0.05, 0.7)},
    "GaussianDropout": {"rate": (0.05, 0.7)},
    "AlphaDropout": {"rate": (0.02, 0.4)},
    "SpatialDropout": {"rate": (0.05, 0.5)},
    "DropBlock": {"rate": (0.02, 0.4)},
    "DropConnect": {"rate": (0.05, 0.6)},
    "ConcreteDropout": {"l2": (1e-8, 1e-4), "entropy": (1e-3, 1e-1), "temperature": 0.1},
    "L1": {"strength": (1e-6, 3e-2)},
    "L2": {"strength": (1e-6, 1e-1)},
    "ElasticNet": {"l1": (1e-6, 3e-2), "l2": (1e-6, 1e-1)},
    "GroupLasso": {"strength": (1e-5, 1e-1)},
    "WeightDecay": {"strength": (1e-3, 3.0)},
    "MaxNorm": {"max_norm": (0.5, 5.0)},
    "SpectralNorm": {"bound": (0.5, 5.0)},
    "UnitNorm": {"rate": (0.1, 1.0)},
    "OrthogonalPenalty": {"strength": (1e-5, 1e-1)},
    "ActivityL1": {"strength": (1e-6, 1e-2)},
    "ActivityL2": {"strength": (1e-6, 1e-2)},
    "BatchNorm": {},
    "LayerNorm": {},
    "SkipConnections": {},
    "StochasticDepth": {"rate": (0.05, 0.7)},
    "ShakeDrop": {"rate": (0.05, 0.7)},
    "ShakeShake": {"amount": (0.1, 1.0)},
    "GaussianNoise": {"stddev": (0.01, 0.5)},
    "WeightNoise": {"stddev": (0.003, 0.3)},
    "GradientNoise": {"eta": (1e-4, 1e-1), "gamma": 0.55},
    "GradientClipping": {"max_norm": (0.05, 5.0)},
    "Mixup": {"alpha": (0.05, 1.5)},
    "ManifoldMixup": {"alpha": (0.1, 3.0)},
    "CutMix": {"alpha": (0.1, 1.5)},
    "LabelSmoothing": {"smoothing": (0.01, 0.3)},
    "FeatureMasking": {"rate": (0.02, 0.5)},
    "Cutout": {"size": (1, 16)},
    "RandomFlip": {"probability": [0.5]},
    "RandomShift": {"factor": (0.02, 0.25)},
    "RandomCrop": {"padding": (1, 6)},
    "RandomRotation": {"factor": (0.01, 0.15)},
    "ConfidencePenalty": {"beta": (0.01, 1.0)},
    "JacobianPenalty": {"strength": (1e-4, 1.0)},
    "RDrop": {"alpha": (0.1, 5.0)},
    "SAM": {"rho": (0.01, 0.3)},
    "AdversarialTraining": {"epsilon": (0.01, 0.3), "alpha": 0.5},
    "EMA": {"decay": (0.9, 0.999)},
    "Lookahead": {"k": [5, 10], "alpha": (0.3, 0.8)},
}
NO_RANGE = ("SWA", "WarmRestarts", "EarlyStopping")
"""These have ranges that depend on the number of epochs: `ranges_for`."""
NOT_ALONE = ("SnapshotEnsemble",)
"""These want others beside them, so they stand in the base recipe or nowhere."""

WIDTHS, DEPTHS = [32, 64, 128, 256, 512], [1, 2, 3]
RATES = 0.3, 10.0
"""The learning rate, times the optimizer's own."""

# Without further passes, and cheap enough to stand in one program at strength zero.
TABLE_COCKTAIL = ("Dropout", "L2", "L1", "WeightDecay", "Mixup", "EMA", "WarmRestarts")
IMAGE_COCKTAIL = ("Dropout", "L2", "WeightDecay", "Mixup", "RandomShift", "Cutout", "EMA")
SOFT_TARGETS = ("Mixup", "ManifoldMixup", "CutMix", "LabelSmoothing")


def ranges_for(epochs: int) -> dict[str, Mapping[str, Any]]:
    """The ranges of all techniques, for trainings of so many epochs."""
    cycles = sorted({max(1, -(-epochs // parts)) for parts in (7, 3, 1)})
    return {
        **RANGES,
        "EarlyStopping": {"patience": _whole(max(1, epochs // 20), max(2, epochs // 3))},
        "SWA": {"start_epoch": [max(1, epochs // 2), max(1, 3 * epochs // 4)]},
        # Cycles that double end together with the training.
        "WarmRestarts": {"period": cycles, "multiplier": 2.0},
    }


def cocktail_for(row_shape: tuple[int, ...], objective: Objective) -> tuple[str, ...]:
    """The techniques that a search draws on, by the kind of rows and of targets."""
    names = IMAGE_COCKTAIL if len(row_shape) == 3 else TABLE_COCKTAIL
    own_loss = objective.kind == "regression"
    smooth = () if own_loss else ("LabelSmoothing",)
    return (*names, *smooth, "BatchNorm", "EarlyStopping")


def _whole(low: int, high: int) -> tuple[int, int]:
    return low, max(low + 1, high)

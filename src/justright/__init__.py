"""Regularization that is just right.

    import justright as jr

    study = jr.compare(model, (X, y), {"plain": jr.Recipe(), "dropout": jr.Dropout(0.4)})
    print(study.summary())

Importing justright makes Keras run on JAX, so import it before Keras.
"""

from __future__ import annotations

import importlib
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from justright.backend import use_jax
from justright.errors import BackendError, nearest
from justright.report.notebook import show_figures

_problem: BackendError | None = None
try:
    use_jax()
except BackendError as error:
    _problem = error  # Said when something is used, so that the command line can say it well.

try:
    __version__ = version("justright")
except PackageNotFoundError:  # Run from a checkout that is not installed.
    __version__ = "0+unknown"

show_figures()

if TYPE_CHECKING:
    from justright.data.examples import Example, example
    from justright.data.table_preparation import TablePreparation
    from justright.errors import DataError, JustrightError, ModelError, RecipeError
    from justright.estimators.classifier import RegularizedClassifier
    from justright.estimators.regressor import RegularizedRegressor
    from justright.evidence.diagnosis import Diagnosis, Finding
    from justright.evidence.optimism import Optimism
    from justright.evidence.verdict import Verdict
    from justright.evidence.verdicts import Verdicts
    from justright.experiments.activations import activation_histograms
    from justright.experiments.compare import compare
    from justright.experiments.contributions import contributions
    from justright.experiments.diagnose import diagnose
    from justright.experiments.ensemble import dropout_ensemble
    from justright.experiments.evidence_strength import evidence_strength
    from justright.experiments.found import Search
    from justright.experiments.lessons import lesson
    from justright.experiments.path import path
    from justright.experiments.search import search
    from justright.experiments.strength_evidence import StrengthEvidence
    from justright.experiments.sweep import sweep
    from justright.experiments.swept import Sweep
    from justright.experiments.traced import RegularizationPath
    from justright.experiments.tune import Tuned, tune_strengths
    from justright.network.own import strip_regularization
    from justright.regularizers import (
        EMA,
        L1,
        L2,
        SAM,
        SWA,
        ActivityL1,
        ActivityL2,
        AdversarialTraining,
        AlphaDropout,
        BatchNorm,
        ConcreteDropout,
        ConfidencePenalty,
        CutMix,
        Cutout,
        DropBlock,
        DropConnect,
        Dropout,
        EarlyStopping,
        ElasticNet,
        FeatureMasking,
        GaussianDropout,
        GaussianNoise,
        GradientClipping,
        GradientNoise,
        GroupLasso,
        JacobianPenalty,
        LabelSmoothing,
        LayerNorm,
        Lookahead,
        ManifoldMixup,
        MaxNorm,
        Mixup,
        OrthogonalPenalty,
        RandomCrop,
        RandomFlip,
        RandomRotation,
        RandomShift,
        RDrop,
        Recipe,
        ShakeDrop,
        ShakeShake,
        SkipConnections,
        SnapshotEnsemble,
        SpatialDropout,
        SpectralNorm,
        StochasticDepth,
        Technique,
        UnitNorm,
        WarmRestarts,
        WeightDecay,
        WeightNoise,
        technique,
    )
    from justright.regularizers.catalog import techniques
    from justright.regularizers.schedule import Cosine, Linear, Step
    from justright.study import Study

# Each name is imported when it is first used: Keras alone takes seconds.
_HOMES = {
    "ActivityL1": "regularizers",
    "ActivityL2": "regularizers",
    "AdversarialTraining": "regularizers",
    "AlphaDropout": "regularizers",
    "BackendError": "errors",
    "BatchNorm": "regularizers",
    "ConcreteDropout": "regularizers",
    "ConfidencePenalty": "regularizers",
    "Cosine": "regularizers.schedule",
    "CutMix": "regularizers",
    "Cutout": "regularizers",
    "DataError": "errors",
    "DropBlock": "regularizers",
    "DropConnect": "regularizers",
    "Diagnosis": "evidence.diagnosis",
    "Dropout": "regularizers",
    "EMA": "regularizers",
    "EarlyStopping": "regularizers",
    "ElasticNet": "regularizers",
    "Example": "data.examples",
    "FeatureMasking": "regularizers",
    "Finding": "evidence.diagnosis",
    "GaussianDropout": "regularizers",
    "GaussianNoise": "regularizers",
    "GradientClipping": "regularizers",
    "GradientNoise": "regularizers",
    "GroupLasso": "regularizers",
    "JacobianPenalty": "regularizers",
    "JustrightError": "errors",
    "L1": "regularizers",
    "L2": "regularizers",
    "LabelSmoothing": "regularizers",
    "LayerNorm": "regularizers",
    "Lookahead": "regularizers",
    "ManifoldMixup": "regularizers",
    "MaxNorm": "regularizers",
    "Linear": "regularizers.schedule",
    "Mixup": "regularizers",
    "ModelError": "errors",
    "Optimism": "evidence.optimism",
    "OrthogonalPenalty": "regularizers",
    "RDrop": "regularizers",
    "RandomCrop": "regularizers",
    "RandomFlip": "regularizers",
    "RandomRotation": "regularizers",
    "RandomShift": "regularizers",
    "Recipe": "regularizers",
    "RecipeError": "errors",
    "SAM": "regularizers",
    "SWA": "regularizers",
    "Search": "experiments.found",
    "ShakeDrop": "regularizers",
    "ShakeShake": "regularizers",
    "SkipConnections": "regularizers",
    "SnapshotEnsemble": "regularizers",
    "SpatialDropout": "regularizers",
    "Step": "regularizers.schedule",
    "StrengthEvidence": "experiments.strength_evidence",
    "StochasticDepth": "regularizers",
    "SpectralNorm": "regularizers",
    "Study": "study",
    "Sweep": "experiments.swept",
    "TablePreparation": "data.table_preparation",
    "Technique": "regularizers",
    "Tuned": "experiments.tune",
    "UnitNorm": "regularizers",
    "Verdict": "evidence.verdict",
    "Verdicts": "evidence.verdicts",
    "WarmRestarts": "regularizers",
    "WeightDecay": "regularizers",
    "WeightNoise": "regularizers",
    "RegularizedClassifier": "estimators.classifier",
    "RegularizedRegressor": "estimators.regressor",
    "RegularizationPath": "experiments.traced",
    "activation_histograms": "experiments.activations",
    "compare": "experiments.compare",
    "contributions": "experiments.contributions",
    "diagnose": "experiments.diagnose",
    "dropout_ensemble": "experiments.ensemble",
    "evidence_strength": "experiments.evidence_strength",
    "example": "data.examples",
    "lesson": "experiments.lessons",
    "path": "experiments.path",
    "search": "experiments.search",
    "strip_regularization": "network.own",
    "sweep": "experiments.sweep",
    "technique": "regularizers",
    "techniques": "regularizers.catalog",
    "tune_strengths": "experiments.tune",
}

__all__ = [
    "EMA",
    "L1",
    "L2",
    "SAM",
    "SWA",
    "ActivityL1",
    "ActivityL2",
    "AdversarialTraining",
    "AlphaDropout",
    "BackendError",
    "BatchNorm",
    "ConcreteDropout",
    "ConfidencePenalty",
    "Cosine",
    "CutMix",
    "Cutout",
    "DataError",
    "Diagnosis",
    "DropBlock",
    "DropConnect",
    "Dropout",
    "EarlyStopping",
    "ElasticNet",
    "Example",
    "FeatureMasking",
    "Finding",
    "GaussianDropout",
    "GaussianNoise",
    "GradientClipping",
    "GradientNoise",
    "GroupLasso",
    "JacobianPenalty",
    "JustrightError",
    "LabelSmoothing",
    "LayerNorm",
    "Linear",
    "Lookahead",
    "ManifoldMixup",
    "MaxNorm",
    "Mixup",
    "ModelError",
    "Optimism",
    "OrthogonalPenalty",
    "RDrop",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "Recipe",
    "RecipeError",
    "RegularizationPath",
    "RegularizedClassifier",
    "RegularizedRegressor",
    "Search",
    "ShakeDrop",
    "ShakeShake",
    "SkipConnections",
    "SnapshotEnsemble",
    "SpatialDropout",
    "SpectralNorm",
    "Step",
    "StochasticDepth",
    "StrengthEvidence",
    "Study",
    "Sweep",
    "TablePreparation",
    "Technique",
    "Tuned",
    "UnitNorm",
    "Verdict",
    "Verdicts",
    "WarmRestarts",
    "WeightDecay",
    "WeightNoise",
    "activation_histograms",
    "compare",
    "contributions",
    "diagnose",
    "dropout_ensemble",
    "evidence_strength",
    "example",
    "lesson",
    "path",
    "search",
    "strip_regularization",
    "sweep",
    "technique",
    "techniques",
    "tune_strengths",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        said = f"module 'justright' has no attribute {name!r}{nearest(name, __all__)}"
        # Without the module as obj Python does not add a suggestion of its own.
        raise AttributeError(said, name=name, obj=None)
    if _problem and _HOMES[name] != "errors":
        raise _problem
    value = getattr(importlib.import_module(f"justright.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""The regularizers: one file each, and the recipe that combines them.

To add one, write its file and name it in `TECHNIQUES`; nothing else changes.
"""

from justright.regularizers.activity_l1 import ActivityL1
from justright.regularizers.activity_l2 import ActivityL2
from justright.regularizers.adversarial_training import AdversarialTraining
from justright.regularizers.alpha_dropout import AlphaDropout
from justright.regularizers.batch_norm import BatchNorm
from justright.regularizers.concrete_dropout import ConcreteDropout
from justright.regularizers.confidence_penalty import ConfidencePenalty
from justright.regularizers.cut_mix import CutMix
from justright.regularizers.cutout import Cutout
from justright.regularizers.drop_block import DropBlock
from justright.regularizers.drop_connect import DropConnect
from justright.regularizers.dropout import Dropout
from justright.regularizers.early_stopping import EarlyStopping
from justright.regularizers.elastic_net import ElasticNet
from justright.regularizers.ema import EMA
from justright.regularizers.feature_masking import FeatureMasking
from justright.regularizers.gaussian_dropout import GaussianDropout
from justright.regularizers.gaussian_noise import GaussianNoise
from justright.regularizers.gradient_clipping import GradientClipping
from justright.regularizers.gradient_noise import GradientNoise
from justright.regularizers.group_lasso import GroupLasso
from justright.regularizers.jacobian_penalty import JacobianPenalty
from justright.regularizers.l1 import L1
from justright.regularizers.l2 import L2
from justright.regularizers.label_smoothing import LabelSmoothing
from justright.regularizers.layer_norm import LayerNorm
from justright.regularizers.lookahead import Lookahead
from justright.regularizers.manifold_mixup import ManifoldMixup
from justright.regularizers.max_norm import MaxNorm
from justright.regularizers.mixup import Mixup
from justright.regularizers.orthogonal_penalty import OrthogonalPenalty
from justright.regularizers.random_crop import RandomCrop
from justright.regularizers.random_flip import RandomFlip
from justright.regularizers.random_rotation import RandomRotation
from justright.regularizers.random_shift import RandomShift
from justright.regularizers.rdrop import RDrop
from justright.regularizers.recipe import Recipe
from justright.regularizers.sam import SAM
from justright.regularizers.shake_drop import ShakeDrop
from justright.regularizers.shake_shake import ShakeShake
from justright.regularizers.skip_connections import SkipConnections
from justright.regularizers.snapshot_ensemble import SnapshotEnsemble
from justright.regularizers.spatial_dropout import SpatialDropout
from justright.regularizers.spectral_norm import SpectralNorm
from justright.regularizers.stochastic_depth import StochasticDepth
from justright.regularizers.swa import SWA
from justright.regularizers.technique import Technique, technique
from justright.regularizers.unit_norm import UnitNorm
from justright.regularizers.warm_restarts import WarmRestarts
from justright.regularizers.weight_decay import WeightDecay
from justright.regularizers.weight_noise import WeightNoise

TECHNIQUES: tuple[type[Technique], ...] = (
    Dropout,
    ConcreteDropout,
    L1,
    L2,
    ElasticNet,
    WeightDecay,
    BatchNorm,
    LayerNorm,
    SkipConnections,
    StochasticDepth,
    ShakeDrop,
    ShakeShake,
    Mixup,
    ManifoldMixup,
    LabelSmoothing,
    GaussianNoise,
    GaussianDropout,
    SpatialDropout,
    DropConnect,
    GradientClipping,
    MaxNorm,
    UnitNorm,
    SpectralNorm,
    EMA,
    SWA,
    Lookahead,
    WarmRestarts,
    SnapshotEnsemble,
    GroupLasso,
    FeatureMasking,
    Cutout,
    CutMix,
    RandomFlip,
    RandomShift,
    RandomCrop,
    RandomRotation,
    SAM,
    AdversarialTraining,
    GradientNoise,
    WeightNoise,
    ConfidencePenalty,
    OrthogonalPenalty,
    ActivityL1,
    ActivityL2,
    AlphaDropout,
    DropBlock,
    JacobianPenalty,
    RDrop,
    EarlyStopping,
)

__all__ = [
    "EMA",
    "L1",
    "L2",
    "SAM",
    "SWA",
    "TECHNIQUES",
    "ActivityL1",
    "ActivityL2",
    "AdversarialTraining",
    "AlphaDropout",
    "BatchNorm",
    "ConcreteDropout",
    "ConfidencePenalty",
    "CutMix",
    "Cutout",
    "DropBlock",
    "DropConnect",
    "Dropout",
    "EarlyStopping",
    "ElasticNet",
    "FeatureMasking",
    "GaussianDropout",
    "GaussianNoise",
    "GradientClipping",
    "GradientNoise",
    "GroupLasso",
    "JacobianPenalty",
    "LabelSmoothing",
    "LayerNorm",
    "Lookahead",
    "ManifoldMixup",
    "MaxNorm",
    "Mixup",
    "OrthogonalPenalty",
    "RDrop",
    "RandomCrop",
    "RandomFlip",
    "RandomRotation",
    "RandomShift",
    "Recipe",
    "ShakeDrop",
    "ShakeShake",
    "SkipConnections",
    "SnapshotEnsemble",
    "SpatialDropout",
    "SpectralNorm",
    "StochasticDepth",
    "Technique",
    "UnitNorm",
    "WarmRestarts",
    "WeightDecay",
    "WeightNoise",
    "technique",
]

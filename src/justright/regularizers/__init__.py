"""The regularizers: one file each, and the recipe that combines them.

To add one, write its file and name it in `TECHNIQUES`; nothing else changes.
"""

from justright.regularizers.batch_norm import BatchNorm
from justright.regularizers.dropout import Dropout
from justright.regularizers.early_stopping import EarlyStopping
from justright.regularizers.elastic_net import ElasticNet
from justright.regularizers.l1 import L1
from justright.regularizers.l2 import L2
from justright.regularizers.recipe import Recipe
from justright.regularizers.technique import Technique, technique
from justright.regularizers.weight_decay import WeightDecay

TECHNIQUES: tuple[type[Technique], ...] = (
    Dropout,
    L1,
    L2,
    ElasticNet,
    WeightDecay,
    BatchNorm,
    EarlyStopping,
)

__all__ = [
    "L1",
    "L2",
    "TECHNIQUES",
    "BatchNorm",
    "Dropout",
    "EarlyStopping",
    "ElasticNet",
    "Recipe",
    "Technique",
    "WeightDecay",
    "technique",
]

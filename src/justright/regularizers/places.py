"""The twelve places of a training step at which a regularizer may act.

| place                          | interface          | for example                   |
|--------------------------------|--------------------|-------------------------------|
| structure of the network       | ActsOnStructure    | batch normalization           |
| branches of skip connections   | ActsOnBranches     | stochastic depth              |
| the batch                      | ActsOnBatch        | augmentation, mixup           |
| the weights used in this step  | ActsOnStepWeights  | DropConnect, weight noise     |
| activations at a site          | ActsOnActivations  | dropout and its kin           |
| a penalty on the loss          | ActsOnLoss         | L2                            |
| the gradient                   | ActsOnGradient     | clipping, SAM                 |
| the learning rate              | ActsOnLearningRate | warm restarts                 |
| the weights after the update   | ActsOnUpdate       | decoupled decay, L1's prox    |
| the weights for prediction     | ActsOnPrediction   | EMA, SWA                      |
| networks that predict together | ActsOnEnsemble     | snapshot ensembles            |
| when to stop                   | ActsOnStopping     | early stopping                |

A technique inherits from the interfaces of the places that it fills; the engine
knows these interfaces and never a technique. All methods are pure functions on
JAX arrays, called while the program is traced; strengths are tracers, so no
method may branch on one in Python. Where several techniques fill the same
place they act in the order of the recipe.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import jax

from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.learning_rate import ActsOnLearningRate
from justright.regularizers.location import Kernels, Site

if TYPE_CHECKING:
    import keras

Weights = dict[str, jax.Array]
"""Trainable weights by path, `"dense/kernel"`."""


class Batch(NamedTuple):
    """One minibatch.

    Attributes:
        inputs: (rows, …).
        targets: (rows, …).
        weights: how much each row counts, (rows,); None if all count alike.
        uniform: the target (outputs,) that gives all classes the same probability, for
            techniques that ask for soft targets; None where targets are numbers.
        sample_weight: by what the data loss of each row is multiplied, (rows,); None for 1.
            Penalties do not know it.
    """

    inputs: jax.Array
    targets: jax.Array
    weights: jax.Array | None
    uniform: jax.Array | None = None
    sample_weight: jax.Array | None = None


def mean_loss(losses: jax.Array, batch: Batch) -> jax.Array:
    """The mean data loss, as in Keras: Σ w·loss / rows, whatever the weights w add up to."""
    if batch.sample_weight is not None:
        losses = losses * batch.sample_weight
    return mean_over_rows(losses, batch)


def mean_over_rows(values: jax.Array, batch: Batch) -> jax.Array:
    """The mean of numbers (rows,), each row counting as the batch says."""
    if batch.weights is None:
        return values.mean()
    return (values * batch.weights).sum() / batch.weights.sum()


@dataclass(frozen=True)
class Forward:
    """A training-time forward pass, as a penalty sees it. What is not asked for costs nothing.

    Attributes:
        weights: as they are, whatever the step computes with.
        kernels: which of them penalties act on.
        outputs: (rows, …), as the network gives them.
        batch: the rows.
        activations: what each hidden layer sends on, before techniques change it.
        outputs_at: the outputs at other inputs, with the same weights and noise: another pass.
        log_probabilities: those of the classes (rows, …, classes); None if targets are numbers.
        key: for random draws.
        again: another pass with other noise, and its data loss less this one's; None where
            noise is off.
    """

    weights: Weights
    kernels: Kernels
    outputs: jax.Array
    batch: Batch
    activations: tuple[tuple[Site, jax.Array], ...]
    outputs_at: Callable[[jax.Array], jax.Array]
    log_probabilities: Callable[[], jax.Array | None]
    key: jax.Array
    again: Callable[[], tuple[Forward, jax.Array]] | None = None


@dataclass(frozen=True)
class Moment:
    """Where training stands.

    Attributes:
        step: steps taken so far.
        steps_per_epoch: how many make an epoch.
        cycle_ends: whether a cycle of the learning rate has ended with these steps; None if
            the rate has no cycles, or no weights have been updated yet.
    """

    step: jax.Array
    steps_per_epoch: int
    cycle_ends: Callable[[], jax.Array] | None = None


@dataclass(frozen=True)
class Backward:
    """A gradient about to be used.

    Attributes:
        weights: where it was taken.
        kernels: which of them penalties act on.
        batch: the rows.
        again: the gradient at other weights or another batch, with the same noise, and changed
            by the techniques that stand earlier in the recipe: a further forward and backward
            pass.
        input_gradient: the gradient of the loss with respect to the inputs.
        moment: where training stands; the step being taken is not counted yet.
    """

    weights: Weights
    kernels: Kernels
    batch: Batch
    again: Callable[[Weights, Batch], Weights]
    input_gradient: Callable[[Weights, Batch], jax.Array]
    moment: Moment


@dataclass(frozen=True)
class Update:
    """An update just made.

    `before` are the weights before it. `step_size[path]` is how far one unit of
    lasting gradient moves each weight under this optimizer (for plain SGD the
    learning rate): what a proximal step must scale its threshold by.
    """

    before: Weights
    kernels: Kernels
    learning_rate: jax.Array
    step_size: Callable[[str], jax.Array]


class StopRule(NamedTuple):
    """When a trial ends, and with which weights. All numbers are traced.

    An epoch improves if its monitored value beats the best so far by more than
    `min_delta`; `patience` epochs without improvement end the trial.
    """

    patience: Any
    min_delta: Any
    start_from_epoch: Any
    restore_best: Any
    by_metric: Any


class ActsOnStructure(ABC):
    """Adds standard Keras layers to the network."""

    @abstractmethod
    def before_activation(self, layer: keras.layers.Layer) -> Sequence[keras.layers.Layer]:
        """New layers to stand between a hidden layer's linear part and its activation."""


class ActsOnBatch(ABC):
    """Changes the inputs or targets that a step trains on."""

    soft_targets: ClassVar[bool] = False
    """Whether it makes mixtures of classes, so that it needs targets one-hot, not as labels."""

    @abstractmethod
    def batch(self, batch: Batch, key: jax.Array) -> Batch:
        """The batch to use instead."""


class ActsOnStepWeights(ABC):
    """Changes the weights for one forward and backward pass; gradients flow through."""

    def differs_by_row(self) -> bool:
        """Whether each row gets weights of its own: it is then called for each, with its key."""
        return False

    @abstractmethod
    def step_weights(self, weights: Weights, kernels: Kernels, key: jax.Array) -> Weights:
        """The weights to compute with in this step."""


class ActsOnActivations(ABC):
    """Changes what hidden units send on, in training only."""

    one_draw: ClassVar[bool] = False
    """Whether it has one key a step, at all sites and where it acts on the batch."""

    def fits(self, site: Site) -> bool:
        """Whether it can act at a site at all, whatever its strengths."""
        return True

    @abstractmethod
    def activation(self, x: jax.Array, site: Site, key: jax.Array) -> jax.Array:
        """The activations (rows, …, units) to pass on from `site`."""


class ActsOnLoss(ABC):
    """Adds a differentiable penalty to the loss."""

    weights_only: ClassVar[bool] = False
    """Whether the penalty is one of the weights alone, so that logging it takes no rows."""

    @abstractmethod
    def penalty(self, forward: Forward) -> jax.Array:
        """The penalty, a scalar."""


class ActsOnGradient(ABC):
    """Changes the gradient before the optimizer sees it."""

    @abstractmethod
    def gradient(self, gradient: Weights, backward: Backward, key: jax.Array) -> Weights:
        """The gradient to use instead."""


class ActsOnUpdate(ABC):
    """Changes the weights after the optimizer's update."""

    makes_zeros: ClassVar[bool] = False
    """Whether weights become exactly zero, so that inputs may drop out."""

    @abstractmethod
    def after_update(self, weights: Weights, update: Update) -> Weights:
        """The weights to keep."""

    def penalty_value(self, weights: Weights, kernels: Kernels) -> jax.Array | None:
        """The penalty that this step minimizes instead of a gradient, for the log; None if none."""
        return None


class ActsOnPrediction(ABC):
    """Keeps state beside the weights and says which weights predict."""

    @abstractmethod
    def start(self, weights: Weights) -> Any:
        """The state before training, a pytree of arrays."""

    @abstractmethod
    def after_step(self, state: Any, weights: Weights, moment: Moment) -> Any:
        """The state after a step that left `weights`."""

    def training_weights(self, state: Any, weights: Weights, moment: Moment) -> Weights:
        """The weights to go on training with, given the state after the step."""
        return weights

    @abstractmethod
    def prediction_weights(self, state: Any, weights: Weights) -> Weights:
        """The weights to predict with."""


class ActsOnEnsemble(ABC):
    """Keeps networks on the way, which predict together with the one that is trained.

    What is kept is what would predict alone: averages of the weights, where a recipe has
    such, and the running statistics beside them. Probabilities are averaged, or numbers.
    """

    @abstractmethod
    def networks(self) -> int:
        """How many predict together, once there are so many; 1 keeps none."""

    @abstractmethod
    def keeps(self, moment: Moment) -> jax.Array:
        """Whether the network stays as it is after the last step that `moment` counts."""


class ActsOnStopping(ABC):
    """Says when a trial ends. The rule is data: it costs no program of its own."""

    @abstractmethod
    def stop_rule(self) -> StopRule:
        """The rule, in numbers."""


PLACES: Mapping[str, type[ABC]] = {
    "structure of the network": ActsOnStructure,
    "branches of skip connections": ActsOnBranches,
    "the batch": ActsOnBatch,
    "the weights used in this step": ActsOnStepWeights,
    "activations at a site": ActsOnActivations,
    "a penalty on the loss": ActsOnLoss,
    "the gradient": ActsOnGradient,
    "the learning rate": ActsOnLearningRate,
    "the weights after the update": ActsOnUpdate,
    "the weights used for prediction": ActsOnPrediction,
    "networks that predict together": ActsOnEnsemble,
    "when to stop": ActsOnStopping,
}
"""The twelve places, in the order of a training step."""

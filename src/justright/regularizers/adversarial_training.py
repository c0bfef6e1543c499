"""Adversarial training: learn on inputs moved where the loss grows fastest."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from justright.regularizers.mixup import mixed
from justright.regularizers.places import ActsOnGradient, Backward, Weights
from justright.regularizers.strength import strength
from justright.regularizers.technique import Technique, technique


@technique
class AdversarialTraining(Technique, ActsOnGradient):
    """Minimize α·J(x) + (1 − α)·J(x + ε·sign ∇ₓJ(x)): the fast gradient sign method.

    The moved inputs are made anew in each step and count as data: no gradient
    goes through them. It costs a second forward and backward pass in each step,
    and the gradient with respect to the inputs. Moved inputs are not clipped to
    a range, since standardized features have none.

    Args:
        epsilon: ε ≥ 0, how far each input moves, in its own units. 0 changes nothing.
        alpha: α in [0, 1], the weight of the rows as they are; 0.5 is the paper's, 1
            changes nothing.

    Raises:
        RecipeError: ε or α out of range, or inputs that are token numbers.

    When: small changes of the inputs must not change the answer.
    Cost: 1 extra pass forward and back, and the gradient by the inputs.
    Try: `adversarial_training=0.1:0.5`

    Source: Goodfellow, Shlens, Szegedy, "Explaining and harnessing adversarial
    examples", ICLR 2015, sections 4 and 6.
    """

    epsilon: float = strength(by_layer=False, meaning="a distance of the inputs")
    alpha: float = strength(
        0.5, high=1.0, neutral=1.0, by_layer=False, meaning="a share of the loss"
    )

    def reckons_with_inputs(self) -> bool:
        """It moves them along the loss."""
        return True

    def gradient(self, gradient: Weights, backward: Backward, key: jax.Array) -> Weights:
        """The gradient of both losses together."""
        batch = backward.batch
        slope = jnp.sign(backward.input_gradient(backward.weights, batch))
        moved = batch._replace(inputs=batch.inputs + self.epsilon * slope)
        there = backward.again(backward.weights, moved)
        # A second pass compiles to other roundings than the first.
        share = jnp.where(jnp.asarray(self.epsilon) > 0, 1 - self.alpha, 0)
        return {path: mixed(g, there[path], share) for path, g in gradient.items()}

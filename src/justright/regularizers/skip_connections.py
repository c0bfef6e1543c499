"""Skip connections: hidden layers add to what they read instead of replacing it."""

from __future__ import annotations

from justright.regularizers.branches import ActsOnBranches
from justright.regularizers.option import option
from justright.regularizers.technique import Technique, technique


@technique
class SkipConnections(Technique, ActsOnBranches):
    """Put a skip connection around each hidden layer but the first: y = Px + F(x).

    F is the hidden layer with its normalization and activation. P is the identity
    where input and output have the same shape, and otherwise a learned projection
    without bias, a Dense layer or a convolution with a kernel of one pixel and the
    layer's stride (the paper's option B; its option A, padding with zeros, cannot
    narrow). Nothing follows the sum, so the identity path is clear, as in the
    authors' second paper; dropout and what penalizes activations act on the sum.
    The first hidden layer reads the raw features and stays as it is, like a ResNet's
    stem. Dense and convolutional layers are skipped whose output has the place of
    their input: a convolution without padding, a layer that is called twice, and one
    of another kind have no skip connection.

    A strength that names a layer acts on its second branch and projection as well.
    Projections and second branches start anew for each seed, even where the model's
    own weights are the start. Without them it costs no weights.

    Args:
        count: how many copies of F, its branches, each with weights of its own, a block takes
            the mean of: 1, or as many as `ShakeShake` mixes, 2.

    Raises:
        RecipeError: a count that is no whole number of at least 1, or a network
            in which no layer can be skipped.

    When: a network has many hidden layers and trains slowly.
    Cost: no extra pass; a projection where widths differ.
    Try: `skip_connections`

    Source: He, Zhang, Ren, Sun, "Deep residual learning for image recognition",
    CVPR 2016, equations 1 and 2; "Identity mappings in deep residual networks",
    ECCV 2016, equation 3.
    """

    count: int = option(default=1, low=1, integer=True)

    def branches(self) -> int:
        """As `count` says."""
        return self.count

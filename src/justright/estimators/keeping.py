"""Estimators in files and copies: a network is its configuration and its numbers, no code."""

from __future__ import annotations

from typing import Any

import numpy as np

from justright.errors import ModelError
from justright.estimators.outputs import Link, Outputs

_STUDY = "_study"


class KeptNetwork:
    """A Keras model as JSON-like configuration and arrays.

    Args:
        model: standard layers, or layers that are registered with Keras.
    """

    def __init__(self, model: Any) -> None:
        import keras

        self.config = keras.saving.serialize_keras_object(model)
        self.weights = [np.asarray(w) for w in model.get_weights()]

    def model(self) -> Any:
        """The model again. Code in the configuration (a Lambda layer) is not run.

        Raises:
            ModelError: a configuration that is not one of known layers.
        """
        import keras

        try:
            model = keras.saving.deserialize_keras_object(self.config, safe_mode=True)
        except (ValueError, TypeError) as error:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ModelError(
                f"The network of the estimator cannot be built again: {reason}. Layers of your "
                "own must be registered with keras.saving.register_keras_serializable()."
            ) from error
        model.set_weights(self.weights)
        return model


def kept(state: dict[str, Any]) -> dict[str, Any]:
    """An estimator's attributes with networks as numbers, and without the study."""
    import keras

    state = {name: value for name, value in state.items() if name != _STUDY}
    if isinstance(state.get("network"), keras.Model):
        state["network"] = KeptNetwork(state["network"])
    if outputs := state.get("_outputs"):
        state["_outputs"] = (KeptNetwork(outputs.model), outputs.link)
    return state


def restored(state: dict[str, Any]) -> dict[str, Any]:
    """The attributes again."""
    state = dict(state)
    if isinstance(state.get("network"), KeptNetwork):
        state["network"] = state["network"].model()
    if "_outputs" in state:
        network, link = state["_outputs"]
        state["_outputs"] = _outputs(network, link)
    return state


def _outputs(network: KeptNetwork, link: Link) -> Outputs:
    return Outputs(network.model(), link)

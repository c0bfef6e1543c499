"""A Keras optimizer as pure functions, its learning rate traced."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import keras
import numpy as np

from justright.errors import ModelError, did_you_mean
from justright.network.adam import adam_step, is_plain_adam, step_length
from justright.network.differentiable import with_finite_changes
from justright.network.network import Network
from justright.network.registered import registered_in
from justright.regularizers.places import Weights

OptimizerState = tuple[jax.Array, ...]

NAMES = ("sgd", "momentum", "adam", "adamw", "rmsprop")
MOMENTUM = 0.9


def keras_optimizer(optimizer: object, model: object = None) -> keras.optimizers.Optimizer:
    """A fresh Keras optimizer from a name, an optimizer, or what the model was compiled with.

    Args:
        optimizer: `"sgd"`, `"momentum"` (SGD with momentum 0.9), `"adam"`,
            `"adamw"`, `"rmsprop"` or another name that Keras knows; a Keras
            optimizer; or None for the compiled model's own, and Adam otherwise.
        model: the user's model.

    Raises:
        ModelError: neither a known name nor a Keras optimizer, or one that cannot be followed:
            it averages the weights itself, or has a plain function as its learning rate.
    """
    if optimizer is None:
        optimizer = getattr(model, "optimizer", None) or "adam"
    while isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        # It scales losses for 16-bit gradients; ours are summed in 32 bits.
        optimizer = optimizer.inner_optimizer
    if isinstance(optimizer, keras.optimizers.Optimizer):
        if optimizer.use_ema:
            raise ModelError(
                f"The optimizer {type(optimizer).__name__} keeps an average of the weights "
                "(use_ema=True), which justright does not follow. Make it without."
            )
        if callable(optimizer._learning_rate) and not has_schedule(optimizer):
            raise ModelError(
                f"The learning rate of the optimizer {type(optimizer).__name__} is a plain "
                "function, which a compiled program would call once and never again. Give a "
                "number, or a schedule, such as keras.optimizers.schedules.CosineDecay."
            )
        try:
            return type(optimizer).from_config(optimizer.get_config())
        except (TypeError, ValueError) as error:
            raise ModelError(
                f"The optimizer {type(optimizer).__name__} cannot be made again from its "
                f"configuration: {str(error).strip().splitlines()[0]} Register classes of your "
                "own, such as a schedule, with @keras.saving.register_keras_serializable()."
            ) from error
    if optimizer == "momentum":
        return keras.optimizers.SGD(momentum=MOMENTUM)
    if isinstance(optimizer, str):
        try:
            return keras.optimizers.get(optimizer)
        except ValueError as error:
            raise ModelError(
                f"optimizer={optimizer!r} is not known. {did_you_mean(optimizer, NAMES)} Or give "
                "a Keras optimizer."
            ) from error
    raise ModelError(
        f"optimizer={optimizer!r} is neither a name ({', '.join(NAMES)}) nor a Keras optimizer, "
        "such as keras.optimizers.Adam(1e-3)."
    )


def initial_learning_rate(optimizer: keras.optimizers.Optimizer) -> float:
    """The learning rate that an optimizer was made with; of a schedule, its start."""
    if has_schedule(optimizer):
        return as_written(optimizer._learning_rate(0))
    return as_written(optimizer.learning_rate)


def as_written(rate: Any) -> float:
    """The shortest number that is a rate in float32.

    >>> float(np.float32(0.001)), as_written(np.float32(0.001))
    (0.0010000000474974513, 0.001)
    """
    return float(str(np.float32(rate)))


def has_schedule(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether an optimizer changes its learning rate by itself."""
    kind = keras.optimizers.schedules.LearningRateSchedule
    return isinstance(optimizer._learning_rate, kind)


def optimizer_key(optimizer: keras.optimizers.Optimizer) -> tuple[Any, ...]:
    """Equal for optimizers that can share a compiled program: the learning rate is traced."""
    config = dict(optimizer.get_config())
    if not isinstance(config.get("learning_rate"), dict):
        config["learning_rate"] = "traced"
    config.pop("name", None)
    text = json.dumps(config, sort_keys=True, default=repr)
    return type(optimizer), text, registered_in(text)


class FunctionalOptimizer:
    """A Keras optimizer bound to a network, as pure functions.

    Args:
        optimizer: gives the configuration; it is not touched.
        network: whose trainable weights it updates.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, network: Network) -> None:
        self._optimizer = type(optimizer).from_config(optimizer.get_config())
        self._optimizer.build(network.model.trainable_variables)
        self._paths = network.trainable
        rate = self._optimizer._learning_rate
        self._rate_index = next(
            (i for i, v in enumerate(self._optimizer.variables) if v is rate), None
        )
        self._plain_adam = is_plain_adam(self._optimizer)

    def start(self) -> tuple[np.ndarray, ...]:
        """The state before training."""
        return tuple(np.asarray(v) for v in self._optimizer.variables)

    def apply(
        self, state: OptimizerState, gradient: Weights, weights: Weights, rate: jax.Array
    ) -> tuple[Weights, OptimizerState]:
        """One update.

        Args:
            state: the optimizer's variables.
            gradient, weights: by path.
            rate: the learning rate; ignored where the optimizer has a schedule.

        Returns:
            New weights and state.
        """
        if self._plain_adam:
            return self._adam(state, gradient, weights, self.learning_rate(state, rate))
        updated, new_state = with_finite_changes(self._optimizer.stateless_apply)(
            self._with_rate(state, rate),
            [gradient[p] for p in self._paths],
            [weights[p] for p in self._paths],
        )
        return dict(zip(self._paths, updated, strict=True)), tuple(new_state)

    def _adam(
        self, state: OptimizerState, gradient: Weights, weights: Weights, rate: jax.Array
    ) -> tuple[Weights, OptimizerState]:
        optimizer: Any = self._optimizer
        place = {id(v): i for i, v in enumerate(optimizer.variables)}
        new_state, updated = self._with_rate(state, rate), {}
        count = place[id(optimizer.iterations)]
        length = step_length(optimizer, state[count], rate)
        new_state[count] = state[count] + 1
        for i, path in enumerate(self._paths):
            pair = place[id(optimizer._momentums[i])], place[id(optimizer._velocities[i])]
            updated[path], moments = adam_step(
                optimizer, length, gradient[path], weights[path], (state[pair[0]], state[pair[1]])
            )
            new_state[pair[0]], new_state[pair[1]] = moments
        return updated, tuple(new_state)

    def learning_rate(self, state: OptimizerState, rate: jax.Array) -> jax.Array:
        """The learning rate of the update made from `state`."""
        if not has_schedule(self._optimizer):
            return rate
        iterations = self._value(state, self._optimizer.iterations)
        return jnp.asarray(self._optimizer._learning_rate(iterations))

    def step_size(self, state: OptimizerState, rate: jax.Array) -> Callable[[str], jax.Array]:
        """How far a unit of lasting gradient moves each weight, after the update to `state`.

        SGD: η/(1 − momentum). RMSprop: that over √v + ε. Adam: η√(1 − β₂ᵗ)/(√v + ε).

        Raises:
            ModelError: (when asked) for an optimizer whose step is not known.
        """
        optimizer: Any = self._optimizer
        kind = type(optimizer)

        def size(path: str) -> jax.Array:
            i = self._paths.index(path)
            if kind is keras.optimizers.SGD:
                return rate / (1 - optimizer.momentum)
            if kind is keras.optimizers.RMSprop:
                v = self._value(state, optimizer._velocities[i])
                if optimizer.centered:
                    v = v - jnp.square(self._value(state, optimizer._average_gradients[i]))
                return rate / (1 - optimizer.momentum) / jnp.sqrt(v + optimizer.epsilon)
            if kind in (keras.optimizers.Adam, keras.optimizers.AdamW):
                moments = optimizer._velocity_hats if optimizer.amsgrad else optimizer._velocities
                steps = self._value(state, optimizer.iterations).astype(jnp.float32)
                correction = jnp.sqrt(1 - jnp.power(optimizer.beta_2, steps))
                v = self._value(state, moments[i])
                return rate * correction / (jnp.sqrt(v) + optimizer.epsilon)
            raise ModelError(
                f"The step of the optimizer {kind.__name__} is not known, and L1's proximal step "
                "is scaled by it. Use SGD, Adam, AdamW or RMSprop."
            )

        return size

    def _with_rate(self, state: OptimizerState, rate: jax.Array) -> list[jax.Array]:
        values = list(state)
        if self._rate_index is not None:
            values[self._rate_index] = rate
        return values

    def _value(self, state: OptimizerState, variable: keras.Variable) -> jax.Array:
        variables = self._optimizer.variables
        return state[next(i for i, v in enumerate(variables) if v is variable)]

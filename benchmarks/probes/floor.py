"""What this core does in a second, in a network's shapes, by XLA or NumPy, whichever is faster.

It keeps to one core; a process of it on each core shows what they do together.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from machine import pin
from peers.job import answer, asked_job

from justright.regularizers.random import random_words

# Rounds inside one call of a compiled loop: enough that the call itself costs nothing.
ROUNDS = 200
# 8 kB, well inside the nearest cache.
NEAR = 2048


def main() -> None:
    job = asked_job()
    pin(job["core"])  # Before XLA starts its threads.
    timed = partial(fastest, seconds=job["seconds"] / 2)
    kernels = [draw(n, m) for n, m in pairwise(job["layers"])]
    batch, rows = draw(job["batch"], job["layers"][0]), draw(job["evaluated"], job["layers"][0])
    # Two such arrays are as large as the weights, their gradients and Adam's moments.
    far = 2 * job["parameters"]
    answer(
        step=min(
            timed(xla_step(kernels, batch, lambda layer: layer)),
            timed(xla_step(kernels, batch, jax.lax.optimization_barrier)),
            timed(numpy_step(kernels, batch)),
        ),
        evaluation=min(
            timed(xla_evaluation(kernels, rows)), timed(numpy_evaluation(kernels, rows))
        ),
        bytes=3 * 4 * far / min(timed(xla_stream(far)), timed(numpy_stream(far))),
        roots=NEAR
        / min(timed(xla_roots(jnp.sqrt)), timed(xla_roots(estimated)), timed(numpy_roots())),
        words=job["words"] / min(timed(one) for one in random_bits(job["words"])),
    )


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32) / 16


def fastest(rounds: tuple[Callable[[], Any], int], seconds: float) -> float:
    """Seconds of one round in the fastest of the calls that fit into some seconds."""
    call, in_a_call = rounds
    call()
    best, end = float("inf"), time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        for _ in range(ROUNDS // in_a_call):
            call()
        best = min(best, time.perf_counter() - began)
    return best / (ROUNDS // in_a_call * in_a_call)


def looped(body: Callable[[jax.Array, Any], Any], start: Any) -> tuple[Callable[[], Any], int]:
    """A compiled loop of `body(round, state) → state`, as many rounds as `ROUNDS`."""
    run = jax.jit(lambda state: jax.lax.fori_loop(0, ROUNDS, body, state))
    return lambda: jax.block_until_ready(run(start)), ROUNDS


def xla_step(
    weights: list[np.ndarray], batch: np.ndarray, held: Callable[[jax.Array], jax.Array]
) -> tuple[Callable[[], Any], int]:
    """The products of a step, forward and backward, each round on other rows.

    `held` is what becomes of a transposed layer before its product: left to XLA, or laid out.
    """
    batches = jnp.stack([jnp.asarray(batch) + i for i in range(10)])

    def body(i: jax.Array, state: Any) -> Any:
        weights, _ = state
        layers = [batches[i % 10]]
        for kernel in weights:
            layers.append(layers[-1] @ kernel)
        delta, gradients = layers.pop(), []
        for kernel, below in zip(weights[::-1], layers[::-1], strict=True):
            gradients.insert(0, held(below.T) @ delta)
            delta = delta @ kernel.T if below is not layers[0] else delta
        return weights, gradients

    kernels = [jnp.asarray(kernel) for kernel in weights]
    return looped(body, (kernels, kernels))


def numpy_step(weights: list[np.ndarray], batch: np.ndarray) -> tuple[Callable[[], Any], int]:
    layers = [batch]
    for kernel in weights:
        layers.append(layers[-1] @ kernel)
    gradients = [np.empty_like(kernel) for kernel in weights]
    deltas = [np.empty_like(layer) for layer in layers]

    def call() -> None:
        for i, kernel in enumerate(weights):
            np.matmul(layers[i], kernel, out=layers[i + 1])
        for i in reversed(range(len(weights))):
            np.matmul(layers[i].T, layers[i + 1], out=gradients[i])
            if i:
                np.matmul(layers[i + 1], weights[i].T, out=deltas[i])

    return call, 1


def xla_evaluation(weights: list[np.ndarray], rows: np.ndarray) -> tuple[Callable[[], Any], int]:
    batches = jnp.stack([jnp.asarray(rows) + i for i in range(4)])

    def body(i: jax.Array, state: Any) -> Any:
        weights, _ = state
        outputs = batches[i % 4]
        for kernel in weights:
            outputs = outputs @ kernel
        return weights, outputs

    kernels = [jnp.asarray(kernel) for kernel in weights]
    return looped(body, (kernels, jnp.zeros((len(rows), kernels[-1].shape[1]))))


def numpy_evaluation(weights: list[np.ndarray], rows: np.ndarray) -> tuple[Callable[[], Any], int]:
    layers = [rows]
    for kernel in weights:
        layers.append(layers[-1] @ kernel)

    def call() -> None:
        for i, kernel in enumerate(weights):
            np.matmul(layers[i], kernel, out=layers[i + 1])

    return call, 1


def xla_stream(size: int) -> tuple[Callable[[], Any], int]:
    """Two arrays read and one written, each round."""

    def body(_: jax.Array, state: Any) -> Any:
        return state[0] + state[1], state[1]

    return looped(body, (jnp.zeros(size), jnp.ones(size)))


def numpy_stream(size: int) -> tuple[Callable[[], Any], int]:
    state, added = np.zeros(size, np.float32), np.ones(size, np.float32)
    return lambda: np.add(state, added, out=state), 1


def xla_roots(root: Callable[[jax.Array], jax.Array]) -> tuple[Callable[[], Any], int]:
    def body(_: jax.Array, state: Any) -> Any:
        return state[1] / (root(state[0]) + 1e-7), state[1]

    return looped(body, (jnp.ones(NEAR), jnp.full(NEAR, 0.5)))


def estimated(x: jax.Array) -> jax.Array:
    """The root as justright's Adam takes it."""
    return x * jax.lax.rsqrt(x)


def numpy_roots() -> tuple[Callable[[], Any], int]:
    state, above = np.ones(NEAR, np.float32), np.full(NEAR, 0.5, np.float32)

    def call() -> None:
        np.sqrt(state, out=state)
        np.divide(above, state, out=state)

    return call, 1


def random_bits(count: int) -> list[tuple[Callable[[], Any], int]]:
    """Ways to draw words: justright's own, JAX's, XLA's, and NumPy's fastest."""
    drawn = jnp.zeros(count, jnp.uint32)
    key = jax.random.key(0)
    state = jnp.zeros(4, jnp.uint32)
    numpy_bits = np.random.SFC64(0)

    def by_key(draw: Callable[[jax.Array], jax.Array]) -> tuple[Callable[[], Any], int]:
        keys = jax.random.split(key, ROUNDS)
        return looped(lambda i, words: words ^ draw(keys[i]), drawn)

    def by_xla(_: jax.Array, carry: Any) -> Any:
        state, words = carry
        state, more = jax.lax.rng_bit_generator(state, (count,), jnp.uint32)
        return state, words ^ more

    return [
        by_key(lambda key: random_words(key, count)),
        by_key(lambda key: jax.random.bits(key, (count,), jnp.uint32)),
        looped(by_xla, (state, drawn)),
        (lambda: numpy_bits.random_raw((count + 1) // 2), 1),
    ]


if __name__ == "__main__":
    main()

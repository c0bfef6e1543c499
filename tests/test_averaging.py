"""Which weights predict: averages against PyTorch's, Keras' and their definitions."""

import math
from dataclasses import replace
from functools import partial

import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.regularizers.places import Moment

PATH = np.random.default_rng(0).normal(size=(40, 3))  # The weights after each of 40 steps.
STEPS_PER_EPOCH = 4


def followed(technique, path=PATH, restarts=None):
    """What would predict after each step, beside a learning rate that restarts or does not."""
    state = technique.start({"w": jnp.full(3, 100.0)})
    predicting = []
    for i, w in enumerate(path):
        weights = {"w": jnp.asarray(w, jnp.float32)}
        moment = Moment(jnp.int32(i + 1), STEPS_PER_EPOCH)
        if restarts:
            moment = replace(moment, cycle_ends=partial(restarts.ends_cycle, moment))
        state = technique.after_step(state, weights, moment)
        predicting.append(np.asarray(technique.prediction_weights(state, weights)["w"]))
    return np.stack(predicting)


@settings(deadline=None, max_examples=10)
@given(st.floats(0, 0.9999))
def test_ema_is_the_weighted_mean_that_it_says(decay):
    decay = float(np.float32(decay))
    ours = followed(jr.EMA(decay), PATH[:8])
    for t in range(8):
        shares = decay ** np.arange(t, -1, -1.0)
        expected = shares @ PATH[: t + 1] / shares.sum()
        np.testing.assert_allclose(ours[t], expected, atol=2e-5)


@pytest.mark.parametrize("decay", [0.5, 0.9, 0.999])
def test_ema_is_pytorchs_once_their_start_is_forgotten(decay):
    """PyTorch starts from the first weights, so both agree in Σ βᵗ⁻ⁱ·wᵢ."""
    torch = pytest.importorskip("torch")
    averaging = torch.optim.swa_utils.get_ema_multi_avg_fn(decay)
    theirs = [torch.zeros(3, dtype=torch.float64)]
    for t, w in enumerate(PATH):
        averaging(theirs, [torch.tensor(w)], t)
    corrected = theirs[0].numpy() / (1 - decay ** len(PATH))
    np.testing.assert_allclose(followed(jr.EMA(decay))[-1], corrected, atol=2e-5)


@pytest.mark.parametrize("start", [0, 1, 6, 9])
def test_swa_is_the_mean_of_the_ends_of_epochs(start):
    ours = followed(jr.SWA(start))
    ends = PATH[STEPS_PER_EPOCH - 1 :: STEPS_PER_EPOCH]
    for epoch in range(1, 11):
        counted = ends[start:epoch] if epoch > start else ends[epoch - 1 : epoch]
        at_end = ours[epoch * STEPS_PER_EPOCH - 1]
        np.testing.assert_allclose(at_end, counted.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize(
    ("restarts", "ends"),
    [
        (jr.WarmRestarts(2, 1), [8, 16, 24, 32, 40]),
        (jr.WarmRestarts(1, 2), [4, 12, 28]),
        (jr.WarmRestarts(2, 1.5), [8, 20, 38]),
        (jr.WarmRestarts(math.inf, 2), [4, 8, 12, 16, 20, 24, 28, 32, 36, 40]),
    ],
)
@pytest.mark.parametrize("start", [0, 3])
def test_swa_is_the_mean_of_the_ends_of_cycles_where_the_rate_has_some(restarts, ends, start):
    """Izmailov et al., algorithm 1: the rate is lowest there. Before the first: the last epoch."""
    ours = followed(jr.SWA(start), restarts=restarts)
    for step in range(STEPS_PER_EPOCH, 41, STEPS_PER_EPOCH):
        counted = [PATH[e - 1] for e in ends if start * STEPS_PER_EPOCH < e <= step]
        expected = np.mean(counted or PATH[step - 1 : step], axis=0)
        np.testing.assert_allclose(ours[step - 1], expected, atol=1e-6)


def test_swa_is_pytorchs():
    torch = pytest.importorskip("torch")
    model = torch.nn.Linear(3, 1, bias=False).double()
    averaged = torch.optim.swa_utils.AveragedModel(model)
    for w in PATH[STEPS_PER_EPOCH - 1 :: STEPS_PER_EPOCH][4:]:
        with torch.no_grad():
            model.weight.copy_(torch.tensor(w))
        averaged.update_parameters(model)
    expected = averaged.module.weight.detach().numpy()[0]
    np.testing.assert_allclose(followed(jr.SWA(4))[-1], expected, atol=1e-6)


@pytest.mark.parametrize("recipe", [jr.EMA(0.9), jr.SWA(3)])
def test_curves_and_the_model_are_those_of_the_average(binary, held_out, small_net, recipe):
    study = jr.compare(
        small_net, binary, {"it": recipe, "plain": jr.Recipe()}, validation=held_out, seeds=1,
        epochs=6, initial_weights="model",
    )  # fmt: skip
    model = study.model("it")
    loss, _ = model.evaluate(*held_out, verbose=0)
    last = study.curves[study.curves["recipe"] == "it"].iloc[-1]
    assert last["val_loss"] == pytest.approx(loss, abs=1e-5)
    plain = study.model("plain").get_weights()
    assert any((a != b).any() for a, b in zip(model.get_weights(), plain, strict=True))

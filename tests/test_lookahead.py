"""Lookahead and warm restarts: against PyTorch, Keras and algorithms written out by hand."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from justright.regularizers.places import Moment

STEPS_PER_EPOCH = 4


def rates_of(technique, steps):
    """The learning rate of each step, from 0.1."""
    rate = jax.jit(
        jax.vmap(
            lambda technique, step: technique.learning_rate(
                jnp.float32(0.1), Moment(step, STEPS_PER_EPOCH)
            ),
            (None, 0),
        )
    )
    return np.asarray(rate(jax.tree.map(jnp.float32, technique), jnp.arange(steps)))


def ends_of(technique, steps):
    """Whether a cycle ends, after each of so many steps."""
    ends = jax.vmap(lambda step: technique.ends_cycle(Moment(step, STEPS_PER_EPOCH)))
    return np.asarray(ends(jnp.arange(1, steps + 1)))


@pytest.mark.parametrize(
    ("period", "multiplier"), [(1, 1), (3, 1), (2, 2), (1, 3), (10, 1), (7, 2)]
)
def test_warm_restarts_are_pytorchs(period, multiplier):
    torch = pytest.importorskip("torch")
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.1)
    schedule = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(
        optimizer, period * STEPS_PER_EPOCH, multiplier
    )
    expected, ends = [], []
    for _ in range(3000):
        expected.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
        ends.append(schedule.T_cur == 0)
    restarts = jr.WarmRestarts(period, multiplier)
    np.testing.assert_allclose(rates_of(restarts, 3000), expected, atol=1e-6)
    np.testing.assert_array_equal(ends_of(restarts, 3000), ends)


def test_warm_restarts_are_keras_where_cycles_grow_by_a_fraction():
    """Cycles of 8, 12, 18 and 27 steps."""
    theirs = keras.optimizers.schedules.CosineDecayRestarts(0.1, 8, t_mul=1.5, m_mul=1.0)
    ours = rates_of(jr.WarmRestarts(2, 1.5), 65)
    inside = [i for i in range(65) if i not in (8, 20, 38)]  # Keras rounds at the ends.
    expected = [float(theirs(i)) for i in inside]
    np.testing.assert_allclose(ours[inside], expected, atol=1e-6)
    np.testing.assert_allclose(ours[[0, 8, 20, 38]], 0.1, atol=1e-7)
    assert np.flatnonzero(ends_of(jr.WarmRestarts(2, 1.5), 65)).tolist() == [7, 19, 37, 64]


def test_an_endless_period_changes_no_bit():
    np.testing.assert_array_equal(rates_of(jr.WarmRestarts(float("inf"), 2), 50), np.float32(0.1))


def test_an_optimizer_with_a_schedule_of_its_own_takes_no_other(binary, small_net):
    decay = keras.optimizers.schedules.ExponentialDecay(0.1, 10, 0.9)
    with pytest.raises(jr.ModelError, match="WarmRestarts is another"):
        jr.compare(
            small_net, binary, {"it": jr.WarmRestarts(2, 1)}, validation=binary, seeds=1, epochs=1,
            optimizer=keras.optimizers.SGD(decay),
        )  # fmt: skip


@pytest.mark.parametrize(("k", "alpha"), [(4, 0.5), (3, 0.8), (7, 1.0)])
def test_lookahead_is_its_algorithm_around_pytorchs_momentum(k, alpha):
    """Logistic regression, 4 epochs of 5 batches, where the last pull is not at the end."""
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    X = rng.normal(size=(40, 3)).astype(np.float32)
    y = (X.sum(axis=1) > 0).astype(np.float32)
    keras.utils.set_random_seed(4)
    net = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(1, activation="sigmoid", name="out")]
    )
    study = jr.compare(
        net, (X, y.astype(int)), {"it": jr.Lookahead(k, alpha)}, validation=(X, y.astype(int)),
        seeds=1, epochs=4, batch_size=8, optimizer=keras.optimizers.SGD(0.3, momentum=0.9),
        shuffle=False, initial_weights="model",
    )  # fmt: skip
    fast = [torch.tensor(np.asarray(v), dtype=torch.float64) for v in net.get_weights()]
    slow = [w.clone() for w in fast]
    for w in fast:
        w.requires_grad_()
    optimizer = torch.optim.SGD(fast, lr=0.3, momentum=0.9)
    rows, targets = torch.tensor(X).double(), torch.tensor(y).double()
    for step in range(1, 21):
        batch = slice((step - 1) % 5 * 8, (step - 1) % 5 * 8 + 8)
        optimizer.zero_grad()
        p = torch.sigmoid(rows[batch] @ fast[0] + fast[1])[:, 0]
        torch.nn.functional.binary_cross_entropy(p, targets[batch]).backward()
        optimizer.step()
        if step % k == 0:
            with torch.no_grad():
                for s, w in zip(slow, fast, strict=True):
                    w.copy_(s.lerp_(w, alpha))
    for ours, theirs in zip(study.model("it").get_weights(), slow, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)
    expected = torch.sigmoid(rows @ slow[0] + slow[1])[:, 0]
    loss = torch.nn.functional.binary_cross_entropy(expected, targets).item()
    assert study.curves["val_loss"].iloc[-1] == pytest.approx(loss, abs=1e-5)

"""R-Drop: against the authors' loss in PyTorch, and the second pass that it asks for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.engine.forward import run
from justright.network.blueprint import Blueprint
from justright.network.network import Network
from justright.network.objective import infer_objective
from justright.network.probabilities import log_probabilities
from justright.regularizers.places import Batch, Forward

rng = np.random.default_rng(3)
LOGITS = rng.normal(size=(2, 12, 3)).astype(np.float32)
CLASSES = np.arange(12) % 3
KEY = jax.random.key(4)


def whole_loss(technique, kind, y, logits):
    """The loss of the first of two passes and what R-Drop adds, as the engine computes it."""
    objective = infer_objective(y, "linear", logits.shape[2:])
    batch = Batch(jnp.zeros((len(y), 1)), jnp.asarray(objective.encode(y, "y")), None)
    losses = [objective.loss_rows(batch.targets, one).mean() for one in logits]

    def forward(outputs, again=None):
        logs = log_probabilities(objective, outputs)
        return Forward({}, (), outputs, batch, (), None, lambda: logs, KEY, again)

    def again():
        return forward(logits[1]), losses[1] - losses[0]

    assert objective.kind == kind
    return losses[0] + technique.penalty(forward(logits[0], again))


def authors_loss(torch, kind, y, logits, alpha):
    """`compute_kl_loss` and the loss around it as the authors published them, in 64 bits."""
    functional = torch.nn.functional
    if kind == "categorical":
        losses = [functional.cross_entropy(one, torch.tensor(y)) for one in logits]
        pair = logits
    else:
        target = torch.tensor(y, dtype=torch.float64).reshape(-1, 1)
        losses = [functional.binary_cross_entropy_with_logits(one, target) for one in logits]
        pair = torch.cat([logits, torch.zeros_like(logits)], dim=-1)
    p, q = (functional.log_softmax(one, dim=-1) for one in pair)
    there = functional.kl_div(p, functional.softmax(pair[1], dim=-1), reduction="none").sum(-1)
    back = functional.kl_div(q, functional.softmax(pair[0], dim=-1), reduction="none").sum(-1)
    return 0.5 * (losses[0] + losses[1]) + alpha * ((there + back) / 2).mean()


@pytest.mark.parametrize(("kind", "outputs"), [("categorical", 3), ("binary", 1)])
def test_loss_and_gradient_are_those_of_the_authors_code(kind, outputs):
    torch = pytest.importorskip("torch")
    y = CLASSES if kind == "categorical" else (CLASSES > 0).astype(int)
    logits = LOGITS[..., :outputs]
    theirs = torch.tensor(logits, dtype=torch.float64, requires_grad=True)
    expected = authors_loss(torch, kind, y, theirs, 2.5)
    expected.backward()
    loss, gradient = jax.value_and_grad(lambda z: whole_loss(jr.RDrop(2.5), kind, y, z))(
        jnp.asarray(logits)
    )
    assert float(loss) == pytest.approx(expected.item(), rel=1e-5)
    np.testing.assert_allclose(gradient, theirs.grad.numpy(), atol=1e-6)


def test_numbers_part_by_their_squared_difference():
    y = rng.normal(size=12)
    one, other = (z[:, :1].astype(float) for z in LOGITS)
    target = y.reshape(-1, 1)
    expected = ((one - target) ** 2).mean() / 2 + ((other - target) ** 2).mean() / 2
    expected += 2.5 * ((one - other) ** 2).mean()
    loss = whole_loss(jr.RDrop(2.5), "regression", y, jnp.asarray(LOGITS[..., :1]))
    assert float(loss) == pytest.approx(expected, rel=1e-5)


def look_at(recipe, model=None, training=True):
    X = rng.normal(size=(12, 5)).astype(np.float32)
    blueprint = Blueprint.of(model or dense_net(outputs=3, activation="softmax"), (5,))
    network = Network(blueprint, recipe)
    weights, buffers = network.complete(blueprint.initial_values(0))
    objective = infer_objective(CLASSES, "softmax", (3,))
    batch = Batch(jnp.asarray(X), jnp.asarray(CLASSES), None)
    passed, look = run(
        network, objective, recipe, weights, buffers, batch, lambda _: KEY, training=training
    )
    return passed, look(jr.RDrop(1.0)), objective


@pytest.mark.parametrize("noise", [jr.Dropout(0.5), jr.DropConnect(0.5), jr.WeightNoise(0.5)])
def test_the_second_pass_draws_anew_and_says_by_how_much_its_loss_is_higher(noise):
    passed, forward, objective = look_at(noise + jr.RDrop(1.0))
    other, excess = forward.again()
    assert (other.outputs != passed.outputs).all(axis=1).any()
    one, two = (
        float(objective.loss_rows(jnp.asarray(CLASSES), p.outputs).mean()) for p in (passed, other)
    )
    assert float(excess) == pytest.approx(two - one, abs=1e-6)


def test_rows_mixed_inside_the_network_are_the_same_in_both_passes():
    passed, forward, _ = look_at(jr.ManifoldMixup(1.0) + jr.RDrop(1.0))
    np.testing.assert_array_equal(forward.again()[0].outputs, passed.outputs)


def test_a_model_that_drops_itself_draws_anew_too():
    from keras import Input, Sequential, layers

    model = Sequential([Input((5,)), layers.Dropout(0.5), layers.Dense(3, "softmax")])
    passed, forward, _ = look_at(jr.Recipe(jr.RDrop(1.0)), model)
    assert (forward.again()[0].outputs != passed.outputs).any()


def test_without_noise_there_is_nothing_to_compare():
    _, forward, _ = look_at(jr.Recipe(jr.RDrop(1.0)))
    with pytest.raises(jr.RecipeError, match=r"RDrop compares .* there is none"):
        forward.again()
    _, at_rest, _ = look_at(jr.Dropout(0.5) + jr.RDrop(1.0), training=False)
    assert float(jr.RDrop(1.0).penalty(at_rest)) == 0

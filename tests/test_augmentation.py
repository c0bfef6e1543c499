"""What changes the batch: mixed rows, smoothed targets, hidden features, moved images."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.regularizers.places import Batch

KEY = jax.random.key(5)
ROWS = np.random.default_rng(0).normal(size=(12, 4)).astype(np.float32)
CLASSES = np.arange(12) % 3


def batch_of(inputs, targets=CLASSES, classes=3):
    one_hot = jnp.eye(classes)[jnp.asarray(targets)]
    return Batch(jnp.asarray(inputs), one_hot, None, jnp.full(classes, 1 / classes))


def three_classes(activation=None):
    keras.utils.set_random_seed(1)
    return dense_net(features=4, outputs=3, activation=activation)


def trained(model, recipe, rows=(ROWS, CLASSES), **options):
    return jr.compare(
        model, rows, {"it": recipe}, validation=rows, seeds=1, epochs=4, batch_size=12,
        optimizer="sgd", shuffle=False, initial_weights="model", **options,
    )  # fmt: skip


def in_keras(model, loss, y, X=ROWS):
    twin = keras.models.clone_model(model)
    twin.set_weights(model.get_weights())
    twin.compile("sgd", loss)
    for _ in range(4):
        twin.train_on_batch(X, y)
    return twin


def assert_same_weights(study, twin):
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-6)


# Mixup


@pytest.mark.parametrize("alpha", [0.2, 1.0, 8.0])
def test_mixup_mixes_rows_and_targets_by_one_share(alpha):
    """Solve each mixed row for its partner and its share: one share, and a permutation."""
    inputs = np.eye(12, dtype=np.float32)
    ours = jr.Mixup(alpha).batch(batch_of(inputs), KEY)
    mixed = np.asarray(ours.inputs, float)
    share = max(1 - np.diag(mixed).min(), 0.0)
    partners = (mixed - (1 - share) * np.eye(12)) / share
    assert share <= 0.5
    np.testing.assert_allclose(partners.sum(axis=0), 1, atol=1e-4)
    np.testing.assert_allclose(np.sort(partners, axis=1)[:, -1], 1, atol=1e-4)
    expected = mixed @ np.eye(3)[CLASSES]
    np.testing.assert_allclose(ours.targets, expected, atol=1e-6)


def test_mixup_draws_its_share_from_the_folded_beta_distribution():
    keys = jax.random.split(KEY, 4000)
    inputs = jnp.concatenate([jnp.zeros((6, 1)), jnp.ones((6, 1))])
    means = jax.vmap(lambda k: jr.Mixup(1.0).batch(batch_of(inputs), k).inputs.max(axis=0)[0])(keys)
    # For α = 1 the share is uniform in [0, ½]; half of all rows have a partner of the other half.
    assert (np.asarray(means) >= 0.5).all()
    first = jax.vmap(lambda k: jr.Mixup(1.0).batch(batch_of(inputs), k).inputs[0, 0])(keys)
    moved = np.asarray(first, float)[np.asarray(first) > 0]
    assert len(moved) / 4000 == pytest.approx(6 / 12, abs=4.5 * 0.5 / np.sqrt(4000))
    assert moved.mean() == pytest.approx(0.25, abs=4.5 * 0.5 / np.sqrt(12 * len(moved)))


@pytest.mark.parametrize("activation", [None, "softmax"])
@pytest.mark.parametrize("neutral", [jr.Mixup(0.0), jr.LabelSmoothing(0.0)])
def test_labels_that_could_be_mixed_train_as_labels(activation, neutral):
    model = three_classes(activation)
    plain, soft = (trained(model, recipe) for recipe in (jr.Recipe(), neutral))
    for a, b in zip(plain.model("it").get_weights(), soft.model("it").get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert plain.curves["val_loss"].tolist() == soft.curves["val_loss"].tolist()


def test_mixup_mixes_numbers_as_numbers():
    targets = ROWS[:, :1]
    mixed = jr.Mixup(2.0).batch(Batch(jnp.asarray(ROWS), jnp.asarray(targets), None), KEY)
    np.testing.assert_allclose(mixed.targets[:, 0], mixed.inputs[:, 0], atol=1e-6)


# Label smoothing


@pytest.mark.parametrize("activation", [None, "softmax"])
def test_label_smoothing_is_that_of_keras_categorical_loss(activation):
    model = three_classes(activation)
    study = trained(model, jr.LabelSmoothing(0.2))
    loss = keras.losses.CategoricalCrossentropy(from_logits=activation is None, label_smoothing=0.2)
    assert_same_weights(study, in_keras(model, loss, np.eye(3)[CLASSES]))


def test_label_smoothing_is_pytorchs():
    torch = pytest.importorskip("torch")
    smoothed = jr.LabelSmoothing(0.2).batch(batch_of(ROWS), KEY).targets
    loss = keras.losses.categorical_crossentropy(smoothed, ROWS[:, :3], from_logits=True)
    theirs = torch.nn.CrossEntropyLoss(label_smoothing=0.2, reduction="none")
    expected = theirs(torch.tensor(ROWS[:, :3]), torch.tensor(CLASSES))
    np.testing.assert_allclose(loss, expected.numpy(), atol=1e-6)


@pytest.mark.parametrize("outputs", [1, 3], ids=["binary", "several labels a row"])
def test_label_smoothing_is_that_of_keras_binary_loss(outputs):
    keras.utils.set_random_seed(1)
    model = dense_net(features=4, outputs=outputs)
    y = CLASSES > 0 if outputs == 1 else np.eye(3)[CLASSES].astype(int)
    study = trained(model, jr.LabelSmoothing(0.2), (ROWS, y))
    loss = keras.losses.BinaryCrossentropy(label_smoothing=0.2)
    assert_same_weights(study, in_keras(model, loss, y.reshape(12, outputs)))


def test_label_smoothing_of_numbers_is_refused():
    with pytest.raises(jr.RecipeError, match="targets are numbers"):
        trained(dense_net(features=4, activation=None), jr.LabelSmoothing(0.1), (ROWS, ROWS[:, 0]))


@pytest.mark.parametrize(
    "loss",
    [
        keras.losses.sparse_categorical_crossentropy,
        keras.losses.SparseCategoricalCrossentropy(),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    ],
    ids=["a function", "probabilities", "logits"],
)
def test_keras_losses_for_labels_are_followed(loss):
    logits = getattr(loss, "from_logits", False)
    model = three_classes(None if logits else "softmax")
    study = trained(model, jr.LabelSmoothing(0.2), loss=loss)
    smoothed = keras.losses.CategoricalCrossentropy(from_logits=logits, label_smoothing=0.2)
    assert_same_weights(study, in_keras(model, smoothed, np.eye(3)[CLASSES]))


def test_a_loss_of_ones_own_for_labels_is_refused():
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=2)
    with pytest.raises(jr.ModelError, match="takes one label a row"):
        trained(three_classes("softmax"), jr.Mixup(0.2), loss=loss)

"""What changes the batch: mixed rows, smoothed targets, hidden features, moved images."""

import jax
import jax.numpy as jnp
import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net
from justright.network.objective import infer_objective
from justright.network.soft_targets import with_soft_targets
from justright.regularizers.cut_mix import box_of
from justright.regularizers.cutout import hidden
from justright.regularizers.places import Batch
from justright.regularizers.random_rotation import rotated
from justright.regularizers.random_shift import shifted

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
        np.testing.assert_allclose(a, b, atol=1e-6)
    np.testing.assert_allclose(plain.curves["val_loss"], soft.curves["val_loss"], atol=1e-6)


@pytest.mark.parametrize("activation", ["linear", "softmax"])
def test_the_loss_of_labels_and_of_one_hot_targets_is_the_same_to_the_bit(activation):
    objective = infer_objective(CLASSES, activation, (3,))
    batch = Batch(jnp.asarray(ROWS), jnp.asarray(objective.encode(CLASSES, "y")), None)
    soft, batch_of_soft = with_soft_targets(objective, batch)
    outputs = jax.nn.softmax(ROWS[:, :3]) if activation == "softmax" else jnp.asarray(ROWS[:, :3])

    @jax.jit
    def both(outputs):
        return (
            objective.loss_rows(batch.targets, outputs),
            soft.loss_rows(batch_of_soft.targets, outputs),
        )

    np.testing.assert_array_equal(*both(outputs))
    np.testing.assert_allclose(batch_of_soft.uniform, np.full(3, 1 / 3), rtol=1e-6)


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


# Masked features


def test_masked_features_take_the_value_of_another_row():
    rows = np.arange(400 * 30, dtype=np.float32).reshape(400, 30)
    batch = Batch(jnp.asarray(rows), jnp.zeros(400), None)
    after = np.asarray(jr.FeatureMasking(0.3).batch(batch, KEY).inputs)
    # Every value still stands in its own column, since columns hold different numbers.
    np.testing.assert_array_equal(after % 30, rows % 30)
    changed = (after != rows).mean()
    expected = 0.3 * (1 - 1 / 400)
    assert abs(changed - expected) < 4.5 * np.sqrt(expected * 0.7 / rows.size)
    sources = after[after != rows] // 30
    assert np.histogram(sources, bins=10, range=(0, 400))[0].min() > 0.8 * len(sources) / 10
    assert sources.max() == 399


def test_all_features_can_be_masked_of_any_shape():
    images = jnp.arange(2 * 3 * 4 * 1.0).reshape(2, 3, 4, 1)
    after = jr.FeatureMasking(1.0).batch(Batch(images, jnp.zeros(2), None), KEY).inputs
    assert after.shape == images.shape
    assert set(np.ravel(after)) <= set(np.ravel(images))


# CutMix


def box_by_the_authors(size, cut, center):
    """`rand_bbox` as Yun et al. publish it, its draws as arguments."""
    width, height = size
    rate = np.sqrt(cut)
    cut_w, cut_h = int(width * rate), int(height * rate)
    cx, cy = center
    x1, y1 = np.clip(cx - cut_w // 2, 0, width), np.clip(cy - cut_h // 2, 0, height)
    x2, y2 = np.clip(cx + cut_w // 2, 0, width), np.clip(cy + cut_h // 2, 0, height)
    return x1, y1, x2, y2


@pytest.mark.parametrize("cut", [0.0, 0.1, 0.33, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("center", [(0, 0), (4, 2), (8, 6)])
def test_the_box_is_the_authors(cut, center):
    at = jnp.array([(center[0] + 0.5) / 9, (center[1] + 0.5) / 7])
    ours = np.asarray(box_of(jnp.float32(cut), at, (9, 7)))
    x1, y1, x2, y2 = box_by_the_authors((9, 7), cut, center)
    theirs = np.zeros((9, 7), bool)
    theirs[x1:x2, y1:y2] = True
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("shape", "data_format"),
    [
        ((12, 20), "channels_last"),
        ((12, 20, 2), "channels_last"),
        ((12, 8, 9, 2), "channels_last"),
        ((12, 2, 8, 9), "channels_first"),
    ],
    ids=["table", "signals", "images", "channels first"],
)
def test_cut_mix_mixes_targets_by_the_share_of_the_part(shape, data_format):
    rows = np.broadcast_to(np.arange(12.0).reshape(12, *[1] * (len(shape) - 1)), shape)
    batch = Batch(jnp.asarray(rows), jnp.eye(12), None)
    shares = []
    for seed in range(30):
        mixed = jr.CutMix(1.0, data_format).batch(batch, jax.random.key(seed))
        inputs, targets = np.asarray(mixed.inputs), np.asarray(mixed.targets)
        for row in range(12):
            counted = np.bincount(inputs[row].astype(int).ravel(), minlength=12) / inputs[row].size
            np.testing.assert_allclose(targets[row], counted, atol=1e-6)
        shares.append(1 - targets.diagonal().min())
    assert 0.1 < np.mean(shares) < 0.6
    assert np.std(shares) > 0.1


# Images


IMAGES = np.random.default_rng(3).uniform(size=(30, 9, 7, 2)).astype(np.float32)


def changed(technique, images=IMAGES, key=KEY):
    batch = Batch(jnp.asarray(images), jnp.zeros(len(images)), None)
    return np.asarray(technique.batch(batch, key).inputs)


ON_IMAGES = [
    (jr.Cutout, 4),
    (jr.RandomFlip, 0.5),
    (jr.RandomShift, 0.2),
    (jr.RandomCrop, 2),
    (jr.RandomRotation, 0.1),
]


@pytest.mark.parametrize(("kind", "strength"), ON_IMAGES)
def test_channels_first_is_channels_last_turned(kind, strength):
    last = changed(kind(strength))
    first = changed(kind(strength, data_format="channels_first"), np.moveaxis(IMAGES, -1, 1))
    np.testing.assert_allclose(np.moveaxis(first, 1, -1), last, atol=1e-6)
    assert (last != IMAGES).any(axis=(1, 2, 3)).mean() > 0.3


@pytest.mark.parametrize(("kind", "strength"), ON_IMAGES)
def test_tables_are_refused(kind, strength):
    with pytest.raises(jr.RecipeError, match=rf"{kind.__name__} is for images"):
        changed(kind(strength), ROWS)


@pytest.mark.parametrize(("kind", "strength"), [*ON_IMAGES, (jr.CutMix, 1.0)])
def test_another_data_format_is_refused(kind, strength):
    with pytest.raises(jr.RecipeError, match="data_format='last'"):
        kind(strength, data_format="last")


def test_an_error_inside_a_program_is_the_users(binary, small_net):
    with pytest.raises(jr.RecipeError, match="is for images"):
        jr.compare(small_net, binary, {"it": jr.Cutout(3)}, validation=binary, seeds=1, epochs=1)


@pytest.mark.parametrize("size", [1, 2, 3, 4, 9, 40])
@pytest.mark.parametrize("center", [0, 3, 8])
def test_cutout_hides_what_the_authors_code_hides(size, center):
    ours = np.asarray(hidden(jnp.array([(center + 0.5) / 9]), size, 9))[0]
    # Theirs goes from center − size//2 to center + size//2, one pixel short if size is odd.
    start = center - size // 2
    expected = np.zeros(9, bool)
    expected[max(start, 0) : max(start + size, 0)] = True
    np.testing.assert_array_equal(ours, expected)


def test_cutout_hides_one_square_an_image_anywhere():
    images = np.ones((2000, 9, 7, 2), np.float32)
    after = changed(jr.Cutout(3), images) == 0
    assert (after[..., 0] == after[..., 1]).all()
    rows, columns = after[..., 0].any(axis=2), after[..., 0].any(axis=1)
    np.testing.assert_array_equal(after[..., 0], rows[:, :, None] & columns[:, None, :])
    assert set(rows.sum(axis=1)) == {2, 3}
    hits = rows.mean(axis=0)
    np.testing.assert_allclose(hits, np.array([2, *[3] * 7, 2]) / 9, atol=0.05)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
def test_flips_are_keras(mode):
    ours = changed(jr.RandomFlip(0.5, mode))
    flips = {"horizontal": [2], "vertical": [1], "horizontal_and_vertical": [1, 2]}[mode]
    options = [IMAGES]
    for axis in flips:
        options += [np.flip(one, axis) for one in options]
    which = [[(ours[i] == option[i]).all() for option in options] for i in range(len(IMAGES))]
    assert (np.sum(which, axis=1) == 1).all()
    assert np.mean(which, axis=0).min() > 0.1
    certain = changed(jr.RandomFlip(1.0, mode))
    keras_op = keras.ops.flip(IMAGES, axis=tuple(flips))
    np.testing.assert_array_equal(certain, keras_op)


def test_another_mode_is_refused():
    with pytest.raises(jr.RecipeError, match="mode='sideways'"):
        jr.RandomFlip(0.5, "sideways")


def in_keras_affine(matrix):
    return np.asarray(
        keras.ops.image.affine_transform(
            IMAGES, matrix, interpolation="bilinear", fill_mode="reflect"
        )
    )


def test_shifts_are_keras():
    rng = np.random.default_rng(1)
    down, right = rng.uniform(-4, 4, (2, 30)).astype(np.float32)
    ones, none = np.ones(30, np.float32), np.zeros(30, np.float32)
    matrix = np.stack([ones, none, -right, none, ones, -down, none, none], axis=1)
    ours = shifted(jnp.asarray(IMAGES), jnp.asarray(down), jnp.asarray(right))
    np.testing.assert_allclose(ours, in_keras_affine(matrix), atol=1e-4)


def test_rotations_are_keras():
    angle = np.random.default_rng(1).uniform(-3, 3, 30).astype(np.float32)
    cos, sin = np.cos(angle), np.sin(angle)
    (height, width), none = (np.array(IMAGES.shape[1:3]) - 1) / 2, np.zeros(30, np.float32)
    matrix = np.stack(
        [
            cos, -sin, width - cos * width + sin * height,
            sin, cos, height - sin * width - cos * height, none, none,
        ],
        axis=1,
    )  # fmt: skip
    ours = rotated(jnp.asarray(IMAGES), jnp.asarray(angle))
    np.testing.assert_allclose(ours, in_keras_affine(matrix.astype(np.float32)), atol=1e-4)


def test_a_quarter_turn_is_numpys():
    square = jnp.asarray(IMAGES[:, :7])
    ours = rotated(square, jnp.full(30, np.pi / 2))
    np.testing.assert_allclose(ours, np.rot90(square, axes=(1, 2)), atol=1e-5)


def test_crops_are_cut_from_the_padded_image_at_all_places_alike():
    padded = np.pad(IMAGES[:1], ((0, 0), (1, 1), (1, 1), (0, 0)))[0]
    cuts = {(i, j): padded[i : i + 9, j : j + 7] for i in range(3) for j in range(3)}
    after = changed(jr.RandomCrop(1), np.repeat(IMAGES[:1], 900, axis=0))
    counts = [(after == cut).all(axis=(1, 2, 3)).sum() for cut in cuts.values()]
    assert sum(counts) == 900
    assert abs(np.array(counts) - 100).max() < 4.5 * 10

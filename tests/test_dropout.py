"""Dropout: the mean is kept, 0 and prediction are the identity."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.regularizers.depth_shapes import shares
from justright.regularizers.dropout import LEVELS, drop, random_levels
from justright.regularizers.location import Site
from justright.regularizers.strength import strength_at

HIDDEN, INPUT = Site(1, "dense", "hidden"), Site(0, "input", "input")


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9])
def test_the_mean_is_kept(rate):
    count = 400_000
    dropped = np.asarray(drop(jnp.ones(count), rate, jax.random.key(3)), float)
    # A kept unit is 1/(1-rate): the variance of one unit is rate/(1-rate).
    error = np.sqrt(rate / (1 - rate) / count)
    assert abs(dropped.mean() - 1) <= 4.5 * error + 1e-6


@pytest.mark.parametrize("rate", [0.1, 0.25, 0.5, 0.8])
def test_the_share_of_zeros_is_the_rate_and_the_rest_is_scaled(rate):
    count = 400_000
    dropped = np.asarray(drop(jnp.ones(count), rate, jax.random.key(4)), float)
    error = np.sqrt(rate * (1 - rate) / count)
    assert abs((dropped == 0).mean() - rate) <= 4.5 * error + 1 / LEVELS
    np.testing.assert_allclose(dropped[dropped != 0], 1 / (1 - rate), rtol=1e-4)


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 2**31 - 1), st.sampled_from([1, 7, 40]))
def test_rate_zero_is_the_identity_to_the_bit(seed, units):
    x = jax.random.normal(jax.random.key(seed), (3, units))
    np.testing.assert_array_equal(drop(x, 0.0, jax.random.key(seed)), x)


def test_the_rate_is_traced():
    traces = []

    @jax.jit
    def dropped(rate):
        traces.append(1)
        return drop(jnp.ones((8, 8)), rate, jax.random.key(0))

    alone = [dropped(jnp.float32(r)) for r in (0.0, 0.3, 0.8)]
    assert len(traces) == 1
    side_by_side = jax.vmap(dropped)(jnp.float32([0.0, 0.3, 0.8]))
    np.testing.assert_array_equal(side_by_side, jnp.stack(alone))


def test_units_are_dropped_independently():
    levels = np.asarray(random_levels(jax.random.key(0), (2000, 50)), float) / LEVELS
    correlation = np.corrcoef(levels, rowvar=False) - np.eye(50)
    assert abs(correlation).max() < 6 / np.sqrt(2000)
    assert abs(levels.mean() - 0.5) < 6 * np.sqrt(1 / 12 / levels.size)


@pytest.mark.parametrize("shape", [(1,), (3, 5), (2, 3, 3, 7)])
def test_any_shape_works(shape):
    assert random_levels(jax.random.key(0), shape).shape == shape


def test_a_number_acts_on_hidden_layers_only():
    x = jnp.ones((4, 6))
    assert (jr.Dropout(0.9).activation(x, INPUT, jax.random.key(0)) == x).all()
    assert not (jr.Dropout(0.9).activation(x, HIDDEN, jax.random.key(0)) == x).all()


def test_a_mapping_reaches_the_input_and_layers_by_pattern():
    recipe = jr.Dropout({"input": 0.2, "dense_*": 0.3, "hidden": 0.5})
    named = Site(2, "dense_1", "hidden")
    rates = [recipe.keras_layer(site).rate for site in (INPUT, named, HIDDEN)]
    assert rates == [0.2, 0.3, 0.5]


def test_prediction_is_deterministic_and_uses_all_units(binary, held_out, small_net):
    study = jr.compare(
        small_net, binary, {"it": jr.Dropout(0.5)}, validation=held_out, seeds=1, epochs=2
    )
    model = study.model("it")
    once, twice = model(held_out[0]), model(held_out[0])
    np.testing.assert_array_equal(once, twice)
    bare = jr.strip_regularization(model)
    np.testing.assert_allclose(once, bare(held_out[0]), atol=1e-6)


# Widths of the published function for a largest of 1000 and 5, 8 and 2 hidden layers, in which
# steps are cut to whole numbers.
PUBLISHED = {
    "brick": [
        [1000, 1000, 1000, 1000, 1000],
        [1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000],
        [1000, 1000],
    ],
    "triangle": [
        [200, 400, 600, 800, 1000],
        [125, 250, 375, 500, 625, 750, 875, 1000],
        [500, 1000],
    ],
    "funnel": [[1000, 800, 600, 400, 200], [1000, 875, 750, 625, 500, 375, 250, 125], [1000, 500]],
    "long_funnel": [
        [1000, 1000, 1000, 1000, 500],
        [1000, 1000, 1000, 1000, 1000, 750, 500, 250],
        [1000, 1000],
    ],
    "diamond": [[333, 666, 1000, 667, 334], [250, 500, 750, 1000, 800, 600, 400, 200], [1000, 500]],
    "hexagon": [
        [500, 1000, 1000, 1000, 500],
        [333, 666, 1000, 1000, 1000, 1000, 667, 334],
        [1000, 1000],
    ],
    "stairs": [
        [1000, 600, 600, 200, 200],
        [1000, 1000, 750, 750, 500, 500, 250, 250],
        [1000, 1000],
    ],
}


@pytest.mark.parametrize("shape", PUBLISHED)
def test_shapes_over_depth_are_the_published_ones(shape):
    for widths in PUBLISHED[shape]:
        np.testing.assert_allclose(shares(shape, len(widths)), np.divide(widths, 1000), atol=0.01)


@pytest.mark.parametrize("hidden", range(1, 30))
@pytest.mark.parametrize("shape", PUBLISHED)
def test_a_shape_is_a_share_for_each_layer_and_reaches_one(shape, hidden):
    widths = shares(shape, hidden)
    assert len(widths) == hidden
    assert max(widths) == 1
    assert min(widths) > 0


def test_shaped_dropout_differs_by_layer_and_shares_its_program():
    layers = ["a", "hidden", "c[1]"]
    one, other = jr.Dropout.shaped("funnel", 0.6, layers), jr.Dropout.shaped("brick", 0.2, layers)
    for name, rate in zip(layers, (0.6, 0.4, 0.2), strict=True):
        site = Site(1, name, "hidden")
        assert strength_at(one.rate, site.layer, site.position, ()) == pytest.approx(rate)
    assert jax.tree.structure(one) == jax.tree.structure(other)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("funel", 0.5, ["a"]), "Did you mean funnel"),
        (("funnel", 0.5, []), "layers="),
        (("funnel", 0.5, "dense"), "layers="),
        (("funnel", 0.5, ["a", "a"]), "each named once"),
        (("funnel", 1.5, ["a"]), r"Dropout\(rate=1\.5\)"),
    ],
)
def test_a_shape_that_is_none_is_refused(arguments, message):
    with pytest.raises(jr.RecipeError, match=message):
        jr.Dropout.shaped(*arguments)

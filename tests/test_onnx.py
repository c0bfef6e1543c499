"""The ONNX model predicts what the Keras model does, in somebody else's runtime."""

import keras
import numpy as np
import pytest
from keras import layers, ops

import justright as jr

pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

from justright.exports.onnx_activations import ACTIVATIONS  # noqa: E402
from justright.exports.onnx_model import KNOWN, onnx_of  # noqa: E402


def outputs_of(made, X):
    content = made if isinstance(made, bytes) else made.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    assert [one.name for one in session.get_inputs()] == ["input"]
    return session.run(["output"], {"input": X})[0]


def shaken(model):
    """Weights that no initializer gives: statistics, scales and biases tell apart too."""
    rng = np.random.default_rng(1)
    for weight in model.weights:
        weight.assign(np.asarray(weight) + np.abs(rng.normal(0, 0.1, weight.shape)))
    return model


def chain(shape, *stack, **options):
    return keras.Sequential([keras.Input(shape, **options), *stack])


def branches():
    entry = keras.Input((6,))
    a, b = layers.Dense(4, "relu")(entry), layers.Dense(4, "elu")(entry)
    kinds = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum)
    joined = layers.Concatenate()([kind()([a, b]) for kind in (*kinds, layers.Minimum)])
    normalized = layers.Normalization(mean=[0.1] * 24, variance=[2.0] * 24)(joined)
    return keras.Model(entry, layers.Dense(2)(normalized))


def members_of_logits(outputs, log):
    entry = keras.Input((6,))
    nets = [chain((6,), layers.Dense(outputs), name=f"member_{i}") for i in range(3)]
    each = ops.stack([ops.cast(net(entry), "float32") for net in nets])
    return keras.Model(entry, log(each))


def of_operations():
    entry = keras.Input((4,))
    return keras.Model(entry, ops.sigmoid(ops.negative(layers.Dense(2)(entry))))


def log_mean(logs):
    return ops.logsumexp(logs, axis=0) - np.log(3)


def images(data_format, padding):
    last = data_format == "channels_last"
    first = layers.Conv2D(6, 3, 2, padding, data_format, activation="relu")
    pool = layers.MaxPooling2D(2, padding=padding, data_format=data_format)
    return chain(
        (9, 8, 3) if last else (3, 9, 8),
        first,
        *([pool] if last else []),  # Keras pools channels first on a GPU alone.
        layers.BatchNormalization(axis=-1 if last else 1),
        layers.ReLU(6.0),
        layers.Flatten(data_format=data_format),
        layers.Dense(2, "tanh"),
    )


NETWORKS = {
    "dense": lambda: chain(
        (5,),
        layers.Dropout(0.2),
        layers.Dense(8, use_bias=False),
        layers.BatchNormalization(),
        layers.Activation("gelu"),
        layers.GaussianNoise(0.1),
        layers.Dense(4, "silu"),
        layers.LayerNormalization(),
        layers.Dense(3, "softmax"),
    ),
    "several outputs": lambda: chain((5,), layers.Dense(8, "mish"), layers.Dense(4)),
    **{
        f"images, {f}, {p}": lambda f=f, p=p: images(f, p)
        for f in ("channels_last", "channels_first")
        for p in ("same", "valid")
    },
    "convolutions": lambda: chain(
        (9, 8, 4),
        layers.ZeroPadding2D(((1, 0), (2, 1))),
        layers.Conv2D(6, 3, dilation_rate=2, padding="same", groups=2),
        layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same", activation="softplus"),
        layers.SeparableConv2D(5, 2, depth_multiplier=3),
        layers.AveragePooling2D(2, padding="same"),
        layers.SpatialDropout2D(0.2),
        layers.GlobalAveragePooling2D(keepdims=True),
        layers.Flatten(),
        layers.Dense(1, "sigmoid"),
    ),
    "signals": lambda: chain(
        (9, 4),
        layers.Conv1D(6, 3, padding="causal", dilation_rate=2),
        layers.PReLU(),
        layers.LSTM(3, return_sequences=True),
        layers.Bidirectional(layers.GRU(3, reset_after=False, return_sequences=True)),
        layers.GRU(4, return_sequences=True),
        layers.SimpleRNN(3, activation="relu", return_sequences=True),
        layers.Bidirectional(layers.LSTM(2)),
        layers.Dense(1),
    ),
    "more signals": lambda: chain(
        (11, 4),
        layers.ZeroPadding1D(1),
        layers.SpatialDropout1D(0.2),
        layers.DepthwiseConv1D(2, depth_multiplier=2),
        layers.MaxPooling1D(2),
        layers.SeparableConv1D(5, 2, padding="same"),
        layers.AveragePooling1D(2),
        layers.GlobalAveragePooling1D(),
        layers.AlphaDropout(0.1),
        layers.GaussianDropout(0.1),
        layers.ActivityRegularization(0.1),
        layers.Identity(),
        layers.Dense(2),
    ),
    "volumes": lambda: chain(
        (6, 5, 7, 2),
        layers.ZeroPadding3D(1),
        layers.Conv3D(3, 2, strides=2, padding="same"),
        layers.SpatialDropout3D(0.2),
        layers.MaxPooling3D(2, strides=1),
        layers.AveragePooling3D(2, strides=1, padding="same"),
        layers.GlobalAveragePooling3D(),
        layers.Dense(2),
    ),
    "augmented": lambda: chain(
        (6, 6, 2),
        layers.RandomFlip(),
        layers.RandomRotation(0.1),
        layers.RandomTranslation(0.1, 0.1),
        layers.GlobalMaxPooling2D(),
        layers.Dense(2),
    ),
    "most of a volume": lambda: chain((3, 3, 3, 2), layers.GlobalMaxPooling3D(), layers.Dense(2)),
    "most of a signal": lambda: chain((5, 3), layers.GlobalMaxPooling1D(), layers.Dense(2)),
    "operations": of_operations,
    "shapes": lambda: chain(
        (9, 4),
        layers.Permute((2, 1)),
        layers.Reshape((36,)),
        layers.Rescaling(0.5, 1.0),
        layers.Dense(3, "hard_sigmoid"),
        layers.LeakyReLU(0.1),
        layers.ELU(),
        layers.Softmax(),
    ),
    "branches": branches,
    "members, many classes": lambda: members_of_logits(
        3, lambda each: log_mean(ops.log_softmax(each))
    ),
    "members, two classes": lambda: members_of_logits(
        1, lambda each: log_mean(ops.log_sigmoid(each)) - log_mean(ops.log_sigmoid(-each))
    ),
}


@pytest.mark.parametrize("build", NETWORKS.values(), ids=NETWORKS.keys())
def test_every_layer_computes_what_keras_does(build):
    keras.utils.set_random_seed(0)
    model = shaken(build())
    X = np.random.default_rng(0).normal(size=(7, *model.input_shape[1:])).astype(np.float32)
    found = outputs_of(onnx_of(model), X)
    np.testing.assert_allclose(found, model.predict(X, verbose=0), atol=1e-5)


def operations_of(model):
    """Its layers and operations; a Sequential model has them in the functional one behind it."""
    return getattr(model, "operations", None) or [*model.layers, *model._functional.operations]


def test_every_layer_that_is_written_is_in_one_of_these_networks():
    seen = {type(one).__name__ for build in NETWORKS.values() for one in operations_of(build())}
    inside = {"Embedding", "Cast"}  # A test of their own, and the networks of members.
    assert set(KNOWN) <= seen | inside


@pytest.mark.parametrize("name", sorted(ACTIVATIONS))
def test_every_activation_computes_what_keras_does(name):
    model = chain((5,), layers.Activation(name))
    X = 4 * np.random.default_rng(0).normal(size=(50, 5)).astype(np.float32)
    found = outputs_of(onnx_of(model), X)
    np.testing.assert_allclose(found, model.predict(X, verbose=0), rtol=1e-5, atol=1e-5)


def test_token_numbers_go_in_as_whole_numbers():
    model = chain((6,), layers.Embedding(5, 3), layers.GlobalMaxPooling1D(), dtype="int32")
    X = np.random.default_rng(0).integers(0, 5, (7, 6)).astype(np.int32)
    np.testing.assert_allclose(outputs_of(onnx_of(model), X), model.predict(X, verbose=0))


def test_the_models_own_weights_stay_as_they_are():
    model = chain((5,), layers.Dense(4), layers.BatchNormalization())
    before = [w.copy() for w in model.get_weights()]
    names = [layer.name for layer in model.layers]
    onnx_of(model)
    assert [layer.name for layer in model.layers] == names
    for a, b in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(a, b)


REFUSED = {
    "a layer": (chain, (layers.UpSampling1D(2),), "UpSampling1D"),
    "an activation": (chain, (layers.Activation(ops.sin),), "activation sin"),
    "16 bits": (chain, (layers.Dense(2, dtype="mixed_bfloat16"),), "bfloat16"),
    "a backward reader": (chain, (layers.LSTM(2, go_backwards=True),), "Bidirectional"),
}


@pytest.mark.parametrize(("build", "stack", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_written_is_named(build, stack, said):
    with pytest.raises(jr.ModelError, match=said):
        onnx_of(build((4, 3), *stack))


def test_a_study_saves_its_models(binary, held_out, small_net, tmp_path):
    recipes = {
        "it": jr.Dropout(0.3) + jr.L2(1e-3) + jr.BatchNorm(),
        "members": jr.WarmRestarts(2, 1) + jr.SnapshotEnsemble(2),
    }
    study = jr.compare(small_net, binary, recipes, validation=held_out, seeds=1, epochs=4)
    for name in recipes:
        model = study.model(name)
        path = study.save_model(tmp_path / f"{name}.onnx", name)
        found = outputs_of(path.read_bytes(), held_out[0])
        np.testing.assert_allclose(found, model.predict(held_out[0], verbose=0), atol=1e-5)
    path = study.save_model(str(tmp_path / "it.keras"), "it")
    np.testing.assert_array_equal(
        keras.models.load_model(path).get_weights()[0], study.model("it").get_weights()[0]
    )
    with pytest.raises(jr.DataError, match=r"one of \.keras, \.onnx"):
        study.save_model(tmp_path / "it.h5", "it")
    with pytest.raises(jr.DataError, match="no folder"):
        study.save_model(tmp_path / "nowhere" / "it.keras", "it")

"""What structural techniques build: against models written by hand in Keras, PyTorch and NumPy."""

import keras
import numpy as np
import pytest

import justright as jr
from conftest import dense_net


def study_of(recipe, rows, model=None, **options):
    given = {"seeds": 2, "epochs": 3, "batch_size": 16} | options
    return jr.compare(model or dense_net(), rows, {"it": recipe}, validation=rows, **given)


def test_layer_norm_predicts_what_pytorch_computes_from_the_same_weights(binary):
    torch = pytest.importorskip("torch")
    study = study_of(jr.LayerNorm(epsilon=0.01), binary)
    model = study.model("it", seed=1)
    kinds = [type(layer).__name__ for layer in model.layers]
    assert kinds == ["Dense", "LayerNormalization", "Activation"] * 2 + ["Dense"]
    w = [torch.tensor(np.asarray(v), dtype=torch.float64) for v in model.get_weights()]
    x = torch.tensor(binary[0], dtype=torch.float64)
    for kernel, bias, scale, shift in (w[:4], w[4:8]):
        x = x @ kernel + bias
        x = torch.relu(torch.nn.functional.layer_norm(x, x.shape[1:], scale, shift, eps=0.01))
    expected = torch.sigmoid(x @ w[8] + w[9]).numpy()
    np.testing.assert_allclose(model.predict(binary[0], verbose=0), expected, atol=1e-5)
    loss = keras.losses.binary_crossentropy(binary[1][:, None], expected.astype("float32"))
    last = study.curves[study.curves["seed"] == 1].iloc[-1]
    assert last["val_loss"] == pytest.approx(float(np.mean(loss)), abs=1e-5)


@pytest.mark.parametrize("wrong", [0, -1, float("nan"), True, "small", float("inf")])
def test_a_layer_norm_out_of_range_is_refused(wrong):
    with pytest.raises(jr.RecipeError, match="epsilon is a number above 0"):
        jr.LayerNorm(epsilon=wrong)

"""compare(): the study's table and curves, pairing, notes, and what a model brings itself."""

import keras
import numpy as np
import pandas as pd
import pytest

import justright as jr
from conftest import dense_net

TABLE = [
    "recipe", "seed", "split", "epochs_run", "best_epoch", "outcome", "train_loss", "val_loss",
    "test_loss", "train_metric", "val_metric", "test_metric", "loss_gap", "gap",
]  # fmt: skip
CURVES = [
    "recipe", "seed", "split", "epoch", "train_loss", "val_loss", "train_metric", "val_metric",
    "penalty",
]  # fmt: skip


@pytest.fixture
def study(binary, held_out, small_net):
    return jr.compare(
        small_net,
        binary,
        {"plain": jr.Recipe(), "both": jr.Dropout(0.4) + jr.L2(0.01), "one": jr.Dropout(0.1)},
        validation=held_out,
        test=held_out,
        seeds=[3, 5],
        epochs=4,
        batch_size=16,
    )


def test_the_table_is_tidy(study):
    table = study.table
    assert list(table.columns) == [*TABLE, "Dropout.rate", "L2.strength"]
    assert len(table) == 6
    assert table["seed"].tolist() == [3, 5] * 3
    assert table["Dropout.rate"].tolist()[2:] == [0.4, 0.4, 0.1, 0.1]
    assert table["Dropout.rate"].isna().tolist() == [True, True] + [False] * 4
    assert (table["outcome"] == "finished").all()


def test_the_gap_is_positive_where_training_rows_do_better(study):
    table = study.table
    np.testing.assert_allclose(table["gap"], table["train_metric"] - table["val_metric"])
    np.testing.assert_allclose(table["loss_gap"], table["val_loss"] - table["train_loss"])


def test_the_gap_of_an_error_is_positive_where_training_rows_do_better(binary):
    X, y = binary
    study = jr.compare(
        None, (X, y + 0.1 * X[:, 0]), {"it": jr.Recipe()}, seeds=2, epochs=3, metric="mse"
    )
    table = study.table
    np.testing.assert_allclose(table["gap"], table["val_metric"] - table["train_metric"])
    assert study.metric.name == "mean_squared_error"


def test_the_curves_are_long_form_and_end_in_the_table(study):
    curves = study.curves
    assert list(curves.columns) == CURVES
    assert len(curves) == 6 * 4
    assert curves.groupby(["recipe", "seed"])["epoch"].apply(list).tolist() == [[1, 2, 3, 4]] * 6
    last = curves[curves["epoch"] == 4].reset_index(drop=True)
    for column in ("train_loss", "val_loss", "train_metric", "val_metric"):
        np.testing.assert_array_equal(last[column], study.table[column])
    plain = curves[curves["recipe"] == "plain"]
    assert (plain["penalty"] == 0).all()


def test_recipes_start_from_the_same_weights_and_see_the_same_batches(binary, small_net):
    study = jr.compare(
        small_net,
        binary,
        {"plain": jr.Recipe(), "zero": jr.L2(0.0)},
        validation=binary,
        seeds=3,
        epochs=1,
    )
    losses = study.table.pivot(index="seed", columns="recipe", values="train_loss")
    np.testing.assert_allclose(losses["plain"], losses["zero"], rtol=1e-5)
    assert losses["plain"].nunique() == 3


def test_initial_weights_of_the_model_are_used(binary, small_net):
    frozen = keras.optimizers.SGD(0.0)
    study = jr.compare(
        small_net, binary, {"it": jr.Recipe()}, validation=binary, seeds=2, epochs=1,
        optimizer=frozen, initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), small_net.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_rows_are_held_out_where_no_parts_are_given(binary):
    study = jr.compare(None, binary, {"it": jr.Recipe()}, test=0.25, seeds=1, epochs=1)
    rows = study.task.rows
    parts = [set(np.asarray(part[0])) for part in (rows.train, rows.validation, rows.test)]
    assert [len(p) for p in parts] == [45, 15, 20]
    assert len(set.union(*parts)) == 80
    assert "20 of the training rows were held out for test." in study.notes
    assert "15 of the training rows were held out for validation." in study.notes


def test_a_study_without_test_rows_has_no_test_figures(binary):
    study = jr.compare(None, binary, {"it": jr.Recipe(), "b": jr.L2(0.1)}, seeds=2, epochs=1)
    assert study.table["test_metric"].isna().all()
    assert study.verdict("it", "b").column == "val_metric"


def test_labels_of_any_kind_are_classes(binary):
    X, y = binary
    text = np.array(["benign", "malignant"])[y]
    options = {"validation": 0.25, "seeds": 1, "epochs": 2}
    a = jr.compare(None, (X, y), {"it": jr.Recipe()}, **options)
    b = jr.compare(None, (pd.DataFrame(X), pd.Series(text)), {"it": jr.Recipe()}, **options)
    np.testing.assert_array_equal(a.curves["train_loss"], b.curves["train_loss"])
    assert b.task.objective.classes.tolist() == ["benign", "malignant"]


def own_model():
    regularized = dense_net(kernel_regularizer="l2", bias_constraint="max_norm")
    layers = regularized.layers
    return keras.Sequential(
        [keras.Input((5,)), layers[0], keras.layers.Dropout(0.5, name="own"), *layers[1:]]
    )


def test_a_models_own_regularization_stays_on_and_is_said(binary):
    study = jr.compare(
        own_model(), binary, {"plain": jr.Recipe()}, validation=binary, seeds=2, epochs=2
    )
    note = next(n for n in study.notes if "of its own" in n)
    for text in ("Dropout(0.5) at own", "kernel_regularizer of hidden_0", "strip_regularization"):
        assert text in note
    assert (study.curves["penalty"] > 0).all()
    kinds = [type(layer).__name__ for layer in study.model("plain").layers]
    assert kinds.count("Dropout") == 1


def test_own_dropout_draws_for_each_seed_and_is_off_in_the_curves(binary):
    keras.utils.set_random_seed(4)
    model = keras.Sequential(
        [keras.Input((5,)), keras.layers.Dropout(0.9), keras.layers.Dense(1, activation="sigmoid")]
    )
    study = jr.compare(
        model, binary, {"it": jr.Recipe()}, validation=binary, seeds=3, epochs=2,
        initial_weights="model", shuffle=False,
    )  # fmt: skip
    assert study.table["train_loss"].nunique() == 3
    np.testing.assert_array_equal(study.table["train_loss"], study.table["val_loss"])


def test_own_penalties_are_keras_penalties(binary):
    """The recipe adds to what the model brings: own 0.01 + recipe 0.02 = 0.03."""
    keras.utils.set_random_seed(4)
    own, bare = dense_net(kernel_regularizer=keras.regularizers.L2(0.01)), dense_net()
    bare.set_weights(own.get_weights())
    options = {
        "validation": binary, "seeds": 1, "epochs": 3, "shuffle": False,
        "initial_weights": "model", "optimizer": "sgd",
    }  # fmt: skip
    a = jr.compare(own, binary, {"it": jr.L2({"hidden": 0.02})}, **options)
    b = jr.compare(bare, binary, {"it": jr.L2({"hidden": 0.03})}, **options)
    np.testing.assert_allclose(a.curves["train_loss"], b.curves["train_loss"], rtol=1e-5)
    np.testing.assert_allclose(a.curves["penalty"], b.curves["penalty"], rtol=1e-5)
    exported = a.model("it").layers[0].kernel_regularizer
    assert float(exported.l2) == pytest.approx(0.03)


def test_activity_regularizers_of_the_model_count(binary):
    keras.utils.set_random_seed(4)
    with_activity = dense_net(activity_regularizer=keras.regularizers.L2(0.01))
    twin = keras.models.clone_model(with_activity)
    twin.set_weights(with_activity.get_weights())
    twin.compile("sgd", "binary_crossentropy")
    for start in range(0, 80, 16):
        twin.train_on_batch(*(a[start : start + 16] for a in binary))
    study = jr.compare(
        with_activity, binary, {"it": jr.Recipe()}, validation=binary, seeds=1, epochs=1,
        batch_size=16, optimizer="sgd", shuffle=False, initial_weights="model",
    )  # fmt: skip
    for a, b in zip(study.model("it").get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_an_optimizers_own_decay_is_said(binary):
    study = jr.compare(None, binary, {"it": jr.Recipe()}, seeds=1, epochs=1, optimizer="adamw")
    assert any("weight decay of its own (0.004)" in note for note in study.notes)


def test_stripping_keeps_weights_and_predictions(binary):
    model = own_model()
    bare = jr.strip_regularization(model)
    np.testing.assert_allclose(bare(binary[0]), model(binary[0]), atol=1e-6)
    assert not bare.losses
    kinds = [type(layer).__name__ for layer in bare.layers]
    assert "Dropout" not in kinds
    study = jr.compare(bare, binary, {"it": jr.Recipe()}, validation=binary, seeds=1, epochs=1)
    assert not any("of its own" in note for note in study.notes)


def test_stripping_wants_a_built_model():
    with pytest.raises(jr.ModelError, match="not built"):
        jr.strip_regularization(keras.Sequential([keras.layers.Dense(1)]))


def test_frozen_layers_stay_as_they_are(binary, small_net):
    small_net.layers[0].trainable = False
    study = jr.compare(
        small_net, binary, {"it": jr.L2(0.5)}, validation=binary, seeds=2, epochs=2,
        initial_weights="model",
    )  # fmt: skip
    trained = study.model("it").get_weights()
    np.testing.assert_array_equal(trained[0], small_net.get_weights()[0])
    assert not np.array_equal(trained[2], small_net.get_weights()[2])


def test_whole_numbers_are_classes_where_they_are_few():
    X = np.random.default_rng(0).normal(size=(60, 3))
    for y, classes in (
        (np.arange(60) % 3, 3),
        (np.arange(60) * 17 % 59, None),  # A price: many different whole numbers.
        ((np.arange(60) % 3).astype(float), None),
    ):
        study = jr.compare(None, (X, y), {"it": jr.Recipe()}, seeds=1, epochs=1)
        assert (None if study.classes is None else len(study.classes)) == classes
        words = "numbers" if classes is None else "3 classes"
        assert any(note.startswith(f"Target: {words}.") for note in study.notes)


def test_one_hot_targets_are_classes_whatever_the_last_activation(binary):
    X, y = binary
    one_hot = np.eye(3)[(y + np.arange(80) % 2)]
    for activation in ("softmax", None):
        model = dense_net(outputs=3, activation=activation)
        study = jr.compare(model, (X, one_hot), {"it": jr.Recipe()}, seeds=1, epochs=1)
        assert study.task.objective.loss_name == "categorical_crossentropy"
        assert study.metric.name == "accuracy"


def test_a_loss_object_for_one_hot_targets_takes_labels_too(binary):
    X, y = binary
    labels = y + np.arange(80) % 2
    keras.utils.set_random_seed(1)
    model = dense_net(outputs=3, activation="softmax")
    options = {"validation": 0.25, "seeds": 1, "epochs": 2, "initial_weights": "model"}
    given = jr.compare(
        model, (X, labels), {"it": jr.Recipe()},
        loss=keras.losses.CategoricalCrossentropy(), **options,
    )  # fmt: skip
    chosen = jr.compare(model, (X, labels), {"it": jr.Recipe()}, **options)
    np.testing.assert_allclose(given.curves["train_loss"], chosen.curves["train_loss"], rtol=1e-5)
    with pytest.raises(jr.ModelError, match="takes one label a row"):
        jr.compare(
            model, (X, np.eye(3)[labels]), {"it": jr.Recipe()},
            loss="sparse_categorical_crossentropy",
        )  # fmt: skip


def test_stripping_keeps_what_the_model_was_compiled_with(binary):
    model = own_model()
    model.compile(keras.optimizers.AdamW(0.02, weight_decay=0.3), keras.losses.MeanAbsoluteError())
    bare = jr.strip_regularization(model)
    assert float(bare.optimizer.learning_rate) == pytest.approx(0.02)
    assert bare.optimizer.weight_decay == 0
    study = jr.compare(bare, binary, {"it": jr.Recipe()}, seeds=1, epochs=1)
    assert study.task.objective.loss_name == "mean_absolute_error"


def test_a_perfect_accuracy_is_exactly_one():
    X = np.repeat(np.eye(3), 11, axis=0)
    y = np.repeat(np.arange(3), 11)
    study = jr.compare(
        None, (X, y), {"it": jr.Recipe()}, validation=(X[1::2], y[1::2]), seeds=1, epochs=60,
        optimizer=keras.optimizers.Adam(0.05),
    )  # fmt: skip
    assert study.table["train_metric"].tolist() == [1.0]
    assert study.table["gap"].tolist() == [0.0]


def test_a_study_is_shown_in_a_line(study):
    assert repr(study) == "<Study of 6 trainings: plain, both, one>"
    assert "80 rows to train on" in repr(jr.example())

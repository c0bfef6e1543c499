"""Bad input is refused by justright itself: the message names what was given and the mend."""

import os
import random
import subprocess
import sys
from contextlib import contextmanager

import keras
import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn.linear_model import LogisticRegression

import justright as jr
from conftest import dense_net

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 5)).astype(np.float32)
Y = (X.sum(axis=1) > 0).astype(int)
THREE = np.arange(40) % 3
NAMES = np.array(["ill", "maybe", "well"])
X.setflags(write=False)
Y.setflags(write=False)

PLAIN = {"plain": jr.Recipe()}
NAN, INFINITY = float("nan"), float("inf")
Dense = keras.layers.Dense


def compare(model=None, train=(X, Y), recipes=None, **options):
    usual = {"seeds": 1, "epochs": 1, "batch_size": 8, "progress": False}
    recipes = PLAIN if recipes is None else recipes
    return jr.compare(model, train, recipes, **(usual | options))


@contextmanager
def refused(error, *words):
    """The block raises `error`, one of justright's own, and its message has all the words."""
    with pytest.raises(error) as caught:
        yield
    assert type(caught.value).__module__ == "justright.errors"
    assert [word for word in words if word not in str(caught.value)] == [], str(caught.value)


def case(name, make, *words):
    return pytest.param(make, words, id=name)


def with_cell(value, dtype=np.float64):
    """X with `value` in row 3, column 2."""
    changed = X.astype(dtype)
    changed[3, 2] = value
    return changed


def with_target(value, y=Y):
    """Targets with `value` in row 3."""
    changed = np.asarray(y).astype(object)
    changed[3] = value
    return changed


# Rows and targets


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        case("NaN", with_cell(NAN), "NaN", "row 3, column 2", "SimpleImputer"),
        case("None", with_cell(None, object), "NaN", "row 3, column 2"),
        case("infinity", with_cell(INFINITY), "infinity", "row 3, column 2"),
        case("text", with_cell("red", object), "'red'", "row 3, column 2", "OneHotEncoder"),
        case("complex", X.astype(complex), "complex"),
        case("dates", np.full(X.shape, np.datetime64("2020-01-01")), "datetime"),
        case("1-D", X[:, 0], "(40,)", "reshape(-1, 1)"),
        case("no rows", X[:0], "empty", "(0, 5)"),
        case("no columns", X[:, :0], "empty", "(40, 0)"),
        case("an empty list", [], "(0,)"),
        case("too large", with_cell(1e39), "32-bit", "StandardScaler"),
        case("a huge integer", with_cell(10**400, object), "row 3, column 2"),
        case("ragged", [[1.0, 2.0], [3.0]] * 20, "differ in length"),
        case("nothing", None, "X of train"),
        case("a dict", {"age": 1}, "a dict of 1 array", "DataFrame"),
        case("two inputs", {"a": X[:, :2], "b": X[:, 2:]}, "a dict of 2 arrays", "one input"),
        case("a list of two", [X[:, :2], X[:, 2:]], "a list of 2 arrays", "column_stack"),
        case("a sparse matrix", sparse.csr_matrix(X), "toarray"),
    ],
)
def test_rows_that_cannot_be_trained_on_are_refused(rows, words):
    with refused(jr.DataError, "X of train", *words):
        compare(train=(rows, Y))


MISSING = ("misses 1 of 40 values", "row 3")


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        case("one class", np.ones(40, int), "one class only (1)", "Check y"),
        case("one label", ["ill"] * 40, "one class only (ill)"),
        case("two outputs", [Y, np.c_[Y, Y]], "a list of 2 arrays", "one output"),
        case("NaN", np.where(np.arange(40) == 3, NAN, Y), "NaN", "row 3"),
        case("infinity", np.where(np.arange(40) == 3, INFINITY, Y), "infinity", "row 3"),
        case("None", with_target(None), *MISSING),
        case("NaN among objects", with_target(NAN), *MISSING),
        case("pandas.NA", with_target(pd.NA), *MISSING),
        case("pandas.NaT", with_target(pd.NaT), *MISSING),
        case("a missing label", with_target(NAN, NAMES[Y]), *MISSING),
        case("a missing string", pd.Series(with_target(pd.NA, NAMES[Y]), dtype="string"), *MISSING),
        case("a missing category", pd.Series(with_target(None, NAMES[Y])).astype("category"), "3"),
        case("too few", Y[:-1], "40 rows", "has 39", "same selection"),
        case("a single number", 1, "40 rows", "has 1"),
        case("text and numbers", with_target("ill"), "mixes text and numbers", "y.astype(str)"),
        case("a huge integer", with_target(10**400), "y of train"),
        case("complex", Y.astype(complex), "complex128"),
        case("dates", np.full(40, np.datetime64("2020-01-01")), "datetime64"),
        case("ragged", [[1], [1, 2]] * 20, "differ in length"),
        case("text in two columns", np.stack([NAMES[Y], NAMES[1 - Y]], 1), "y of train"),
    ],
)
def test_targets_that_cannot_be_trained_on_are_refused(targets, words):
    with refused(jr.DataError, *words):
        compare(train=(X, targets))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        case("validation, lengths", {"validation": (X, Y[:-1])}, "X of validation", "has 39"),
        case("test, lengths", {"test": (X, Y[:-1])}, "X of test", "has 39"),
        case("validation, NaN", {"validation": (with_cell(NAN), Y)}, "X of validation", "NaN"),
        case("test, NaN in y", {"test": (X, with_target(None))}, "y of test misses"),
        case("validation, no rows", {"validation": (X[:0], Y[:0])}, "X of validation is empty"),
        case("validation, columns", {"validation": (X[:, :4], Y)}, "(5,)", "(4,)", "validation"),
        case("validation, unseen", {"validation": (X, Y + 1)}, "y of validation", ": 2", "class"),
        case("test, unseen", {"test": (X, Y + 1)}, "y of test", ": 2"),
        case("validation, text", {"validation": (X, NAMES[Y])}, "int64", "<U5", "validation"),
        case("validation, one array", {"validation": X}, "validation is a pair (X, y)"),
        case("validation, text alone", {"validation": "0.25"}, "no file '0.25'"),
        *[
            case(f"{name}={share}", {name: share}, f"{name}=", "between 0 and 1")
            for name in ("validation", "test")
            for share in (0, 1, -1, 1.5, 5, NAN, INFINITY)
        ],
        case("validation=True", {"validation": True}, "between 0 and 1"),
        case("validation, too few", {"validation": 0.001}, "0 held out", "another fraction"),
        case("test, too many", {"test": 0.999}, "0 to train on", "another fraction"),
    ],
)
def test_parts_that_cannot_select_or_judge_are_refused(options, words):
    with refused(jr.DataError, *words):
        compare(**options)


@pytest.mark.parametrize("train", [None, X, (X,)], ids=["None", "X", "(X,)"])
def test_train_is_a_pair(train):
    with refused(jr.DataError, "train is a pair (X, y)"):
        compare(train=train)


def test_text_in_place_of_rows_is_a_path():
    with refused(jr.DataError, "There is no file 'train.csv'"):
        compare(train="train.csv")


def test_validation_text_labels_unseen_in_training_are_named():
    with refused(jr.DataError, "y of validation", "well"):
        compare(train=(X, NAMES[Y]), validation=(X, NAMES[2 * Y]))


# Regularizers and recipes


@pytest.mark.parametrize(
    ("make", "words"),
    [
        case("30 for 0.3", lambda: jr.Dropout(30), "rate=30", "[0, 1)", "Did you mean 0.3?"),
        case("rate 1", lambda: jr.Dropout(1), "rate=1", "[0, 1)"),
        case("rate below 0", lambda: jr.Dropout(-0.3), "rate=-0.3", "[0, 1)"),
        case("30 on a layer", lambda: jr.Dropout({"hidden": 30}), "rate=30", "Did you mean 0.3?"),
        case("negative L1", lambda: jr.L1(-0.01), "L1(strength=-0.01)", "[0, inf)"),
        case("negative L2", lambda: jr.L2(-0.01), "L2(strength=-0.01)", "[0, inf)"),
        case("negative decay", lambda: jr.WeightDecay(-1), "WeightDecay(strength=-1)"),
        case("negative elastic net", lambda: jr.ElasticNet(0.1, -1), "ElasticNet(l2=-1)"),
        case("NaN", lambda: jr.Dropout(NAN), "rate=nan", "[0, 1)"),
        case("infinity", lambda: jr.L1(INFINITY), "strength=inf", "[0, inf)"),
        case("an integer beyond floats", lambda: jr.L2(10**400), "L2(strength=", "[0, inf)"),
        case("a bool", lambda: jr.Dropout(True), "rate=True", "mapping"),
        case("text", lambda: jr.Dropout("0.3"), "rate='0.3'", "mapping"),
        case("None", lambda: jr.L2(None), "strength=None"),
        case("a list", lambda: jr.Dropout([0.1]), "rate=[0.1]"),
        case("an array", lambda: jr.Dropout(np.array([0.1])), "array([0.1])"),
        case("a complex number", lambda: jr.Dropout(1j), "rate=1j"),
        case("an empty mapping", lambda: jr.Dropout({}), "Dropout.rate", "empty mapping", "hidden"),
        case("a mapping for all", lambda: jr.Mixup({"hidden": 0.2}), "Mixup(alpha=", "[0, inf)."),
        case("nested mappings", lambda: jr.Dropout({"hidden": {"a": 0.1}}), "{'a': 0.1}"),
        case("patience 0", lambda: jr.EarlyStopping(patience=0), "patience=0", "at least 1"),
        case("patience 2.5", lambda: jr.EarlyStopping(patience=2.5), "patience=2.5", "whole"),
        case("patience by layer", lambda: jr.EarlyStopping({"hidden": 2}), "patience", "whole"),
        case(
            "unknown monitor",
            lambda: jr.EarlyStopping(5, monitor="val_acc"),
            "'val_acc'",
            "'val_loss' or 'val_metric'",
        ),
        case("negative delta", lambda: jr.EarlyStopping(5, min_delta=-1), "min_delta=-1"),
        case("text for delta", lambda: jr.EarlyStopping(5, min_delta="a"), "min_delta='a'"),
        case("negative start", lambda: jr.EarlyStopping(5, start_from_epoch=-1), "start_from"),
        case("half a start", lambda: jr.EarlyStopping(5, start_from_epoch=2.5), "start_from"),
        case("momentum 1", lambda: jr.BatchNorm(momentum=1), "momentum=1", "[0, 1)"),
        case("text for momentum", lambda: jr.BatchNorm(momentum="high"), "momentum='high'"),
        case("epsilon 0", lambda: jr.BatchNorm(epsilon=0), "epsilon=0", "(0, inf)"),
        case("no epsilon", lambda: jr.BatchNorm(epsilon=None), "epsilon=None"),
        case("twice", lambda: jr.Dropout(0.1) + jr.Dropout(0.2), "Dropout came twice", "mapping"),
        case("twice, apart", lambda: jr.L2(0.1) + jr.L1(0.1) + jr.L2(0.1), "L2 came twice"),
        case("a class", lambda: jr.Recipe(jr.Dropout), "Write Dropout(…)"),
        case("a class added", lambda: jr.Dropout(0.1) + jr.L2, "Write L2(…)"),
        case("a number", lambda: jr.Recipe(0.4), "0.4", "none"),
        case("text", lambda: jr.Recipe("dropout"), "'dropout'", "none"),
    ],
)
def test_regularizers_that_make_no_sense_are_refused_when_written(make, words):
    with refused(jr.RecipeError, *words):
        make()


@pytest.mark.parametrize(
    ("recipes", "words"),
    [
        case("empty", {}, "recipes is empty", "Recipe()"),
        case("a list", [jr.Recipe()], "mapping", "list"),
        case("a regularizer", jr.Dropout(0.2), "mapping", "Dropout"),
        case("a number in it", {"it": 0.4}, "'it'", "0.4", "Dropout(0.4)"),
        case("None in it", {"it": None}, "'it'", "None"),
        case("a class in it", {"it": jr.Dropout}, "'it'", "Dropout"),
        case("one name twice", {1: jr.Recipe(), "1": jr.L2(0.1)}, "'1'"),
        case("no such layer", {"it": jr.Dropout({"hiden_0": 0.2})}, "'hiden_0'", "hidden_0"),
        case("a pattern of no layer", {"it": jr.L2({"conv*": 0.1})}, "'conv*'", "hidden_0"),
    ],
)
def test_recipes_that_cannot_be_compared_are_refused(recipes, words):
    with refused(jr.RecipeError, *words):
        compare(dense_net(), recipes=recipes)


@pytest.mark.parametrize(
    "recipe",
    [
        jr.Dropout(0.2),
        jr.BatchNorm(),
        jr.L2({"hidden": 0.1}),
        jr.L2({"input": 0.1}),
        jr.DropConnect(0.2),
        jr.ActivityL2(0.1),
        jr.DropBlock(0.1),
    ],
    ids=repr,
)
def test_a_regularizer_that_finds_nowhere_to_act_is_refused(recipe):
    single = keras.Sequential([keras.Input((5,)), Dense(1, activation="sigmoid")])
    with refused(jr.RecipeError, type(recipe).__name__):
        compare(single, recipes={"it": recipe})


# Networks


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.layer = Dense(1)

    def call(self, x):
        return self.layer(x)


class Unwritten(keras.layers.Layer):
    """A layer whose configuration does not say how to make it again."""

    def __init__(self, units, twice):
        super().__init__()
        self.layer = Dense(units * twice)

    def call(self, x):
        return self.layer(x)

    def get_config(self):
        return {"name": self.name}


def two_inputs():
    a, b = keras.Input((5,)), keras.Input((5,))
    return keras.Model([a, b], Dense(1)(keras.layers.Concatenate()([a, b])), name="two")


def two_outputs():
    a = keras.Input((5,))
    return keras.Model(a, [Dense(1)(a), Dense(1)(a)], name="two")


def stack(*layers, shape=(5,)):
    return keras.Sequential([keras.Input(shape), *layers], name="stack")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        case("subclassed", Subclassed, "Subclassed", "keras.Sequential", "cannot be seen"),
        case("scikit-learn", LogisticRegression, "LogisticRegression", "not a Keras model"),
        case("a class", lambda: keras.Sequential, "Sequential is a class", "made from it"),
        case("another class", lambda: LogisticRegression, "not a Keras model"),
        case("text", lambda: "mlp", "str", "not a Keras model", "None for the default"),
        case("two inputs", two_inputs, "'two'", "2 inputs", "Concatenate"),
        case("two outputs", two_outputs, "'two'", "2 outputs"),
        case("other features", lambda: dense_net(features=4), "(4", "(5", "Change"),
        case("images", lambda: stack(Dense(1), shape=(5, 5, 1)), "(5, 5, 1)", "(5", "reshape"),
        case("needs images", lambda: keras.Sequential([keras.layers.Conv2D(2, 3)]), "(5,)"),
        case("a layer of its own", lambda: stack(Unwritten(3, 1), Dense(1)), "get_config"),
        case("no weights", lambda: stack(keras.layers.ReLU()), "'stack'", "Add a Dense layer"),
        case("no layers", lambda: keras.Sequential(name="bare"), "'bare'", "Add a Dense layer"),
    ],
)
def test_networks_that_cannot_be_read_are_refused(make, words):
    with refused(jr.ModelError, *words):
        compare(make())


ONE_UNIT = ("one output", "3 classes", "Dense(3, activation='softmax')")
UNITS = "Dense(3, activation='softmax')"


@pytest.mark.parametrize(
    ("outputs", "activation", "targets", "words"),
    [
        pytest.param(1, "sigmoid", THREE, ONE_UNIT, id="1 sigmoid for 3 classes"),
        pytest.param(1, "sigmoid", NAMES[THREE], ONE_UNIT, id="1 sigmoid for 3 labels"),
        pytest.param(1, None, NAMES[THREE], ONE_UNIT, id="1 logit for 3 labels"),
        pytest.param(2, "softmax", THREE, ("2 outputs", "3 classes", UNITS), id="2 for 3"),
        pytest.param(2, None, THREE, ("2 outputs", "3 classes", UNITS), id="2 logits for 3"),
        pytest.param(2, "sigmoid", THREE, ("2", "3 classes", UNITS), id="2 sigmoids for 3"),
        pytest.param(2, "sigmoid", Y, ("(2,)", "(1,)"), id="2 sigmoids for 2 classes"),
        pytest.param(
            1,
            "softmax",
            Y,
            ("softmax over one unit", "always 1", "Dense(1, activation='sigmoid')"),
            id="softmax over 1 unit",
        ),
        pytest.param(1, "softmax", THREE, ("softmax over one unit", UNITS), id="softmax, 3"),
        pytest.param(3, "softmax", np.eye(4)[THREE], ("(3,)", "(4,)"), id="3 for 4 one-hot"),
        pytest.param(3, "sigmoid", np.eye(4)[THREE], (", 3)", ", 4)"), id="3 for 4 labels a row"),
        pytest.param(2, None, X[:, 0], (", 2)", "last layer"), id="2 for 1 number"),
        pytest.param(1, None, X[:, :2], (", 1)", ", 2)"), id="1 for 2 numbers"),
    ],
)
def test_outputs_that_do_not_fit_the_targets_are_refused(outputs, activation, targets, words):
    with refused((jr.ModelError, jr.DataError), *words):
        compare(dense_net(outputs=outputs, activation=activation), train=(X, targets))


def test_a_network_with_two_outputs_is_not_said_to_have_one():
    with pytest.raises(jr.ModelError) as caught:
        compare(dense_net(outputs=2, activation="sigmoid"), train=(X, THREE))
    assert "one output" not in str(caught.value)


def test_a_sigmoid_is_not_called_a_softmax():
    with pytest.raises(jr.ModelError) as caught:
        compare(dense_net(), train=(X, NAMES[THREE]))
    assert "is a softmax" not in str(caught.value)


# Settings


@pytest.mark.parametrize(
    ("options", "words"),
    [
        case("a batch larger than the data", {"batch_size": 31}, "batch_size=31", "at most 30"),
        case("batch_size 0", {"batch_size": 0}, "batch_size=0", "at least 1"),
        case("batch_size 2.5", {"batch_size": 2.5}, "batch_size=2.5", "whole"),
        case("batch_size as text", {"batch_size": "8"}, "batch_size='8'", "whole"),
        case("epochs 0", {"epochs": 0}, "epochs=0", "at least 1"),
        case("epochs -1", {"epochs": -1}, "epochs=-1", "at least 1"),
        case("epochs 2.5", {"epochs": 2.5}, "epochs=2.5", "whole"),
        case("epochs True", {"epochs": True}, "epochs=True", "whole"),
        case("epochs beyond counting", {"epochs": 2**40}, f"epochs={2**40}"),
        case("no seeds", {"seeds": 0}, "seeds=0", "at least one"),
        case("fewer than no seeds", {"seeds": -1}, "seeds=-1", "at least one"),
        case("an empty list of seeds", {"seeds": []}, "seeds=[]", "distinct"),
        case("a negative seed", {"seeds": [0, -1]}, "seeds=[0, -1]", "at least 0"),
        case("a seed twice", {"seeds": [1, 2, 1]}, "seeds=[1, 2, 1]", "distinct"),
        case("half a count of seeds", {"seeds": 2.5}, "seeds=2.5", "whole"),
        case("half a seed", {"seeds": [1.5]}, "seeds=[1.5]", "whole"),
        case("an infinite seed", {"seeds": [INFINITY]}, "seeds=[inf]", "whole"),
        case("seeds as text", {"seeds": "ab"}, "seeds='ab'", "whole"),
        case("a count of seeds as text", {"seeds": "12"}, "seeds='12'", "whole"),
        case("seeds None", {"seeds": None}, "seeds=None", "whole"),
        case("seeds True", {"seeds": True}, "seeds=True", "whole"),
        case("unknown metric", {"metric": "acuracy"}, "'acuracy'", "Did you mean accuracy?"),
        case("a number as metric", {"metric": 3}, "metric=3", "accuracy"),
        case(
            "a metric object",
            {"metric": keras.metrics.BinaryAccuracy()},
            "metric=",
            "mean_absolute_error",
        ),
        case(
            "accuracy of numbers",
            {"train": (X, X[:, 0]), "metric": "accuracy"},
            "'accuracy'",
            "needs classes",
            "mean_absolute_error",
        ),
        case(
            "distances between classes",
            {"train": (X, THREE), "metric": "mean_absolute_error"},
            "mean_absolute_error",
            "accuracy",
        ),
    ],
)
def test_settings_that_make_no_sense_are_refused(options, words):
    with refused(jr.DataError, *words):
        compare(**options)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        case("unknown optimizer", {"optimizer": "adm"}, "'adm'", "Did you mean adam?", "Keras"),
        case("a class", {"optimizer": keras.optimizers.Adam}, "neither a name", "Adam(1e-3)"),
        case("a learning rate", {"optimizer": 0.1}, "optimizer=0.1", "neither a name"),
        case(
            "a function as learning rate",
            {"optimizer": keras.optimizers.SGD(lambda: 0.1)},
            "SGD is a plain function",
            "Give a number, or a schedule",
        ),
        case("unknown loss", {"loss": "mean_sqared_error"}, "'mean_sqared_error'", "Keras knows"),
        case("unknown crossentropy", {"loss": "foo_crossentropy"}, "'foo_crossentropy'"),
        case("a number as loss", {"loss": 3}, "loss=3", "mean_squared_error"),
        case("a list of losses", {"loss": ["mse"]}, "loss=['mse']"),
        case("unknown start", {"initial_weights": "foo"}, "'foo'", "'model'", "None"),
        case(
            "the weights of an unbuilt model",
            {
                "model": keras.Sequential([Dense(3), Dense(1, activation="sigmoid")]),
                "initial_weights": "model",
            },
            "not built",
            "Input layer",
        ),
        *[
            case(
                f"L1 under {name}",
                {"model": dense_net(), "optimizer": optimizer, "recipes": {"it": recipe}},
                name,
                "Use SGD, Adam, AdamW or RMSprop",
            )
            for name, optimizer, recipe in (
                ("Lion", keras.optimizers.Lion(), jr.L1(0.01)),
                ("Adagrad", "adagrad", jr.L1(0.01)),
                ("Lion", "lion", jr.ElasticNet(0.01, 0.01)),
            )
        ],
    ],
)
def test_ways_of_training_that_are_not_known_are_refused(options, words):
    with refused(jr.ModelError, *words):
        compare(**options)


def test_a_loss_for_numbers_refuses_labels_that_are_text():
    with refused(jr.DataError, "text", "mean_squared_error"):
        compare(dense_net(), train=(X, NAMES[Y]), loss="mse")


def test_a_crossentropy_that_keras_knows_is_the_one_that_is_used():
    notes = compare(dense_net(), loss="binary_focal_crossentropy").notes
    assert "Loss: binary focal crossentropy" in " ".join(notes)


def test_an_unknown_example_is_refused_with_the_nearest_name():
    with refused(jr.DataError, "'brest_cancer'", "Did you mean breast_cancer?"):
        jr.example("brest_cancer")


# What was given is left as it was


@pytest.mark.parametrize(
    "options",
    [
        {"train": (X, THREE)},
        {"epochs": 0},
        {"recipes": {"it": jr.Dropout({"no_such": 0.1})}},
        {"recipes": {"it": jr.L1(0.1)}, "optimizer": "lion"},
    ],
    ids=["targets", "epochs", "layer", "optimizer"],
)
def test_a_refusal_leaves_the_model_as_it_was(options):
    model = dense_net()
    model.compile("sgd", "binary_crossentropy")
    optimizer, config, weights = model.optimizer, model.get_config(), model.get_weights()
    with pytest.raises(jr.JustrightError):
        compare(model, **options)
    assert model.optimizer is optimizer
    assert optimizer.built is False
    assert model.get_config() == config
    for now, before in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(now, before)


def test_a_refusal_leaves_an_unbuilt_model_unbuilt():
    model = keras.Sequential([Dense(3), Dense(2, activation="softmax")])
    with pytest.raises(jr.ModelError):
        compare(model, train=(X, THREE))
    assert not model.built


def test_a_refusal_leaves_rows_targets_and_recipes_as_they_were():
    rows, targets, recipes = with_cell(NAN), with_target(None), {"it": jr.Dropout(0.1)}
    kept = rows.copy(), targets.copy(), dict(recipes)
    with pytest.raises(jr.DataError):
        compare(train=(rows, targets), recipes=recipes)
    np.testing.assert_array_equal(rows, kept[0])
    assert list(targets) == list(kept[1])
    assert recipes == kept[2]


def test_a_refusal_leaves_the_callers_random_numbers_as_they_were():
    model = dense_net()
    before = random.getstate(), np.random.get_state()[1].tolist()
    with pytest.raises(jr.ModelError):
        compare(model, train=(X, THREE))
    assert (random.getstate(), np.random.get_state()[1].tolist()) == before


# The machinery


def in_python(code, **variables):
    return subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


SAY_WHY = """
import justright as jr
try:
    jr.compare
except jr.BackendError as error:
    print(error)
"""


def test_keras_imported_on_another_backend_is_named_with_the_mend():
    done = in_python(f"import keras\n{SAY_WHY}", KERAS_BACKEND="numpy")
    assert "already imported on the numpy backend" in done.stdout, done.stderr
    assert "KERAS_BACKEND=jax" in done.stdout


def test_another_backend_in_the_environment_is_named_with_the_mend():
    done = in_python(SAY_WHY, KERAS_BACKEND="numpy")
    assert "KERAS_BACKEND is 'numpy'" in done.stdout, done.stderr
    assert "Set KERAS_BACKEND=jax, or unset it" in done.stdout


# What looks unusual and is taken all the same


def curves(train, **options):
    return compare(dense_net(), train, **options).curves


@pytest.fixture(scope="module")
def usual_curves():
    return curves((X, Y))


@pytest.mark.parametrize(
    ("rows", "targets"),
    [
        pytest.param(
            pd.DataFrame(X, columns=list("abcde"), index=np.arange(40)[::-1]),
            pd.Series(NAMES[2 * Y], index=np.arange(40) + 7),
            id="DataFrame and Series of labels",
        ),
        pytest.param(X, pd.Series(NAMES[2 * Y]).astype("category"), id="categories"),
        pytest.param(X, NAMES[2 * Y].astype(object), id="labels as objects"),
        pytest.param(X, Y.reshape(-1, 1), id="targets in a column"),
        pytest.param(X, pd.DataFrame({"target": Y}), id="targets in a DataFrame"),
        pytest.param(X, Y.astype(bool), id="boolean targets"),
        pytest.param(X, Y.astype(np.uint8), id="small integers"),
        pytest.param(X, 3 * Y - 1, id="classes that are not 0 and 1"),
        pytest.param(X.astype(np.float64), Y, id="float64"),
        pytest.param(X.astype(object), Y, id="numbers as objects"),
        pytest.param(X.tolist(), Y.tolist(), id="lists"),
        pytest.param(np.asfortranarray(X), Y[::-1][::-1], id="other strides"),
    ],
)
def test_the_form_of_the_data_does_not_change_the_training(usual_curves, rows, targets):
    pd.testing.assert_frame_equal(curves((rows, targets)), usual_curves)


@pytest.mark.parametrize("share", [np.float64(0.25), np.float32(0.25)], ids=["float64", "float32"])
def test_a_fraction_may_be_a_numpy_number(usual_curves, share):
    pd.testing.assert_frame_equal(curves((X, Y), validation=share), usual_curves)


def test_whole_numbers_may_be_numpy_numbers(usual_curves):
    options = {"seeds": np.int64(1), "epochs": np.int32(1), "batch_size": np.int64(8)}
    pd.testing.assert_frame_equal(curves((X, Y), **options), usual_curves)


@pytest.mark.parametrize("value", [0, 7], ids=["zeros", "sevens"])
def test_a_constant_column_trains(value):
    constant = X.copy()
    constant[:, 2] = value
    table = compare(dense_net(), (constant, Y)).table
    assert list(table["outcome"]) == ["finished"]
    assert np.isfinite(table["val_loss"]).all()


def test_patience_beyond_all_epochs_never_stops(usual_curves):
    patient = curves((X, Y), recipes={"plain": jr.EarlyStopping(patience=10**12)})
    pd.testing.assert_frame_equal(patient, usual_curves)


def test_numpy_and_whole_strengths_are_numbers():
    assert jr.Dropout(np.float32(0.5)) == jr.Dropout(0.5)
    assert jr.L2(np.int64(1)) == jr.L2(1)
    assert jr.EarlyStopping(np.int64(3)) == jr.EarlyStopping(3.0)

"""Recipes as text: what is written is what is read, and all faults are told at once."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import justright as jr
from justright.regularizers import TECHNIQUES
from justright.regularizers.schedule import SCHEDULES
from justright.regularizers.text import parse_recipe

NOT_NEGATIVE = st.floats(0, allow_infinity=False)
STRENGTHS = {
    "dropout": [st.floats(0, 1, exclude_max=True)],
    "l1": [NOT_NEGATIVE],
    "l2": [NOT_NEGATIVE],
    "elastic_net": [NOT_NEGATIVE, NOT_NEGATIVE],
    "weight_decay": [NOT_NEGATIVE],
    "batch_norm": [],
    "early_stopping": [st.integers(1, 10**6)],
}
KINDS = {kind.key(): kind for kind in TECHNIQUES}

# Text that is nearly a recipe finds more than text that is nothing like one.
PIECES = [
    "=",
    ":",
    ",",
    " ",
    "-",
    "_",
    "plain",
    ":inference=gaussian",
    ":members=3",
    "0.4",
    "1e-3",
    "1e400",
    "nan",
    "inf",
    "٣",
    "[x]",
    "/",
    "+",
]
NEARLY = st.lists(st.sampled_from([*PIECES, *KINDS])).map("".join)


# Names that Keras gives layers, patterns of them, and positions.
PLACES = st.sampled_from(["input", "hidden", "output"]) | st.from_regex(
    r"[a-zA-Z_][a-zA-Z0-9_*?.-]{0,9}", fullmatch=True
).filter(lambda name: name not in SCHEDULES and not name.lower().startswith(("inf", "nan")))


@st.composite
def written_strengths(draw, key, numbers):
    """A number, or a mapping where there may be one, and a way to write it."""
    if key == "early_stopping" or draw(st.booleans()):
        value = draw(numbers)
        return value, repr(value)
    value = draw(st.dictionaries(PLACES, numbers, min_size=1, max_size=3))
    plus = draw(st.sampled_from(["+", " + "]))
    return value, plus.join(f"{where}/{number!r}" for where, number in value.items())


@st.composite
def written_recipes(draw):
    """A recipe, and a way to write it."""
    techniques, parts = [], []
    for key in draw(st.lists(st.sampled_from(sorted(STRENGTHS)), unique=True)):
        written = [draw(written_strengths(key, numbers)) for numbers in STRENGTHS[key]]
        techniques.append(KINDS[key](*(value for value, _ in written)))
        name = draw(st.sampled_from([key, key.upper(), key.replace("_", "-"), f" {key} "]))
        parts.append(name + "=" * bool(written) + ":".join(text for _, text in written))
    return jr.Recipe(*techniques), draw(st.sampled_from([",", ", ", " ,"])).join(parts)


def test_the_tests_know_every_technique_that_has_a_strength():
    assert set(STRENGTHS) <= set(KINDS)
    assert {key: len(values) for key, values in STRENGTHS.items()} == {
        key: len(KINDS[key].strength_names()) for key in STRENGTHS
    }


@settings(deadline=None)
@given(written_recipes())
def test_a_written_recipe_is_read_as_it_was(pair):
    recipe, text = pair
    assert parse_recipe(text) == recipe


@settings(deadline=None)
@given(st.text() | NEARLY)
def test_any_text_is_a_recipe_or_is_refused(text):
    try:
        recipe = parse_recipe(text)
    except jr.RecipeError:
        return
    assert isinstance(recipe, jr.Recipe)


@pytest.mark.parametrize("text", ["", "plain", " plain ", " , ,"])
def test_plain_and_nothing_are_the_empty_recipe(text):
    assert parse_recipe(text) == jr.Recipe()


@pytest.mark.parametrize(
    ("text", "recipe"),
    [
        ("dropout=0.4,l2=1e-3", jr.Dropout(0.4) + jr.L2(1e-3)),
        ("l2=1e-3,dropout=0.4", jr.L2(1e-3) + jr.Dropout(0.4)),
        ("elastic_net=1e-4:1e-3", jr.Recipe(jr.ElasticNet(l1=1e-4, l2=1e-3))),
        ("batch_norm, early-stopping = 20", jr.BatchNorm() + jr.EarlyStopping(20)),
        ("dropout=input/0.2+hidden/0.5", jr.Recipe(jr.Dropout({"input": 0.2, "hidden": 0.5}))),
        ("l2 = dense_*/1e-3 + Out[1]/1E+3", jr.Recipe(jr.L2({"dense_*": 1e-3, "Out[1]": 1000}))),
        (
            "elastic_net=hidden/1e-4+output/0:hidden/step/0/1/5",
            jr.Recipe(jr.ElasticNet({"hidden": 1e-4, "output": 0}, {"hidden": jr.Step(0, 1, 5)})),
        ),
        (
            "l1=[l]inear/0.1+hidden/linear/0/1/9",
            jr.Recipe(jr.L1({"[l]inear": 0.1, "hidden": jr.Linear(0, 1, 9)})),
        ),
        ("cutmix=1, DropConnect=0.3", jr.CutMix(1) + jr.DropConnect(0.3)),
        ("adversarial_training=0.1", jr.Recipe(jr.AdversarialTraining(0.1))),
        ("concrete_dropout=1e-6:0.01", jr.Recipe(jr.ConcreteDropout(1e-6, 0.01))),
        (
            "drop_connect=0.3:inference=gaussian:per_example=True",
            jr.Recipe(jr.DropConnect(0.3, per_example=True, inference="gaussian")),
        ),
        ("snapshot_ensemble : members = 5", jr.Recipe(jr.SnapshotEnsemble(5))),
        ("batch_norm:momentum=0.9", jr.Recipe(jr.BatchNorm(momentum=0.9))),
        (
            "early_stopping=5:monitor=val_metric",
            jr.Recipe(jr.EarlyStopping(5, monitor="val_metric")),
        ),
        ("Early_Stopping=inf", jr.Recipe(jr.EarlyStopping(float("inf")))),
    ],
)
def test_order_spaces_and_hyphens(text, recipe):
    assert parse_recipe(text) == recipe


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("dropuot=0.4", ["'dropuot'", "Did you mean dropout?"], id="a slip"),
        pytest.param("dropout=much", ["'dropout=much'", "'much'", "not a number"], id="no number"),
        pytest.param("dropout", ["'dropout'", "dropout=RATE"], id="no strength"),
        pytest.param("dropout=", ["''", "not a number"], id="an empty strength"),
        pytest.param("dropout=0.1:0.2", ["2 strengths", "dropout=RATE"], id="too many"),
        pytest.param("elastic_net=1e-3", ["1 strengths", "elastic_net=L1:L2"], id="too few"),
        pytest.param("concrete_dropout=1", ["L2:ENTROPY:TEMPERATURE"], id="fewer than wanted"),
        pytest.param("l2=1:per=2", ["'per' is no option", "L2 has none"], id="no options"),
        pytest.param(
            "drop_connect=0.3:infer=mean", ["Did you mean inference?"], id="an option misspelled"
        ),
        pytest.param("drop_connect=0.3:inference=wan", ["'mean' or 'gaussian'"], id="no choice"),
        pytest.param("drop_connect=0.3:per_example=1", ["True or False"], id="no truth"),
        pytest.param("snapshot_ensemble:members=2.5", ["members=2.5"], id="half a member"),
        pytest.param("ema=0.9:a=1:a=2", ["'a' is no option"], id="an option of another"),
        pytest.param("batch_norm:epsilon=1:epsilon=2", ["'epsilon' came twice"], id="option twice"),
        pytest.param("mixup", ["0 strengths", "mixup=ALPHA"], id="none of one"),
        pytest.param("batch_norm=0.9", ["'batch_norm=0.9'", "write batch_norm."], id="none wanted"),
        pytest.param("dropout=40", ["rate=40", "Did you mean 0.4?"], id="a percentage"),
        pytest.param("l2=-1", ["strength=-1", "[0, inf)"], id="negative"),
        pytest.param("l2=1+l1=2", ["Separate regularizers by commas"], id="plus"),
        pytest.param("dropout=0.2+hidden/0.5", ["'0.2'", "hidden/0.5"], id="a number among places"),
        pytest.param("dropout=hidden/0.5+", ["''", "WHERE/NUMBER"], id="a plus too many"),
        pytest.param("dropout=/0.5", ["'/0.5'", "WHERE/NUMBER"], id="no place"),
        pytest.param("dropout=1/2", ["'1/2'", "WHERE/NUMBER"], id="a fraction"),
        pytest.param("dropout=hidden/", ["''", "not a number"], id="a place without a number"),
        pytest.param("l2=a/1+a/2", ["'a' came twice"], id="a place twice"),
        pytest.param("l2=a/1,b/2", ["'b/2'", "Join places by plus"], id="places by comma"),
        pytest.param("dropout=hidden/40", ["rate=40", "Did you mean 0.4?"], id="40 there"),
        pytest.param("ema=hidden/0.9", ["{'hidden': 0.9}", "a number"], id="nothing by layer"),
        pytest.param("l2=hidden/linear/0/1", ["'linear/0/1'", "EPOCHS"], id="half a schedule"),
        pytest.param("dropout=40%", ["Give a fraction, such as 0.4"], id="a percent sign"),
        pytest.param("l1=nan", ["strength=nan"], id="NaN"),
        pytest.param("l1=1e400", ["strength=inf"], id="infinity"),
        pytest.param("early_stopping=2.5", ["patience=2.5", "whole"], id="half an epoch"),
        pytest.param("plain,l2=1", ["'plain'", "no regularizer"], id="plain beside others"),
        pytest.param("l2=1,l2=2", ["L2 came twice"], id="twice"),
        pytest.param("{'l2': 1}", ["no regularizer"], id="not a recipe"),
    ],
)
def test_a_fault_is_told_with_the_recipe_and_the_mend(text, words):
    with pytest.raises(jr.RecipeError) as caught:
        parse_recipe(text)
    assert [word for word in [repr(text), *words] if word not in str(caught.value)] == []


def test_an_unknown_name_is_not_answered_by_all_there_are():
    with pytest.raises(jr.RecipeError) as caught:
        parse_recipe("zzz=1")
    assert "`justright techniques` shows them" in str(caught.value)
    assert len(str(caught.value)) < 160


def test_all_faults_are_told_in_one_message():
    with pytest.raises(jr.RecipeError) as caught:
        parse_recipe("dropuot=0.4,l1=much,l2=-1,batch_norm=1,weight_decay=0.1")
    message = str(caught.value)
    assert message.startswith("In the recipe 'dropuot=0.4,l1=much")
    for words in ("'dropuot'", "'much'", "L2(strength=-1", "'batch_norm=1'"):
        assert words in message
    assert "WeightDecay" not in message


def test_a_regularizer_that_came_twice_is_told_beside_other_faults():
    with pytest.raises(jr.RecipeError) as caught:
        parse_recipe("l1=much,l2=1,l2=2")
    assert "much" in str(caught.value)
    assert "L2 came twice" in str(caught.value)

"""What to try next, in the lessons' words, with the command in Python and on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from justright.evidence.diagnosis_means import Means
from justright.evidence.diagnosis_sign import Condition, Sign

DROPOUT = "dropout 0.2–0.3 is light, 0.5 standard, above 0.7 heavy"
LAMBDA = "λ of L2 0 is none, 0.001 light, 0.1 strong, 1.0 too strong"

# What to try, from light to heavy: a dropout rate and a λ.
_LADDER = ((0.2, 0.001), (0.5, 0.001), (0.5, 0.01), (0.7, 0.1))
_HEAVY_RATE, _STRONG_LAMBDA = 0.6, 0.05
_USUAL_RATE = 1e-3
# Where the rows change, they are divided anew.
_ANEW = {"validation": "0.25"}


@dataclass(frozen=True)
class Advice:
    """What to try next: in words, in Python, on the command line."""

    words: str
    python: str
    command: str


def advice_for(signs: Sequence[Sign], means: Means) -> Advice:
    """What to try next.

    Args:
        signs: of one condition, the first being the one to go by.
        means: what commands can name.
    """
    return _ADVICE[signs[0].condition](signs, means)


def _leak(signs: Sequence[Sign], means: Means) -> Advice:
    sign = signs[0]
    if sign.cause == "column":
        return Advice(
            "Find out whether this input is known before the target is; if not, leave it out.",
            means.again(_ANEW, _without_column(sign.name, means)),
            means.command("diagnose", ("--without", sign.name)),
        )
    return Advice(
        "Take each row once, and divide afterwards; rows that belong together (one patient, one "
        "day) go to the same part.",
        means.again(_ANEW, _taken_once(means)),
        means.command("diagnose", ("--distinct",)),
    )


def _without_column(name: str, means: Means) -> str:
    """Lines that leave an input out of the training rows."""
    text = json.dumps(name, ensure_ascii=False)
    match means.form:
        case "file":
            return f"import pandas as pd\n\ntrain = pd.read_csv({means.train}).drop(columns={text})"
        case "table":
            return f"train = train.drop(columns={text})"
    if means.named:
        return f"X, y = train\ntrain = X.drop(columns={text}), y"
    number = name.removeprefix("x")
    return f"import numpy as np\n\nX, y = train\ntrain = np.delete(X, {number}, axis=1), y"


def _taken_once(means: Means) -> str:
    """Lines that take each training row once."""
    match means.form:
        case "file":
            return f"import pandas as pd\n\ntrain = pd.read_csv({means.train}).drop_duplicates()"
        case "table":
            return "train = train.drop_duplicates()"
    if means.named:
        return "X, y = train\ntrain = X[~X.duplicated()], y[~X.duplicated()]"
    return (
        "import numpy as np\n\nX, y = train\n"
        "first = np.unique(X.reshape(len(X), -1), axis=0, return_index=True)[1]\n"
        "train = X[first], y[first]"
    )


def _unstable(_: Sequence[Sign], means: Means) -> Advice:
    rate = f"{0.1 * (means.learning_rate or _USUAL_RATE):.3g}"
    return Advice(
        "Take a tenth of the learning rate; scaled inputs, larger batches and gradient clipping "
        "help as well.",
        means.again({"optimizer": f"keras.optimizers.{means.optimizer}({rate})"}),
        means.command("diagnose", ("--learning-rate", rate)),
    )


def _shuffled_labels(_: Sequence[Sign], means: Means) -> Advice:
    return Advice(
        "Look at some rows with their targets: were inputs and targets sorted, filtered or "
        "shuffled apart? Take both from one table. If they do belong together, these inputs say "
        "nothing of the target.",
        means.again(_ANEW, _from_one_table(means)),
        means.command("diagnose"),
    )


def _from_one_table(means: Means) -> str:
    """Lines that take inputs and targets from one table, where they were not."""
    if means.form != "pair":
        return ""
    return 'train = table.drop(columns="COLUMN"), table["COLUMN"]'


def _underfitting(signs: Sequence[Sign], means: Means) -> Advice:
    heavy = means.strongest("Dropout.rate") >= _HEAVY_RATE
    if heavy or means.strongest("L2.strength") >= _STRONG_LAMBDA:
        recipes = {"none": (0.0, 0.0), "light": _LADDER[0]}
        return Advice(
            f"The regularization is too strong: {LAMBDA}; {DROPOUT}.",
            means.compared(recipes, stopped=False),
            _compared(recipes, means),
        )
    epochs = 3 * means.epochs
    if any(sign.cause == "time" for sign in signs):
        rate = f"{10 * (means.learning_rate or _USUAL_RATE):.3g}"
        return Advice(
            "Train longer; if the loss falls slowly all the way, raise the learning rate.",
            means.again({"epochs": str(epochs)}),
            means.command("diagnose", ("--epochs", str(epochs)), ("--learning-rate", rate)),
        )
    return Advice(
        "Take a larger network (None is one of 128 and 64 units), train longer, and regularize "
        "less.",
        means.again({"epochs": str(epochs)}, network="None"),
        means.command("diagnose", ("--epochs", str(epochs)), without=("--model", "--hidden")),
    )


def _overfitting(_: Sequence[Sign], means: Means) -> Advice:
    rate, strength = means.strongest("Dropout.rate"), means.strongest("L2.strength")
    steps = [one for one in _LADDER if one[0] > rate or one[1] > strength][:2] or [_LADDER[-1]]
    recipes = {"plain": (0.0, 0.0), **{_named(one): one for one in steps}}
    return Advice(
        f"Regularize ({DROPOUT}; {LAMBDA}), stop early, or bring more rows.",
        means.compared(recipes, stopped=True),
        _compared(recipes, means, [] if means.stops else ["early_stopping=20"]),
    )


def _too_little_validation(_: Sequence[Sign], means: Means) -> Advice:
    return Advice(
        "Hold out more rows; the interval narrows with the root of their number, so half of it "
        "takes four times the rows.",
        means.again({"validation": "0.4"}),
        means.command("diagnose", ("--validation", "0.4")),
    )


def _fine(_: Sequence[Sign], means: Means) -> Advice:
    recipes = {"plain": (0.0, 0.0), "light": _LADDER[0]}
    return Advice(
        "Nothing needs mending. Whether a light regularization still gains something:",
        means.compared(recipes, stopped=False),
        _compared(recipes, means),
    )


_ADVICE: dict[Condition, Callable[[Sequence[Sign], Means], Advice]] = {
    "leak": _leak,
    "unstable": _unstable,
    "shuffled_labels": _shuffled_labels,
    "underfitting": _underfitting,
    "overfitting": _overfitting,
    "too_little_validation": _too_little_validation,
    "fine": _fine,
}


def _named(step: tuple[float, float]) -> str:
    return dict(zip(_LADDER, ("light", "standard", "strong", "heavy"), strict=True))[step]


def _compared(
    recipes: Mapping[str, tuple[float, float]], means: Means, further: Sequence[str] = ()
) -> str:
    texts = [f"dropout={rate:g},l2={strength:g}" for rate, strength in recipes.values() if rate]
    varied = (("--recipe", means.recipe_text(text)) for text in (*texts, *further))
    return means.command("compare", *varied)

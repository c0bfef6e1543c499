"""What to try next, in the lessons' words, with the command in Python and on the command line."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from justright.evidence.diagnosis_sign import Condition, Sign

DROPOUT = "dropout 0.2–0.3 is light, 0.5 standard, above 0.7 heavy"
LAMBDA = "λ of L2 0 is none, 0.001 light, 0.1 strong, 1.0 too strong"

# What to try, from light to heavy: a dropout rate and a λ.
_LADDER = ((0.2, 0.001), (0.5, 0.001), (0.5, 0.01), (0.7, 0.1))
_HEAVY_RATE, _STRONG_LAMBDA = 0.6, 0.05
_USUAL_RATE = 1e-3
_WIDTH = 75
# Where the rows change, they are divided anew.
_ANEW = "validation=0.25"


@dataclass(frozen=True)
class Means:
    """What commands can name.

    Attributes:
        options: of the command line, that name the rows and the network.
        model: whether there is a network of the user's own.
        optimizer: its name, as Keras' class.
        learning_rate: that was used; None if unknown.
        epochs: of the training.
        strengths: of its recipe, by column name such as `"L2.strength"`.
    """

    options: tuple[str, ...] = ("--data", "FILE", "--target", "COLUMN")
    model: bool = True
    optimizer: str = "Adam"
    learning_rate: float | None = None
    epochs: int = 100
    strengths: Mapping[str, float] = field(default_factory=dict)

    def strongest(self, name: str) -> float:
        """The largest strength of a technique, over layers; 0 without it."""
        found = [v for key, v in self.strengths.items() if key.startswith(name)]
        return max((float(v) for v in found if isinstance(v, int | float)), default=0.0)


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
        name = json.dumps(sign.name, ensure_ascii=False)
        return Advice(
            "Find out whether this input is known before the target is; if not, leave it out.",
            f"train = X.drop(columns={name}), y\n{_again(means, _ANEW)}",
            _command("diagnose", means, ("--without", sign.name)),
        )
    return Advice(
        "Take each row once, and divide afterwards; rows that belong together (one patient, one "
        "day) go to the same part.",
        f"X, y = X[~X.duplicated()], y[~X.duplicated()]\n{_again(means, _ANEW, train='(X, y)')}",
        _command("diagnose", means, ("--distinct",)),
    )


def _unstable(_: Sequence[Sign], means: Means) -> Advice:
    rate = f"{0.1 * (means.learning_rate or _USUAL_RATE):.3g}"
    return Advice(
        "Take a tenth of the learning rate; scaled inputs, larger batches and gradient clipping "
        "help as well.",
        _again(means, f"optimizer=keras.optimizers.{means.optimizer}({rate})"),
        _command("diagnose", means, ("--learning-rate", rate)),
    )


def _shuffled_labels(_: Sequence[Sign], means: Means) -> Advice:
    return Advice(
        "Look at some rows with their targets: were inputs and targets sorted, filtered or "
        "shuffled apart? Take both from one table. If they do belong together, these inputs say "
        "nothing of the target.",
        f'train = table.drop(columns="COLUMN"), table["COLUMN"]\n{_again(means, _ANEW)}',
        _command("diagnose", means),
    )


def _underfitting(signs: Sequence[Sign], means: Means) -> Advice:
    heavy = means.strongest("Dropout.rate") >= _HEAVY_RATE
    if heavy or means.strongest("L2.strength") >= _STRONG_LAMBDA:
        recipes = {"none": (0.0, 0.0), "light": _LADDER[0]}
        return Advice(
            f"The regularization is too strong: {LAMBDA}; {DROPOUT}.",
            _comparison(recipes, means),
            _compared(recipes, means),
        )
    epochs = 3 * means.epochs
    if any(sign.cause == "time" for sign in signs):
        rate = f"{10 * (means.learning_rate or _USUAL_RATE):.3g}"
        return Advice(
            "Train longer; if the loss falls slowly all the way, raise the learning rate.",
            _again(means, f"epochs={epochs}"),
            _command("diagnose", means, ("--epochs", str(epochs)), ("--learning-rate", rate)),
        )
    larger = _without_model(means)
    return Advice(
        "Take a larger network (None is one of 128 and 64 units), train longer, and regularize "
        "less.",
        _again(larger, f"epochs={epochs}"),
        _command("diagnose", larger, ("--epochs", str(epochs))),
    )


def _overfitting(_: Sequence[Sign], means: Means) -> Advice:
    rate, strength = means.strongest("Dropout.rate"), means.strongest("L2.strength")
    steps = [one for one in _LADDER if one[0] > rate or one[1] > strength][:2] or [_LADDER[-1]]
    recipes = {"plain": (0.0, 0.0), **{_named(one): one for one in steps}}
    return Advice(
        f"Regularize ({DROPOUT}; {LAMBDA}), stop early, or bring more rows.",
        _comparison(recipes, means, '"stopped": jr.EarlyStopping(patience=20)'),
        _compared(recipes, means, "early_stopping=20"),
    )


def _too_little_validation(_: Sequence[Sign], means: Means) -> Advice:
    return Advice(
        "Hold out more rows; the interval narrows with the root of their number, so half of it "
        "takes four times the rows.",
        _again(means, "validation=0.4"),
        _command("diagnose", means, ("--validation", "0.4")),
    )


def _fine(_: Sequence[Sign], means: Means) -> Advice:
    recipes = {"plain": (0.0, 0.0), "light": _LADDER[0]}
    return Advice(
        "Nothing needs mending. Whether a light regularization still gains something:",
        _comparison(recipes, means),
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


def _without_model(means: Means) -> Means:
    """The same without the user's network: the usual one takes its place."""
    options = list(means.options)
    if "--model" in options:
        place = options.index("--model")
        del options[place : place + 2]
    return replace(means, options=tuple(options), model=False)


def _named(step: tuple[float, float]) -> str:
    return dict(zip(_LADDER, ("light", "standard", "strong", "heavy"), strict=True))[step]


def _again(means: Means, change: str = "", train: str = "train") -> str:
    """The call that diagnoses once more, with one change."""
    validation = [] if change.startswith("validation=") else ["validation=validation"]
    first = "model" if means.model else "None"
    arguments = [first, train, *validation, *([change] if change else [])]
    line = f"print(jr.diagnose({', '.join(arguments)}))"
    if len(line) <= _WIDTH:
        return line
    inside = "".join(f"    {one},\n" for one in arguments)
    return f"diagnosis = jr.diagnose(\n{inside})\nprint(diagnosis)"


def _comparison(recipes: Mapping[str, tuple[float, float]], means: Means, further: str = "") -> str:
    """The call that compares recipes of dropout and L2."""
    lines = [f'    "{name}": {_recipe(*step)},' for name, step in recipes.items()]
    lines += [f"    {further},"] if further else []
    named = "\n".join(["recipes = {", *lines, "}"])
    first = "model" if means.model else "None"
    call = f"jr.compare({first}, train, recipes, validation=validation)"
    return f"{named}\nprint({call}.summary())"


def _recipe(rate: float, strength: float) -> str:
    return f"jr.Dropout({rate:g}) + jr.L2({strength:g})" if rate or strength else "jr.Recipe()"


def _compared(recipes: Mapping[str, tuple[float, float]], means: Means, further: str = "") -> str:
    texts = [f"dropout={rate:g},l2={strength:g}" for rate, strength in recipes.values() if rate]
    texts += [further] if further else []
    return _command("compare", means, *(("--recipe", text) for text in texts))


def _command(verb: str, means: Means, *options: tuple[str, ...]) -> str:
    """A command of at most some 80 columns, broken between options where it is longer."""
    given = list(means.options)
    pairs = [tuple(given[i : i + 2]) for i in range(0, len(given), 2)]
    lines = [f"justright {verb}"]
    for option in (*pairs, *options):
        text = shlex.join(option)
        if len(lines[-1]) + len(text) + 3 > _WIDTH:
            lines[-1] += " \\"
            lines.append(f"  {text}")
        else:
            lines[-1] += f" {text}"
    return "\n".join(lines)

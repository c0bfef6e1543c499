"""What a diagnosis can name in its advice: calls in Python and commands, ready to paste."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from justright.data.asked import Asked, Form
from justright.engine.program import Task
from justright.engine.trial import TrialResult
from justright.network.default import DEFAULT_NETWORK, HIDDEN
from justright.regularizers.as_python import recipe_code
from justright.regularizers.dropout import Dropout
from justright.regularizers.l2 import L2
from justright.regularizers.places import ActsOnStopping
from justright.regularizers.recipe import Recipe

UNKNOWN = ("--data", "FILE", "--target", "COLUMN")
"""Rows of which nothing is known, as where there are curves alone."""

_WIDTH = 75
# Of the command line's options those that `diagnose` alone has.
_OF_DIAGNOSE = ("--recipe", "--validation")
_REPEATABLE = ("--without", "--category", "--text", "--recipe")
# Placed anew by every advice that compares.
_VARIED = ("dropout", "l2")

Group = tuple[str, ...]


@dataclass(frozen=True)
class Means:
    """What calls and commands can name.

    Attributes:
        options: of the command line, that name rows, network and training; None where Python asks.
        asked: how rows and training were asked for in Python; None where nothing is known, or
            where the command line asks.
        settings: how training was asked for, as Python by name.
        network: as Python.
        named: whether the inputs have names.
        optimizer: its name, as Keras' class.
        learning_rate: that was used; None if unknown.
        epochs: of the training.
        recipe: that was trained.
        strengths: of it, by column name such as `"L2.strength"`.
    """

    options: tuple[str, ...] | None = None
    asked: Asked | None = None
    settings: tuple[tuple[str, str], ...] = ()
    network: str = "model"
    named: bool = True
    optimizer: str = "Adam"
    learning_rate: float | None = None
    epochs: int = 100
    recipe: Recipe = field(default_factory=Recipe)
    strengths: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def of_trials(
        cls,
        task: Task,
        results: Sequence[TrialResult],
        features: tuple[str, ...],
        asked: Asked | None,
    ) -> Means:
        """Those of trainings that say how their rows were asked for.

        Args:
            task: of the trainings.
            results: of them.
            features: names of the inputs.
            asked: how the rows were asked for; None where nothing says so.
        """
        epochs = max((one.trial.epochs for one in results), default=1)
        settings = (("epochs", str(epochs)), ("batch_size", str(task.batch_size)))
        return cls(
            asked=asked,
            settings=settings if asked else (),
            network=_network(task.blueprint.model),
            named=bool(features) or asked is None,
            optimizer=type(task.optimizer).__name__,
        )

    def strongest(self, name: str) -> float:
        """The largest strength of a technique, over layers; 0 without it."""
        found = [v for key, v in self.strengths.items() if key.startswith(name)]
        return max((float(v) for v in found if isinstance(v, int | float)), default=0.0)

    @property
    def form(self) -> Form:
        """Of the rows."""
        return "pair" if self.asked is None else self.asked.form

    @property
    def train(self) -> str:
        """The rows as Python."""
        return "train" if self.asked is None else self.asked.train

    @property
    def stops(self) -> bool:
        """Whether the recipe stops early."""
        return bool(self.recipe.filling(ActsOnStopping))

    def again(self, changes: Mapping[str, str], before: str = "", network: str = "") -> str:
        """The call that diagnoses once more; "" where the command line asks.

        Args:
            changes: arguments that are to be others, as Python by name.
            before: lines that stand before it; they may name `train` anew.
            network: another one, as Python; the same if "".
        """
        recipe = {"recipe": recipe_code(self.recipe)} if self.recipe.techniques else {}
        anew = "train =" in before
        arguments = self._arguments({**recipe, **changes}, anew, network)
        return self._code(before, arguments, "jr.diagnose", "diagnosis", "")

    def compared(self, recipes: Mapping[str, tuple[float, float]], stopped: bool) -> str:
        """The call that compares recipes of dropout and L2, beside what else the recipe has.

        Args:
            recipes: dropout's rate and λ, by name.
            stopped: whether one that stops early is to be among them.
        """
        rest = Recipe(*(t for t in self.recipe.techniques if not isinstance(t, Dropout | L2)))
        lines = [f'    "{name}": {_recipe(rest, *step)},' for name, step in recipes.items()]
        if stopped and not self.stops:
            lines.append(f'    "stopped": {_recipe(rest, stop=20)},')
        before = "\n".join(["recipes = {", *lines, "}"])
        arguments = self._arguments({}, False)
        return self._code(
            before, [*arguments[:2], "recipes", *arguments[2:]], "jr.compare", "study", ".summary()"
        )

    def command(self, verb: str, *changes: Group, without: Group = ()) -> str:
        """A command of at most some 80 columns, broken between options where it is longer.

        Where nothing is known of the rows, it says `FILE` and `COLUMN`; "" where Python asks.

        Args:
            verb: diagnose or compare.
            changes: options that are added, or in place of those of the same name.
            without: options to leave out.
        """
        if self.options is None and self.asked is not None:
            return ""
        replaced = {one[0] for one in changes if one[0] not in _REPEATABLE}
        left_out = {*without, *replaced, *(_OF_DIAGNOSE if verb == "compare" else ())}
        kept = [one for one in self._groups if one[0] not in left_out]
        lines = [f"justright {verb}"]
        for option in (*kept, *changes):
            text = shlex.join(option)
            if len(lines[-1]) + len(text) + 3 > _WIDTH:
                lines[-1] += " \\"
                lines.append(f"  {text}")
            else:
                lines[-1] += f" {text}"
        return "\n".join(lines)

    def recipe_text(self, text: str) -> str:
        """A recipe of the command line, beside what else the one that was typed has."""
        typed = next((one[1] for one in self._groups if one[0] == "--recipe"), "")
        parts = [part.strip() for part in typed.split(",") if part.strip()]
        return ",".join([*(p for p in parts if p.split("=")[0].lower() not in _VARIED), text])

    @property
    def _groups(self) -> list[Group]:
        """The options, each with its value."""
        given = UNKNOWN if self.options is None else self.options
        starts = [i for i, one in enumerate(given) if one.startswith("--")]
        return [tuple(given[i:j]) for i, j in pairwise([*starts, len(given)])]

    def _arguments(self, changes: Mapping[str, str], anew: bool, network: str = "") -> list[str]:
        listed = dict(self.asked.arguments if self.asked else [("validation", "validation")])
        listed |= dict(self.settings)
        train = "train" if anew else self.train
        pairs = [f"{name}={text}" for name, text in {**listed, **changes}.items()]
        return [network or self.network, train, *pairs]

    def _code(
        self, before: str, arguments: Sequence[str], call: str, made: str, method: str
    ) -> str:
        if self.options is not None:
            return ""
        imports = [] if self.asked is None else list(self.asked.imports)
        if any("keras." in one for one in arguments):
            imports.insert(0, "import keras")
        line = f"print({call}({', '.join(arguments)}){method})"
        if len(line) <= _WIDTH:
            lines = [line]
        else:
            inside = [f"    {one}," for one in arguments]
            lines = [f"{made} = {call}(", *inside, ")", f"print({made}{method})"]
        return "\n".join([*imports, *([before] if before else []), *lines])


def _recipe(rest: Recipe, rate: float = 0.0, strength: float = 0.0, stop: int = 0) -> str:
    parts = [recipe_code(rest)] if rest.techniques else []
    parts += [f"jr.Dropout({rate:g}) + jr.L2({strength:g})"] if rate or strength else []
    parts += [f"jr.EarlyStopping(patience={stop})"] if stop else []
    return " + ".join(parts) or "jr.Recipe()"


def _network(model: Any) -> str:
    """A network as Python: justright's own, by its units, or a variable."""
    if not model.name.startswith(DEFAULT_NETWORK):
        return "model"
    units = tuple(layer.units for layer in model.layers if hasattr(layer, "units"))[:-1]
    return "None" if units == HIDDEN else repr(units)

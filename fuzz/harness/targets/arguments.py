"""Arguments of the command line. Nothing trains: what would is stopped where it begins."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

from harness.mutation import NUMBERS, TEXTS
from harness.target import Draw, Target
from harness.targets import recipe
from justright.cli.main import app, run
from justright.errors import JustrightError

CODES = (0, 1, 2)
TABLE = "age,city,ill\n" + "".join(f"{20 + i},{'ab'[i % 2]},{i % 2}\n" for i in range(20))
VALUES = [
    b"t.csv", b"net.keras", b"none.csv", b"ill", b"age", b"breast_cancer", b"iris", b"study.jr",
    b"out.png", b"out.html", b"out.keras", b"out", b".", b"adam", b"sgd", b"classification", b"3",
    b"0.2", b"10m", b"60s", b"16,8", b"kron", b"dropout", b"noisy_sine", b"32x32", b"epochs.csv",
    b"gap", b"history.json", b"-", b"--", b"dropout=0,0.5", b"l2", b"dropout,l2,width",
]  # fmt: skip
# A fuzzer stays in its folder.
_OUTSIDE = re.compile(r"(?:^|[=,])[/~]|\.\.")


class StoppedError(JustrightError):
    """Stands for a training, or for words that were said."""


def corpus() -> list[bytes]:
    """Each command alone and with some of its options."""
    Path("t.csv").write_text(TABLE, encoding="utf-8")
    Path("epochs.csv").write_text("loss,val_loss\n1,1\n0.5,0.7\n0.2,0.9\n", encoding="utf-8")
    lines = [[name] for name in app.commands] + [[], ["--help"], ["--version"], ["comapre"]]
    lines += [
        ["compare", "--data", "t.csv", "--target", "ill", "--recipe", "dropout=0.2,l2=1e-3"],
        ["compare", "--data", "t.csv", "--splits", "2", "--seeds", "2", "--json", "--quiet"],
        ["compare", "--data", "t.csv", "--folds", "3", "--group", "city", "--margin", "0.01"],
        ["sweep", "--over", "dropout=0,0.5", "--over", "l2", "--expand", "--data", "t.csv"],
        ["path", "group_lasso", "--base", "l2=1e-3", "--data", "t.csv"],
        ["search", "--space", "dropout,l2", "--budget", "10m", "--history", "h.json"],
        ["search", "--data", "t.csv", "--store", "s.jr", "--save", "out.keras", "--choose", "gap"],
        ["contributions", "--recipe", "dropout=0.4,l2=1e-3", "--data", "t.csv"],
        ["report", "--over", "dropout=0,0.2", "--data", "t.csv", "--out", "out.html"],
        ["diagnose", "epochs.csv", "--json", "--validation-rows", "20"],
        ["diagnose", "--data", "t.csv", "--hidden", "8,4", "--recipe", "l2=0.1", "--seeds", "2"],
        ["predict", "net.keras", "--data", "t.csv", "--out", "p.csv"],
        ["ensemble", "--recipe", "dropout=0.2", "--hidden", "4", "--samples", "10"],
        ["evidence", "--base", "ema=0.99", "--curvature", "full", "--data", "t.csv"],
        ["lesson", "noisy_sine", "--seeds", "3"],
        ["techniques", "dropout", "--json"],
        ["store", "study.jr", "--mend", "--json"],
        ["play", "--port", "0", "--no-browser"],
    ]
    return ["\n".join(line).encode() for line in lines]


@contextlib.contextmanager
def _nothing_trains() -> Iterator[list[mock.Mock]]:
    stops = StoppedError("what follows is training")
    with contextlib.ExitStack() as held:
        yield [
            held.enter_context(mock.patch(name, side_effect=stops))
            for name in (
                "justright.experiments.setup.Setup.of",
                "justright.experiments.noisy_sine.network",
                "justright.playground.trainer.Trainer.__init__",
                "justright.experiments.activations.activation_histograms",
            )
        ]


def check(data: bytes) -> None:
    """Run the command; it must end with a code that docs/cli.md names."""
    words = data.decode("utf-8", "surrogateescape").split("\n")
    if any("\0" in one or _OUTSIDE.search(one) for one in words):
        raise StoppedError("not for this machine")
    with (
        _nothing_trains() as trainings,
        contextlib.redirect_stdout(_output()),
        contextlib.redirect_stderr(_output("backslashreplace")),
    ):
        code = run(words)
    if code not in CODES:
        raise AssertionError(f"the exit code was {code}")
    if code and not any(one.called for one in trainings):
        raise StoppedError("refused, in words")


def _output(errors: str = "strict") -> io.TextIOWrapper:
    """What a terminal is to a command."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors=errors)


def mutate(data: bytes, draw: Draw) -> bytes:
    """Change arguments: another command's options, other values, other order."""
    words = data.split(b"\n")
    name = words[0].decode("utf-8", "replace")
    options = [opt.encode() for one in _parameters(name, draw) for opt in one.opts]
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        at = draw.randint(0, len(words))
        pool = (options, VALUES, recipe.TOKENS, NUMBERS, TEXTS)
        change = draw.randrange(5)
        if change == 0 and words:
            del words[min(at, len(words) - 1)]
        elif change == 1 and words:
            words[min(at, len(words) - 1)] = draw.choice(draw.choice(pool[1:]) or VALUES)
        elif change == 2:
            value = draw.choice(draw.choice(pool[1:]))
            words[at:at] = [draw.choice(options or VALUES), value]
        elif change == 3 and words:
            word = words[min(at, len(words) - 1)]
            words[min(at, len(words) - 1)] = recipe.TARGET.mutate(word, draw)
        else:
            words[at:at] = [draw.choice(draw.choice(pool) or VALUES)]
    return b"\n".join(words)


def _parameters(name: str, draw: Draw) -> list:
    command = app.commands.get(name)
    return command.params if command else draw.choice(list(app.commands.values())).params


TARGET = Target("arguments", corpus, check, mutate)

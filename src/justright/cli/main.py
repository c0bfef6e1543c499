"""The command line: `justright compare` and its sisters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from justright.backend import use_jax
from justright.cli.compare import compare
from justright.cli.contributions import contributions
from justright.cli.diagnose import diagnose
from justright.cli.ending import INTERRUPTED, end_now
from justright.cli.ensemble import ensemble
from justright.cli.evidence import evidence
from justright.cli.lesson import lesson
from justright.cli.path import path
from justright.cli.play import play
from justright.cli.predict import predict
from justright.cli.report import report
from justright.cli.search import search
from justright.cli.shown import plain_markup
from justright.cli.store import store
from justright.cli.sweep import sweep
from justright.cli.techniques import techniques
from justright.errors import JustrightError, did_you_mean
from justright.events import write_events

DONE, FAULT = 0, 1
_LOG = "--log"


EPILOG = """\b
Exit codes: 0 done; 1 something was wrong with the input; 2 usage;
130 stopped by Ctrl-C: once for what there is by then, twice at once.

\b
Examples:
  justright compare --data heart.csv --target disease
  justright search --data heart.csv --budget 10m --save heart.keras
  justright predict heart.keras --data new.csv
"""


class Commands(click.Group):
    """A group that names the nearest command where one is not there, and takes --log anywhere."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """Read the arguments; `--log FILE` counts behind the command as before it."""
        own: list[str] = []
        others = list(args)
        end = others.index("--") if "--" in others else len(others)
        for i in reversed(range(end)):
            if others[i] == _LOG:
                own = others[i : i + 2] + own
                del others[i : i + 2]
            elif others[i].startswith(f"{_LOG}="):
                own.insert(0, others.pop(i))
        return super().parse_args(context, [*own, *others])

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is meant.

        Raises:
            click.UsageError: none of that name.
        """
        try:
            return super().resolve_command(context, arguments)
        except click.UsageError as error:
            known = did_you_mean(arguments[0], self.list_commands(context))
            said = f"No such command {arguments[0]!r}. {known}"
            raise click.UsageError(said, context) from error


@click.group(
    name="justright",
    cls=Commands,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="justright", message="%(version)s")
@click.option(
    _LOG,
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Add what happens (compiled, ended, written, …) to a file, a line of JSON for each event. "
    "It may stand behind the command, too.",
)
def app(log: Path | None) -> None:
    """Regularization that is just right.

    Find what keeps a neural network from overfitting, with the evidence.
    """
    if log is not None:
        write_events(log)


app.add_command(compare)
app.add_command(contributions)
app.add_command(diagnose)
app.add_command(ensemble)
app.add_command(evidence)
app.add_command(lesson)
app.add_command(path)
app.add_command(play)
app.add_command(predict)
app.add_command(report)
app.add_command(search)
app.add_command(store)
app.add_command(sweep)
app.add_command(techniques)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        use_jax()
        code = app.main(args=arguments, prog_name="justright", standalone_mode=False)
    except JustrightError as fault:
        _say(str(fault))
        return FAULT
    except click.ClickException as usage:
        usage.show()
        return usage.exit_code
    except OSError as fault:
        if fault.errno is None:
            raise
        _say(_of_system(fault))
        return FAULT
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted, before there was anything to show.")
        return INTERRUPTED
    return code if isinstance(code, int) else DONE


def main() -> None:
    """Entry point of the console script."""
    end_now(run())


def _of_system(fault: OSError) -> str:
    """What the system says of a file: a name that is too long, no permission, a full disk."""
    named = "" if fault.filename is None else f"{os.fsdecode(fault.filename)!r}: "
    return f"{named}{fault.strerror}."


def _say(text: str) -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False).print("[bold red]Error:[/]", plain_markup(text))

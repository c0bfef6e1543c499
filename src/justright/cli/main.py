"""The command line: `justright compare` and its sisters."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from justright.backend import use_jax
from justright.cli.compare import compare
from justright.cli.contributions import contributions
from justright.cli.diagnose import diagnose
from justright.cli.ensemble import ensemble
from justright.cli.evidence import evidence
from justright.cli.lesson import lesson
from justright.cli.path import path
from justright.cli.report import report
from justright.cli.search import search
from justright.cli.sweep import sweep
from justright.cli.techniques import techniques
from justright.errors import JustrightError

FAULT, INTERRUPTED = 1, 130


@click.group(
    name="justright",
    epilog="Exit codes: 0 done, 1 something was wrong with the input, 2 usage, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="justright", message="%(version)s")
def app() -> None:
    """Regularization that is just right.

    Find what keeps a neural network from overfitting, with the evidence.
    """


app.add_command(compare)
app.add_command(contributions)
app.add_command(diagnose)
app.add_command(ensemble)
app.add_command(evidence)
app.add_command(lesson)
app.add_command(path)
app.add_command(report)
app.add_command(search)
app.add_command(sweep)
app.add_command(techniques)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    try:
        use_jax()
        app.main(args=arguments, prog_name="justright", standalone_mode=False)
    except JustrightError as fault:
        _say(str(fault))
        return FAULT
    except click.ClickException as usage:
        usage.show()
        return usage.exit_code
    except (KeyboardInterrupt, click.Abort):
        _say("Interrupted.")
        return INTERRUPTED
    return 0


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run())


def _say(text: str) -> None:
    from rich.console import Console

    Console(stderr=True, highlight=False).print("[bold red]Error:[/]", _plain(text))


def _plain(text: str) -> str:
    """Square brackets in a message are no markup."""
    from rich.markup import escape

    return escape(text)

"""What scripts for every framework begin with: what they are, and how they read rows."""

from __future__ import annotations

from justright.exports.source import WIDTH, Bracketed, comment, quoted, rendered
from justright.exports.training import Training

_USAGE = '''"""Train a network with the recipe that justright chose, in plain {framework}.

    python SCRIPT.py ROWS.npz

The file holds the arrays X_train, y_train, X_val and y_val (and X_test, y_test, if
there are rows to judge): a row of X is one example. Study.save_script writes both.
"""
'''


def heading(training: Training, framework: str) -> str:
    """The module's docstring, and the recipe as a comment."""
    recipe = str(training.recipe) or "no regularization"
    said = training.name if training.name == recipe else f"{training.name} = {recipe}"
    return f"{_USAGE.format(framework=framework)}\n{comment(f'Recipe: {said}')}\n"


def constants(training: Training) -> list[str]:
    """What one would change first."""
    return [
        f"ROWS = {quoted(training.file)}",
        f"SEED = {training.seed}",
        f"EPOCHS = {training.epochs}",
        f"BATCH_SIZE = {training.batch_size}",
    ]


def loading(training: Training, targets: str, inputs: str = "X") -> str:
    """The function that reads the file.

    Args:
        training: says what the rows are.
        targets: an expression for the targets of a part, from `y`.
        inputs: an expression for its inputs, from `X`.
    """
    lines = [
        "def load(path):",
        f'    """{_doc(training)}"""',
        "    with np.load(path) as file:",
        "        rows = dict(file)",
    ]
    if training.has_labels:
        lines.append('    classes = np.unique(rows["y_train"])')
    if training.standardized:
        lines += [
            '    mean, std = rows["X_train"].mean(axis=0), rows["X_train"].std(axis=0)',
            "    std[std == 0] = 1  # A constant column stays at 0.",
        ]
    lines += [
        "    parts = {}",
        '    for part in ("train", "val", "test"):',
        '        if f"X_{part}" in rows:',
    ]
    X = '(rows[f"X_{part}"] - mean) / std' if training.standardized else 'rows[f"X_{part}"]'
    y = 'rows[f"y_{part}"]'
    if training.has_labels:
        y = f"np.searchsorted(classes, {y})"
    lines += [f"            X = {X}", f"            y = {y}"]
    pair = Bracketed("", [inputs, targets])
    line = f"            parts[part] = {inputs}, {targets}"
    if len(line) > WIDTH:
        line = rendered(pair, "parts[part] = ", "", 3)
    lines += [line, "    return parts"]
    return "\n".join(lines)


def _doc(training: Training) -> str:
    if training.has_labels:
        return "Inputs and targets of each part; labels count from 0 in their sorted order."
    return "Inputs and targets of each part."

"""A trained network in a `.keras` file with what turns rows into its inputs, and classes back.

Keras reads the file as any other. What justright adds is one more part of the archive, in JSON:
names of columns, classes, and the fitted preprocessing as data (`data/portable.py`).
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from justright.data.arrays import checked_inputs, fitting_rows
from justright.data.damaged import DAMAGED
from justright.data.portable import decoded, encoded
from justright.data.preparation import transformed
from justright.errors import DataError, ModelError, did_you_mean
from justright.network.files import read_model

if TYPE_CHECKING:
    import keras
    import pandas as pd

    from justright.network.objective import Objective

PART = "justright.json"
FORMAT = 1


@dataclass(frozen=True)
class SavedModel:
    """A network, and what it takes to use it on rows as they come.

    Attributes:
        model: the network.
        columns: the names of the columns that it was trained on, in order; empty where they had
            none.
        target: the name of the column that it predicts, or "".
        kind: binary, multilabel, categorical or regression; "" where nobody knows.
        classes: labels in the order of the outputs; None of numbers.
        from_logits: whether its outputs are logits.
        preparation: the fitted transformer, or None.
    """

    model: keras.Model
    columns: tuple[str, ...] = ()
    target: str = ""
    kind: str = ""
    classes: np.ndarray | None = None
    from_logits: bool = False
    preparation: Any = None

    @classmethod
    def of(
        cls,
        model: keras.Model,
        objective: Objective,
        columns: Sequence[str],
        target: str,
        preparation: Any,
    ) -> SavedModel:
        """A network with what its study knows."""
        return cls(
            model,
            tuple(map(str, columns)),
            target,
            objective.kind,
            objective.classes,
            objective.from_logits,
            preparation,
        )

    @classmethod
    def read(cls, path: Path) -> SavedModel:
        """A network from a file, with what justright wrote beside it if it did.

        Raises:
            ModelError: no such file, not a network, or one that asks for code.
        """
        model = read_model(path)
        with zipfile.ZipFile(path) as archive:
            if PART not in archive.namelist():
                return cls(model)
            try:
                told = json.loads(archive.read(PART))
                if told["format"] != FORMAT:
                    raise ModelError(
                        f"{path.name} was written by another version of justright "
                        f"({told.get('version')}). Install that one, or train it again."
                    )
                return cls(
                    model,
                    tuple(map(str, told["columns"])),
                    str(told["target"]),
                    str(told["kind"]),
                    decoded(told["classes"]),
                    bool(told["from_logits"]),
                    _transformer(decoded(told["preparation"])),
                )
            except ModelError:
                raise
            except DAMAGED as error:
                raise ModelError(
                    f"{path.name}: what justright wrote into it cannot be read ({error})"
                ) from error

    def write(self, path: Path) -> None:
        """Write a `.keras` file.

        Raises:
            DataError: preprocessing that no file can keep.
        """
        from justright import __version__

        told = {
            "format": FORMAT,
            "version": __version__,
            "columns": list(self.columns),
            "target": self.target,
            "kind": self.kind,
            "classes": encoded(self.classes),
            "from_logits": self.from_logits,
            "preparation": encoded(self.preparation),
        }
        text = json.dumps(told, allow_nan=False)
        self.model.save(path)
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(PART, text)

    def predict(self, X: Any, name: str = "X") -> pd.DataFrame:
        """A row of predictions for each row.

        Args:
            X: a frame or an array (rows, …). Of a frame the columns are found by name, whatever
                else there is and in whatever order.
            name: what to call it in an error message.

        Returns:
            Columns: prediction, and for classes `probability LABEL` of each. Of several outputs
            `prediction 1`, …; of several labels a row `probability 1`, ….

        Raises:
            DataError: columns that are missing, or values that are no numbers.
        """
        rows = self._taken(X, name)
        if self.preparation is not None:
            rows = transformed(self.preparation, rows, name)
        inputs = fitting_rows(checked_inputs(rows, name), self.model.input_shape[1:])
        outputs = np.asarray(self.model.predict(inputs, batch_size=1024, verbose=0), np.float64)
        return self._named(outputs)

    def _taken(self, X: Any, name: str) -> Any:
        """The columns that the network was trained on."""
        if not hasattr(X, "columns") or not self.columns:
            return X
        known = list(map(str, X.columns))
        lacking = [column for column in self.columns if column not in known]
        if lacking:
            more = f" and {len(lacking) - 1} more" if len(lacking) > 1 else ""
            raise DataError(
                f"{name} lacks the column {lacking[0]!r}{more} that the network was trained on. "
                f"{did_you_mean(lacking[0], known)}"
            )
        rows = X.set_axis(known, axis=1)[list(self.columns)]
        # What lines up the columns of several splits holds the transformer that knows names. One
        # that was fitted on an array knows none, and scikit-learn warns of a frame.
        inner = getattr(self.preparation, "fitted", self.preparation)
        nameless = inner is not None and not hasattr(inner, "feature_names_in_")
        return rows.to_numpy() if nameless else rows

    def _named(self, outputs: np.ndarray) -> pd.DataFrame:
        import pandas as pd

        flat = outputs.reshape(len(outputs), -1)
        numbered = range(1, flat.shape[1] + 1)
        if self.kind == "multilabel":
            p = _probabilities(flat, self.kind, self.from_logits)
            return pd.DataFrame({f"probability {i}": p[:, i - 1] for i in numbered})
        if self.classes is None:
            single = flat.shape[1] == 1
            names = ["prediction"] if single else [f"prediction {i}" for i in numbered]
            return pd.DataFrame(dict(zip(names, flat.T, strict=True)))
        p = _probabilities(flat, self.kind, self.from_logits)
        named = zip(self.classes, p.T, strict=True)
        columns = {f"probability {label}": of for label, of in named}
        return pd.DataFrame({"prediction": self.classes[p.argmax(axis=1)], **columns})


def _transformer(found: Any) -> Any:
    if found is not None and not callable(getattr(found, "transform", None)):
        raise ValueError("its preprocessing transforms nothing")
    return found


def _probabilities(outputs: np.ndarray, kind: str, from_logits: bool) -> np.ndarray:
    """Of all classes, (rows, classes)."""
    from scipy.special import expit, softmax

    if kind == "categorical":
        return softmax(outputs, axis=1) if from_logits else outputs
    p = expit(outputs) if from_logits else outputs
    return np.concatenate([1 - p, p], axis=1) if kind == "binary" else p

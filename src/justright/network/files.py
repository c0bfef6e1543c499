"""Read a model from a `.keras` file, without running anything that the file says."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras

from justright.errors import ModelError


def read_model(path: Path) -> keras.Model:
    """A model from a `.keras` file, with its weights, not compiled.

    Args:
        path: the file. Only Keras' own zip format is read: the older HDF5 format
            can hold code.

    Raises:
        ModelError: no such file, not a `.keras` file, a damaged one, or one with code
            in it (a Lambda layer).
    """
    if not path.is_file():
        raise ModelError(f"There is no file {str(path)!r}. Check the path.")
    if not zipfile.is_zipfile(path):
        raise ModelError(
            f"{path.name} is not a .keras file. Save the model with model.save('name.keras')."
        )
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        text = str(error)
        if "Lambda" in text or "unsafe" in text.lower():
            raise ModelError(
                f"{path.name} holds code (a Lambda layer), which justright does not run. Rebuild "
                "the model from standard layers, or pass it from Python."
            ) from error
        reason = (text.strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path.name} cannot be read as a Keras model: {reason}") from error
    return model

"""Read a model from a `.keras` file, without running anything that the file says."""

from __future__ import annotations

import zipfile
from pathlib import Path

import keras

from justright.errors import ModelError
from justright.network.archive import check_archive


def read_model(path: Path) -> keras.Model:
    """A model from a `.keras` file, with its weights, not compiled.

    What is in the file is checked before Keras sees it (`archive.py`): it may name layers
    of Keras and nothing else, and hold numbers and nothing else.

    Args:
        path: the file. Only Keras' own zip format is read: the older HDF5 format
            can hold code.

    Raises:
        ModelError: no such file, not a `.keras` file, a damaged one, or one that asks for
            code (a Lambda layer, a class or a function that is not Keras'), for another
            file, or for memory out of proportion.
    """
    if not path.is_file():
        raise ModelError(f"There is no file {str(path)!r}. Check the path.")
    if not zipfile.is_zipfile(path):
        raise ModelError(
            f"{path.name} is not a .keras file. Save the model with model.save('name.keras')."
        )
    check_archive(path)
    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ModelError(f"{path.name} cannot be read as a Keras model: {reason}") from error
    return model

"""Pictures in folders, a folder for each class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from justright.data.dataset import Dataset
from justright.data.preparation import PIXELS
from justright.errors import DataError

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff")
# The names that folders of parts have, and which part it is.
_PARTS = {"train": "train", "training": "train", "val": "validation", "valid": "validation"}
_PARTS |= {"validation": "validation", "test": "test", "testing": "test"}


def read_pictures(folder: Path, size: tuple[int, int] | None = None) -> Dataset:
    """Read pictures from a folder that has a folder for each class.

    Args:
        folder: holds `CLASS/PICTURE`, or `train/CLASS/PICTURE` and beside `train` folders
            `validation` (or `val`) and `test`. Pictures are PNG, JPEG or what else Pillow reads.
        size: height and width to bring all of them to; those of most pictures if None.

    Returns:
        Pixels (rows, height, width, channels) of uint8, and the names of the folders as labels.
        One channel where all pictures are gray, else three; transparency is left away.

    Raises:
        DataError: no such folder, no folders with pictures in it, one class, a file that cannot be
            read as a picture, no Pillow.
    """
    if not folder.is_dir():
        raise DataError(f"There is no folder {str(folder)!r}. Check the path.")
    parts = {_PARTS[one.name.lower()]: one for one in _folders(folder) if _is_part(one)}
    if "train" not in parts:
        parts = {"train": folder}
    opened = {part: _opened(where) for part, where in parts.items()}
    pictures = [picture for listed, _ in opened.values() for picture in listed]
    counts = Counter((one.height, one.width) for one in pictures)
    chosen = size or counts.most_common(1)[0][0]
    mode = _mode(pictures)
    pairs = {part: (_pixels(listed, chosen, mode), y) for part, (listed, y) in opened.items()}
    X, y = pairs.pop("train")
    told = []
    if set(counts) != {chosen}:
        other = sum(counts.values()) - counts[chosen]
        told = [f"{other} of {len(pictures)} pictures were brought to {chosen[0]} × {chosen[1]}."]
    classes = len(np.unique(y))
    channels = f"{X.shape[3]} channel{'s' * (X.shape[3] > 1)}"
    head = f"{folder.name}, pictures of {chosen[0]} × {chosen[1]} pixels, {channels}"
    return Dataset(
        name=folder.name,
        head=f"{head}, {classes} classes",
        X=X,
        y=y,
        preprocess=PIXELS,
        validation=pairs.get("validation"),
        test=pairs.get("test"),
        told=tuple(told),
        target="class",
    )


def pictures_to_predict(
    where: Path, shape: Sequence[int | None]
) -> tuple[np.ndarray, list[str], np.ndarray | None]:
    """Pictures that a network is to predict, brought to the size and channels that it takes.

    Args:
        where: a picture; a folder of pictures; or a folder that has folders of pictures, or
            `test/CLASS/PICTURE` beside `train`, of which it is then that part (`train` without).
        shape: height, width and channels of the network's input, None where it takes any.

    Returns:
        Pixels (rows, height, width, channels) of uint8; the files' paths in the folder; and the
        names of their folders, or None of pictures that lie in no folder of their own.

    Raises:
        DataError: no pictures, one that cannot be read, pictures both beside folders of pictures
            and in them, a network that takes none, no Pillow.
    """
    modes = {1: "L", 3: "RGB", None: None}
    if len(shape) != 3 or shape[2] not in modes or (shape[0] is None) != (shape[1] is None):
        raise DataError(
            f"{where.name} holds pictures, and the network takes rows of shape {tuple(shape)}. "
            "Give it a file with rows like those it was trained on."
        )
    top, files, labels = _found(where)
    pictures = [_picture(file, top) for file in files]
    height, width, channels = shape
    common = Counter((one.height, one.width) for one in pictures).most_common(1)[0][0]
    size = common if height is None or width is None else (height, width)
    X = _pixels(pictures, size, modes[channels] or _mode(pictures))
    names = [file.relative_to(top).as_posix() for file in files]
    return X, names, None if labels is None else np.array(labels)


def _found(where: Path) -> tuple[Path, list[Path], list[str] | None]:
    """The folder that names are told from, the pictures, and the names of their folders."""
    if where.is_file():
        return where.parent, [where], None
    parts = {_PARTS[one.name.lower()]: one for one in _folders(where) if _is_part(one)}
    folder = parts.get("test", parts["train"]) if "train" in parts else where
    own = _files(folder)
    inner = [(file, one.name) for one in _folders(folder) for file in _files(one)]
    if own and inner:
        raise DataError(
            f"{folder.name} holds pictures, and folders with pictures too. Name one of the folders "
            "with --data, or move the pictures into folders named as classes."
        )
    if not own and not inner:
        raise DataError(
            f"{folder.name or folder} holds no pictures ({', '.join(PICTURES)}), nor folders with "
            "pictures."
        )
    return where, own or [file for file, _ in inner], [one for _, one in inner] or None


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.iterdir() if file.suffix.lower() in PICTURES)


def _mode(pictures: list[Any]) -> str:
    """Gray where all are, else color."""
    return "L" if all(one.mode in ("1", "L", "I", "I;16") for one in pictures) else "RGB"


def _folders(folder: Path) -> list[Path]:
    return sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] != ".")


def _is_part(folder: Path) -> bool:
    return folder.name.lower() in _PARTS and bool(_folders(folder))


def _opened(folder: Path) -> tuple[list[Any], np.ndarray]:
    """Pictures and their labels, in the order of their names."""
    pictures: list[Any] = []
    labels: list[str] = []
    for one in _folders(folder):
        files = _files(one)
        pictures += [_picture(file, folder) for file in files]
        labels += [one.name] * len(files)
    if len(set(labels)) < 2:
        raise DataError(
            f"{folder.name or folder} holds pictures of {len(set(labels))} class(es). At least two "
            f"folders with pictures ({', '.join(PICTURES[:3])}, …) are wanted, named as classes."
        )
    return pictures, np.array(labels)


def _picture(file: Path, folder: Path) -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DataError(
            f"{folder.name} is read with Pillow, which is not installed: pip install pillow."
        ) from error
    try:
        with Image.open(file) as picture:
            picture.load()
            return picture
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise DataError(
            f"{file.relative_to(folder)} cannot be read as a picture. Take it out of the folder."
        ) from error


def _pixels(pictures: list[Any], size: tuple[int, int], mode: str) -> np.ndarray:
    height, width = size
    X = np.empty((len(pictures), height, width, len(mode)), np.uint8)
    for i, picture in enumerate(pictures):
        fitting = picture.convert(mode)
        if fitting.size != (width, height):
            fitting = fitting.resize((width, height))
        X[i] = np.asarray(fitting).reshape(height, width, len(mode))
    return X

"""A table as it comes, made into numbers for a network by what its training rows show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.impute import SimpleImputer
from sklearn.utils.validation import check_is_fitted

from justright.data.columns import (
    LARGEST,
    Kind,
    as_dates,
    as_numbers,
    as_words,
    date_parts,
    kind_of,
)
from justright.data.date_order import turned_orders
from justright.data.frames import as_frame, is_frame
from justright.data.levels import Levels
from justright.data.smooth_scale import SmoothScaler
from justright.data.text_parts import TextParts
from justright.errors import DataError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_PLURALS: dict[Kind, str] = {
    "number": "numbers",
    "category": "categories",
    "text": "texts",
    "date": "dates",
}
# Of columns that are left out, so many are named.
_TOLD = 5
_NAME = "names rows, another one in each"


class TablePreparation(TransformerMixin, BaseEstimator):
    """A scikit-learn transformer from a table of any columns to numbers of float32.

    - Numbers, truth values and spans of time: missing ones become the median, and a column
      `NAME missing` says where; then all are standardized and bent towards ±3 (`SmoothScaler`).
    - Categories: a column `NAME=LEVEL` of 0 and 1 for each level. Levels with fewer than `rarest`
      rows, those beyond the `most_levels` most frequent ones, and levels first seen in prediction
      share `NAME rare`; without such a column, an unknown level is 0 in all. A missing value is a
      level.
    - Text, of several words that hardly repeat or with more than `most_levels` different values:
      `text_parts` columns, the largest principal parts of its character n-grams (TF-IDF and a
      singular value decomposition), so that names that look alike are near each other.
    - Dates, text among them where all of it has one order: days since 1970, and sine and cosine
      of the place in year, week and day.
    - Columns that are missing throughout, what is constant over the rows, and codes that name rows
      (one token with digits, another one in each row) are left out.

    Everything, what kind a column is included, is read off the rows given to `fit`; targets are
    never looked at. Columns are found by name, in any order.

    Args:
        categories: names of further columns to take as categories, such as codes that are numbers;
            where no level has `rarest` rows, each has a column all the same.
        most_levels: text with more different values is no category; as many levels have a column.
        rarest: a level of fewer rows has no column of its own.
        text_parts: columns for a text.
        texts: names of further columns to take as text.

    Attributes:
        kinds_: what each column is: number, category, text, date, name (of rows), or nothing.
        left_out_: the columns of which nothing is left, with the reason.
        feature_names_in_, n_features_in_: the columns of the table.

    Raises:
        DataError: infinity, cells such as lists, text in a column that held numbers, columns that
            are not there, or a table of which nothing is left.

    >>> import pandas as pd
    >>> table = pd.DataFrame({"age": [20, 40, None, 60], "city": ["Rome", "Oslo", "Oslo", "Rome"]})
    >>> prepare = TablePreparation(rarest=1).fit(table)
    >>> [str(name) for name in prepare.get_feature_names_out()]
    ['age', 'age missing', 'city=Oslo', 'city=Rome']
    >>> prepare.transform(table.tail(1))[:, 1:].tolist()
    [[0.0, 0.0, 1.0]]
    """

    def __init__(
        self,
        categories: Sequence[str] = (),
        most_levels: int = 64,
        rarest: int = 5,
        text_parts: int = 30,
        texts: Sequence[str] = (),
    ) -> None:
        self.categories = categories
        self.most_levels = most_levels
        self.rarest = rarest
        self.text_parts = text_parts
        self.texts = texts

    def fit(self, X: Any, y: object = None) -> TablePreparation:
        """Read off these rows how to make numbers of any.

        Args:
            X: a frame of pandas, polars or pyarrow, or an array (rows, columns).
            y: not looked at.
        """
        frame = as_frame(X)
        self.feature_names_in_ = np.array(list(frame.columns), dtype=object)
        self.n_features_in_ = frame.shape[1]
        self.kinds_ = self._kinds(frame)
        self._orders = turned_orders(frame, self._of_kind("date"))
        self._fit_numbers(frame)
        self._fit_words(frame)
        block, made = self._blocks(frame)
        self._kept = block.max(axis=0) > block.min(axis=0)
        self._made = [one for one, kept in zip(made, self._kept, strict=True) if kept]
        left = {one.origin for one in self._made}
        self.left_out_ = {
            name: self._why_left_out(frame[name], kind)
            for name, kind in self.kinds_.items()
            if name not in left
        }
        if not self._made:
            rows = "1 sample" if len(frame) == 1 else f"{len(frame)} training rows"
            raise DataError(
                f"Nothing is left of the {len(frame.columns)} columns over the {rows}."
                f"{self._left_out_in_words()}"
            )
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Numbers for a network, (rows, columns out) of float32."""
        check_is_fitted(self, "kinds_")
        return self._blocks(self._like_fitted(X))[0][:, self._kept]

    def get_feature_names_out(self, input_features: object = None) -> np.ndarray:
        """The names of the columns that `transform` gives."""
        check_is_fitted(self, "kinds_")
        return np.array([one.name for one in self._made], dtype=object)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn's checks and its meta-estimators ask of the transformer."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.categorical = tags.input_tags.string = True
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags

    def in_words(self) -> str:
        """What became of the columns, in a sentence or two."""
        check_is_fitted(self, "kinds_")
        used = [kind for name, kind in self.kinds_.items() if name not in self.left_out_]
        counts = {kind: used.count(kind) for kind in _PLURALS if kind in used}
        listed = [f"{n} {kind if n == 1 else _PLURALS[kind]}" for kind, n in counts.items()]
        if texts := [name for name in self._of_kind("text") if name not in self.left_out_]:
            more = ", …" if len(texts) > _TOLD else ""
            listed[list(counts).index("text")] += f" ({', '.join(texts[:_TOLD])}{more})"
        if turned := [f"{one}: {how}" for one, how in self._orders.items() if "date" in counts]:
            listed[list(counts).index("date")] += f" ({', '.join(turned[:_TOLD])})"
        become = "becomes" if len(used) == 1 else "become"
        inputs = "1 input" if len(self._made) == 1 else f"{len(self._made)} inputs"
        sentence = f"{' and '.join(_with_commas(listed))} {become} {inputs}."
        return f"{sentence}{self._left_out_in_words()}"

    def _left_out_in_words(self) -> str:
        """Which columns are left out, why, and how to keep what names rows or is rare."""
        if not self.left_out_:
            return ""
        named = [f"{name} ({why})" for name, why in self.left_out_.items()]
        more = f" and {len(named) - _TOLD} more" if len(named) > _TOLD else ""
        told = f" Left out: {', '.join(named[:_TOLD])}{more}."
        words = (_NAME, self._scarce)
        if kept := next((name for name, why in self.left_out_.items() if why in words), None):
            told += (
                f" To take one all the same: --text {kept} or TablePreparation(texts=[{kept!r}])"
            )
            told += ", or as a category."
        return told

    @property
    def _scarce(self) -> str:
        return f"no level has {self.rarest} rows"

    def _kinds(self, frame: pd.DataFrame) -> dict[str, Kind]:
        for option, named in (("categories", self.categories), ("texts", self.texts)):
            for name in named:
                if name not in frame.columns:
                    raise DataError(
                        f"{option} names {name!r}, which is no column. "
                        f"{did_you_mean(name, frame.columns)}"
                    )
        if both := sorted(set(self.categories) & set(self.texts)):
            raise DataError(
                f"categories and texts both name {both[0]!r}: take it as one of the two."
            )
        filled = frame.notna().any()
        kinds: dict[str, Kind] = {
            name: ("number" if filled[name] else "nothing")
            if plain
            else kind_of(frame[name], self.most_levels)
            for name, plain in _plain_numbers(frame).items()
        }
        asked: dict[str, Kind] = dict.fromkeys(self.categories, "category")
        asked |= dict.fromkeys(self.texts, "text")
        return {**kinds, **{name: one for name, one in asked.items() if kinds[name] != "nothing"}}

    def _why_left_out(self, column: pd.Series, kind: Kind) -> str:
        if kind == "nothing":
            return "all missing"
        if kind == "name":
            return _NAME
        if kind == "category" and column.nunique(dropna=False) > 1:
            return self._scarce
        return "constant"

    def _of_kind(self, kind: Kind) -> list[str]:
        return [name for name, one in self.kinds_.items() if one == kind]

    def _fit_numbers(self, frame: pd.DataFrame) -> None:
        given, made = self._quantities(frame)
        # The parts of a date are missing where its days are.
        self._gaps = np.isnan(given).any(axis=0) & np.array([one.main for one in made], bool)
        self._imputer = self._scaler = None
        if made:
            self._imputer = SimpleImputer(strategy="median", keep_empty_features=True).fit(given)
            self._scaler = SmoothScaler().fit(self._imputer.transform(given))

    def _fit_words(self, frame: pd.DataFrame) -> None:
        self._levels = None
        if self._of_kind("category"):
            levels = Levels(self.most_levels, self.rarest, tuple(self.categories))
            self._levels = levels.fit(self._categories(frame), self._of_kind("category"))
        self._texts = {
            name: TextParts(self.text_parts).fit(as_words(frame[name]))
            for name in self._of_kind("text")
        }

    def _blocks(self, frame: pd.DataFrame) -> tuple[np.ndarray, list[_Made]]:
        """All columns that could be given, (rows, …) of float32, and what they are."""
        blocks: list[np.ndarray] = [np.empty((len(frame), 0))]
        made: list[_Made] = []
        if self._imputer is not None and self._scaler is not None:
            given, quantities = self._quantities(frame)
            blocks.append(self._scaler.transform(self._imputer.transform(given)))
            blocks.append(np.isnan(given[:, self._gaps]))
            lacking = [one for one, gap in zip(quantities, self._gaps, strict=True) if gap]
            made += quantities + [_Made(one.origin, f"{one.origin} missing") for one in lacking]
        if self._levels is not None:
            blocks.append(self._levels.transform(self._categories(frame)))
            made += [_Made(origin, name) for origin, name in self._levels.made()]
        for name, parts in self._texts.items():
            blocks.append(parts.transform(as_words(frame[name])))
            made += [_Made(name, f"{name} part {i}") for i in range(1, blocks[-1].shape[1] + 1)]
        return np.concatenate([block.astype(np.float32) for block in blocks], axis=1), made

    def dates(self, name: str, frame: pd.DataFrame) -> pd.Series:
        """A column of dates, read in the order that it had in the training rows."""
        return as_dates(frame[name], self._orders.get(name))

    def _quantities(self, frame: pd.DataFrame) -> tuple[np.ndarray, list[_Made]]:
        """Numbers, and what dates are as numbers; NaN where they are missing."""
        names = self._of_kind("number")
        blocks = [_numbers(frame[names])]
        made = [_Made(name, name) for name in names]
        for name in self._of_kind("date"):
            for part, values in date_parts(self.dates(name, frame)).items():
                blocks.append(values[:, None])
                made.append(_Made(name, f"{name} {part}", main=part == "days"))
        return np.concatenate(blocks, axis=1), made

    def _categories(self, frame: pd.DataFrame) -> np.ndarray:
        return np.stack([as_words(frame[name]) for name in self._of_kind("category")], axis=1)

    def _like_fitted(self, X: Any) -> pd.DataFrame:
        frame, wanted = as_frame(X), list(self.feature_names_in_)
        if not is_frame(X) and len(frame.columns) != len(wanted):
            raise DataError(
                f"X has {len(frame.columns)} features, but TablePreparation is expecting "
                f"{len(wanted)} features as input."
            )
        lacking = [name for name in wanted if name not in frame.columns]
        if lacking:
            raise DataError(
                f"X lacks the column {lacking[0]!r}, which preprocessing was fitted on. "
                f"{did_you_mean(lacking[0], frame.columns)}"
            )
        return frame[wanted]


def _plain_numbers(frame: pd.DataFrame) -> dict[str, bool]:
    """Whether a column is of one of NumPy's own types of numbers, which needs no look at cells."""
    return {
        str(name): isinstance(dtype, np.dtype) and dtype.kind in "biuf"
        for name, dtype in frame.dtypes.items()
    }


def _numbers(frame: pd.DataFrame) -> np.ndarray:
    """Columns of numbers, (rows, columns) of float64; many at once where they are plain."""
    if all(_plain_numbers(frame).values()):
        block: np.ndarray = frame.to_numpy(np.float64)
        if not (np.abs(block) >= LARGEST).any():
            return block
    columns = [as_numbers(frame[name]) for name in frame.columns]
    return np.stack(columns, axis=1) if columns else np.empty((len(frame), 0))


class _Made(NamedTuple):
    """A column that is made: of which one of the table, its name, whether it may be missing."""

    origin: str
    name: str
    main: bool = True


def _with_commas(listed: list[str]) -> list[str]:
    """All but the last joined, so that `and` stands before the last."""
    return [", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed

"""Levels of categories as columns of 0 and 1."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import OneHotEncoder
from sklearn.utils.validation import check_is_fitted

_WORDS: dict[object, str] = {None: " missing", "infrequent_sklearn": " rare"}


class Levels(TransformerMixin, BaseEstimator):
    """A column for each level of each category; rare levels of a category share one.

    Args:
        most: as many levels of a category have a column of their own.
        rarest: a level of fewer rows has none of its own.
        asked: names of categories that were asked for: where no level has `rarest` rows, each has
            a column all the same.
    """

    def __init__(self, most: int = 64, rarest: int = 5, asked: Sequence[str] = ()) -> None:
        self.most = most
        self.rarest = rarest
        self.asked = asked

    def fit(self, words: np.ndarray, names: Sequence[str]) -> Levels:
        """Read the levels off words (rows, categories), None where they are missing.

        Args:
            words: the categories.
            names: of them.
        """
        self.names_ = list(names)
        scarce = [
            n in self.asked and self._largest(words[:, i]) < self.rarest
            for i, n in enumerate(names)
        ]
        self._parts = [
            (one, self._encoder(rarest).fit(words[:, one]))
            for rarest, one in (
                (self.rarest, np.flatnonzero(~np.array(scarce, bool))),
                (1, np.flatnonzero(scarce)),
            )
            if len(one)
        ]
        return self

    def transform(self, words: np.ndarray) -> np.ndarray:
        """Words (rows, categories) as (rows, columns) of 0 and 1 in float32."""
        check_is_fitted(self, "names_")
        return np.concatenate([part.transform(words[:, one]) for one, part in self._parts], axis=1)

    def made(self) -> list[tuple[str, str]]:
        """Of each column the category that it comes from, and its name."""
        check_is_fitted(self, "names_")
        found = []
        for columns, part in self._parts:
            origins = [self.names_[i] for i in columns]
            numbered = [str(i) for i in range(len(origins))]
            for one in part.get_feature_names_out(numbered):
                number, _, level = str(one).partition("|")
                found.append((origins[int(number)], f"{origins[int(number)]}{level}"))
        return found

    def _encoder(self, rarest: int) -> OneHotEncoder:
        return OneHotEncoder(
            min_frequency=rarest,
            max_categories=self.most + 1,
            handle_unknown="infrequent_if_exist",
            sparse_output=False,
            dtype=np.float32,
            feature_name_combiner=_level_name,
        )

    def _largest(self, words: np.ndarray) -> int:
        counts: dict[object, int] = {}
        for word in words.tolist():
            counts[word] = counts.get(word, 0) + 1
        return max(counts.values(), default=0)


def _level_name(column: object, level: object) -> str:
    return f"{column}|{_WORDS.get(level, f'={level}')}"

"""Text of many different values as a few columns of numbers."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.utils.validation import check_is_fitted

# Of all n-grams the most frequent: more would take memory and change little.
_MOST_GRAMS = 20_000


class TextParts(TransformerMixin, BaseEstimator):
    """The largest principal parts of character n-grams, on one scale.

    N-grams of 2 to 4 characters within words are weighted by TF-IDF; a truncated singular value
    decomposition keeps `parts` columns, which are divided by the one deviation of them all, so
    that the larger parts stay larger. Missing text is 0 throughout.

    Args:
        parts: columns to keep; fewer where there are not as many n-grams or rows.

    Source: Deerwester et al., "Indexing by Latent Semantic Analysis", 1990.
    """

    def __init__(self, parts: int = 30) -> None:
        self.parts = parts

    def fit(self, words: np.ndarray, y: object = None) -> TextParts:
        """Read vocabulary and parts off words (rows,), None where they are missing."""
        self.vectorizer_ = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(2, 4), max_features=_MOST_GRAMS, dtype=np.float32
        )
        grams = self.vectorizer_.fit_transform(_present(words))
        count = max(1, min(self.parts, grams.shape[1] - 1, grams.shape[0] - 1))
        self.decomposition_ = TruncatedSVD(count, random_state=0)
        parts = self.decomposition_.fit_transform(grams)
        self.scale_ = float(parts.std()) or 1.0
        return self

    def transform(self, words: np.ndarray) -> np.ndarray:
        """Parts of words (rows,), as (rows, parts) of float32."""
        check_is_fitted(self)
        grams = self.vectorizer_.transform(_present(words))
        return (self.decomposition_.transform(grams) / self.scale_).astype(np.float32)


def _present(words: np.ndarray) -> list[str]:
    return [word or "" for word in words]

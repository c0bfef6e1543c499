"""Read a study's store: also while it is written, and without the task it is of."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from justright.errors import DataError, StoreError
from justright.network.weights import Arrays
from justright.store.database import reading, told
from justright.store.mend import Mended, mend_store
from justright.store.packed import unpacked

if TYPE_CHECKING:
    import pandas as pd

_HIDDEN = ("key", "digest")


@dataclass(frozen=True, repr=False)
class StoredStudy:
    """What a store holds at the moment that it is asked.

    Attributes:
        path: the file.
        mended: what was saved, where the file was damaged and has been mended.

    Raises:
        StoreError: (when it is asked) a file that is no store, or a damaged one.
    """

    path: Path
    mended: Mended | None = None

    def __repr__(self) -> str:
        try:
            table = self.table
        except StoreError:
            return f"<Store {str(self.path)!r}, which cannot be read>"
        running = int((table["outcome"] == "running").sum())
        under_way = f", {running} of them under way" if running else ""
        recipes = table["recipe"].nunique()
        counts = [f"{len(table)} training{'s' * (len(table) != 1)}{under_way}"]
        counts.append(f"{recipes} recipe{'s' * (recipes != 1)}")
        return f"<Store {str(self.path)!r}: {', '.join(counts)}>"

    @property
    def settings(self) -> dict[str, str]:
        """What all trainings have in common, by name; of rows and network a hash."""
        table = self._asked("SELECT name, value FROM settings ORDER BY name")
        return dict(zip(table["name"], table["value"], strict=True))

    @property
    def table(self) -> pd.DataFrame:
        """One row a training, those that are under way among them (outcome `running`).

        Columns: those of the table `trials` in docs/store.md, but key and digest.
        """
        return self._asked("SELECT * FROM trials ORDER BY id").drop(columns=[*_HIDDEN])

    @property
    def curves(self) -> pd.DataFrame:
        """One row an epoch of a training: recipe, seed, split, epoch, and the logged figures."""
        figures = "curves.epoch, train_loss, val_loss, train_metric, val_metric, penalty"
        return self._asked(
            f"SELECT recipe, seed, split, {figures} FROM curves JOIN trials ON trial = id "
            "ORDER BY id, curves.epoch"
        )

    def weights(self, number: int) -> list[Arrays]:
        """The chosen weights of a training that has ended, by layer and name.

        Args:
            number: of the training, `id` in the table.

        Returns:
            One mapping for each network that predicts; one of most recipes.

        Raises:
            DataError: no such training, or one without weights (running, pruned).
        """
        query = "SELECT safetensors FROM weights WHERE trial = ? ORDER BY member"
        with reading(self.path) as connection:
            rows = connection.execute(query, (int(number),)).fetchall()
        if not rows:
            raise DataError(
                f"The store has no weights of a training {number}: its table says which trainings "
                "there are, and those that are running or were given up (pruned) have none."
            )
        return [unpacked(row[0]) for row in rows]

    def _asked(self, query: str) -> pd.DataFrame:
        import pandas as pd

        with reading(self.path) as connection, told(self.path):
            cursor = connection.execute(query)
            names = [column[0] for column in cursor.description]
            return pd.DataFrame(cursor.fetchall(), columns=names)


def read_store(path: str | Path, mend: bool = False) -> StoredStudy:
    """A study's store, to look at.

    Args:
        path: the file; a run may be writing it.
        mend: whether to put what can be read of a damaged file into a new one under its name
            first. The damaged one is kept beside it; trainings that had not ended begin anew.

    Raises:
        StoreError: no such file, one that is no store, or a damaged one; with `mend`, one that a
            run is writing, or of which nothing can be read: it is left as it is.
    """
    mended = mend_store(Path(path)) if mend else None
    with reading(Path(path)):
        return StoredStudy(Path(path), mended)

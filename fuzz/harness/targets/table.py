"""Tables in text: CSV and its sisters, read and taken for numbers."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from functools import partial
from pathlib import Path

import numpy as np

from harness.mutation import mutated_bytes
from harness.target import Target
from justright.data.read import read_dataset
from justright.data.table_preparation import TablePreparation

TOKENS = [
    b",", b";", b"\t", b"|", b"?", b"NA", b"nan", b"inf", b"1e400", b"2024-02-30", b"2021-03-01",
    b"12:00", b"true", b"False", b"1,5", b'"a\nb"', b'"', b"None", b"NaT", b"Unnamed: 0",
    b"\n1,2\n", b"9999-12-31", b"0001-01-01", b"1e308", b"1+2j",
]  # fmt: skip
ENDINGS = {
    b"c": ".csv", b"t": ".tsv", b"g": ".csv.gz", b"b": ".csv.bz2", b"x": ".csv.xz",
    b"z": ".csv.zip",
}  # fmt: skip


def corpus() -> list[bytes]:
    """Small tables of numbers, text, dates, gaps."""
    people = b"age,city,joined,stays\n" + b"".join(
        f"{20 + i},{['Rome', 'Oslo', 'Bern'][i % 3]},2021-03-{i + 1:02},{'yn'[i % 2]}\n".encode()
        for i in range(8)
    )
    return [
        b"c" + people,
        b"ca;b\n1,5;2\n2,5;3\n",
        b"cx,y\n1,0\n2,1\n?,1\n",
        b"ta\tb\n1\tno\n2\tyes\n",
        b"cx,y\n1e308,0\n-1e308,1\n",
        b'c"a ""b""","c\nd"\n"x, y",1\n"",2\n',
        b"g" + gzip.compress(people),
        b"b" + bz2.compress(people),
        b"x" + lzma.compress(people),
        b"z" + _zipped(people),
        b"ca|b\r\n1|2\r\n",
    ]


def _zipped(content: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as packed:
        packed.writestr("t.csv", content)
    return whole.getvalue()


def check(data: bytes) -> None:
    """Read the rows, and prepare them as a network gets them."""
    path = Path(f"t{ENDINGS.get(data[:1], '.csv')}")
    path.write_bytes(data[1:])
    read = read_dataset(path)
    np.asarray(TablePreparation().fit(read.X).transform(read.X))


TARGET = Target("table", corpus, check, partial(mutated_bytes, tokens=TOKENS))

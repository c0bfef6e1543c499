"""Recipes, and what to vary, as text."""

from __future__ import annotations

from functools import partial

from harness.mutation import mutated_bytes
from harness.target import Target
from justright.regularizers import TECHNIQUES
from justright.regularizers.text import parse_over, parse_recipe

NAMES = [kind.key().encode() for kind in TECHNIQUES]
TOKENS = [
    *NAMES, b"plain", b"input/", b"hidden/", b"output/", b"linear/0/0.5/20", b"cosine/", b"step/",
    b"+", b":", b"=", b",", b":inference=gaussian", b":per_example=true", b":members=5", b"*/0.1",
]  # fmt: skip


def corpus() -> list[bytes]:
    """Each technique, and what the documentation shows."""
    shown = [
        b"plain", b"", b"dropout=0.4,l2=1e-3,early_stopping=20", b"elastic_net=1e-4:1e-3",
        b"dropout=input/0.2+hidden/0.5,max_norm=3", b"dropout=linear/0/0.5/20,batch_norm",
        b"drop_connect=0.3:inference=gaussian", b"snapshot_ensemble:members=5", b"cutmix=1",
        b"l2=hidden/cosine/1e-4/1e-2/30+output/0", b"dropout=0,0.2,0.5", b"elastic_net.l1=0,1",
    ]  # fmt: skip
    return [*shown, *NAMES, *(name + b"=0.1" for name in NAMES)]


def check(data: bytes) -> None:
    """Read a recipe, and what is read must come back from what is shown of it."""
    text = data.decode("utf-8", "surrogateescape")
    if text.startswith("over "):
        parse_over(text[5:].split(" "))
        return
    recipe = parse_recipe(text)
    str(recipe), repr(recipe), hash(recipe), recipe._repr_html_()
    if recipe != parse_recipe(text):
        raise AssertionError("read twice, it is another one")


TARGET = Target("recipe", corpus, check, partial(mutated_bytes, tokens=[*TOKENS, b"over "]))

"""Whose line a refusal is told with: that of the file it quotes, and of none where the command line is at fault."""

from __future__ import annotations

import pytest

from ephor.edges.cli.placed import Placed, typed
from ephor.kernel.errors import InvalidInputError

LINES = {"dataset[0].fides_key": 2, "dataset[0].collections[0].name": 4}
DOCUMENT = {"dataset": [{"fides_key": "shop", "collections": [{"name": "orders"}]}]}
TYPED = typed(["--map", "map.yaml", "--store=shop=a.db", "--form", "pdf", "--expires", "soon"])


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("`pdf` is no form of a package", "`pdf` is no form of a package"),
        ("`soon` is not a day; write 2026-08-02", "`soon` is not a day; write 2026-08-02"),
        ("collection `orders` holds `x`", "map.yaml:4: collection `orders` holds `x`"),
        ("dataset `shop` holds `x`", "map.yaml:2: dataset `shop` holds `x`"),
        ("the data map holds no collection", "map.yaml:1: the data map holds no collection"),
        ("a code is asked for with --code", "a code is asked for with --code"),
    ],
)
def test_a_refusal_is_told_with_the_line_of_the_file_it_is_about(message: str, told: str) -> None:
    placed = Placed(lambda _file: (DOCUMENT, LINES), typed=TYPED)
    placed.read("map.yaml")
    assert str(placed.tell(InvalidInputError(message))) == told

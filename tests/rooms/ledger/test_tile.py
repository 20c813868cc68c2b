"""Paths, tiles and bundles as C2SP tlog-tiles has them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ephor.kernel.errors import InvalidInputError, VerificationError
from ephor.rooms.ledger import tile


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (tile.tile_path(0, 0), "tile/0/000"),
        (tile.tile_path(0, 1234067), "tile/0/x001/x234/067"),
        (tile.tile_path(63, 999, 255), "tile/63/999.p/255"),
        (tile.tile_path(2, 1000, 1), "tile/2/x001/000.p/1"),
        (tile.entries_path(1000000), "tile/entries/x001/x000/000"),
        (tile.entries_path(7, 8), "tile/entries/007.p/8"),
    ],
)
def test_paths_follow_the_specification(path, expected):
    assert path == expected


@pytest.mark.parametrize(
    ("level", "index", "width"), [(-1, 0, 256), (64, 0, 256), (0, -1, 256), (0, 0, 0), (0, 0, 257)]
)
def test_a_tile_that_cannot_be_has_no_path(level, index, width):
    with pytest.raises(InvalidInputError):
        tile.tile_path(level, index, width)


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65535, 65536, 65537, 70000])
def test_the_tiles_of_a_tree_are_what_the_specification_counts(size):
    found = list(tile.tiles_of(size))
    for level in range(4):
        count = size // 256**level
        widths = [width for at, _, width in found if at == level]
        assert widths == [256] * (count // 256) + ([count % 256] if count % 256 else [])
    assert [(i, w) for level, i, w in found if level == 0] == list(tile.bundles_of(size))


@given(st.lists(st.binary(max_size=300), max_size=256))
def test_a_bundle_gives_back_its_entries(entries):
    assert tile.decode_bundle(tile.encode_bundle(entries)) == entries


def test_the_longest_entry_fits_and_a_longer_one_is_refused():
    assert tile.decode_bundle(tile.encode_bundle([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(InvalidInputError):
        tile.encode_bundle([bytes(65_536)])


@pytest.mark.parametrize(
    "data", [b"\x00", b"\x00\x01", b"\x00\x02a", b"\x00\x00\xff", b"\xff\xff" + bytes(65_534), bytes(514)]
)
def test_a_bundle_that_is_cut_or_too_full_is_refused(data):
    with pytest.raises(VerificationError):
        tile.decode_bundle(data)

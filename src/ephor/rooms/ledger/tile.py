"""Where C2SP tlog-tiles keeps hashes and entries: 256 wide, named by level and index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ephor.kernel.errors import InvalidInputError, VerificationError

WIDTH = 256
"""Hashes of a full tile, and entries of a full bundle."""
MIDDLE = 16
"""Hashes in the middle of a full tile, each over as many of its hashes: what a proof need not hash again if they are kept."""
HEIGHT = 8
"""Tree levels that one tile spans."""
MAX_ENTRY = 65_535
"""Longest entry in bytes: its length is written in 16 bits."""


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """Return the path of a hash tile, relative to the log.

    >>> tile_path(0, 1234067), tile_path(1, 0, 17)
    ('tile/0/x001/x234/067', 'tile/1/000.p/17')

    Raises:
        InvalidInputError: a level beyond 63, a negative index, or a width outside 1 to 256.
    """
    if not 0 <= level <= 63:
        raise InvalidInputError(f"no tile level `{level}`; levels go from 0 to 63", level=level)
    return f"tile/{level}/{_place(index, width)}"


def entries_path(index: int, width: int = WIDTH) -> str:
    """Return the path of an entry bundle, relative to the log.

    >>> entries_path(5), entries_path(1000, 3)
    ('tile/entries/005', 'tile/entries/x001/000.p/3')

    Raises:
        InvalidInputError: a negative index, or a width outside 1 to 256.
    """
    return f"tile/entries/{_place(index, width)}"


def _place(index: int, width: int) -> str:
    if index < 0:
        raise InvalidInputError(f"no tile index `{index}`; the first is 0", index=index)
    if not 1 <= width <= WIDTH:
        raise InvalidInputError(f"no tile width `{width}`; a tile holds 1 to {WIDTH}", width=width)
    place = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        place = f"x{index % 1000:03d}/{place}"
    return place if width == WIDTH else f"{place}.p/{width}"


def parse_path(path: str) -> tuple[int | None, int, int] | None:
    """Return level (None for entries), index and width of a file of a log; None when *path* names no such file.

    >>> parse_path("tile/0/x001/x234/067"), parse_path("tile/entries/x001/000.p/3"), parse_path("tile/0/1")
    ((0, 1234067, 256), (None, 1000, 3), None)
    """
    kind, _, place = path.removeprefix("tile/").partition("/")
    level = None if kind == "entries" else int(kind) if kind.isascii() and kind.isdigit() else -1
    whole, dot, wide = place.partition(".p/")
    digits = "".join(part.removeprefix("x") for part in whole.split("/"))
    if not (digits.isascii() and digits.isdigit() and (not dot or (wide.isascii() and wide.isdigit()))):
        return None
    index, width = int(digits), int(wide) if dot else WIDTH
    try:
        written = entries_path(index, width) if level is None else tile_path(level, index, width)
    except InvalidInputError:
        return None
    return (level, index, width) if written == path else None


def tiles_of(size: int) -> Iterator[tuple[int, int, int]]:
    """Yield level, index and width of every hash tile of a tree of *size*, level by level, left to right.

    >>> [tile for tile in tiles_of(70_000) if tile[1] > 271 or tile[0]]
    [(0, 272, 256), (0, 273, 112), (1, 0, 256), (1, 1, 17), (2, 0, 1)]
    """
    level, count = 0, size
    while count:
        full, rest = divmod(count, WIDTH)
        for index in range(full):
            yield level, index, WIDTH
        if rest:
            yield level, full, rest
        level, count = level + 1, full


def bundles_of(size: int) -> Iterator[tuple[int, int]]:
    """Yield index and width of every entry bundle of a log of *size*.

    >>> list(bundles_of(513))
    [(0, 256), (1, 256), (2, 1)]
    """
    full, rest = divmod(size, WIDTH)
    for index in range(full):
        yield index, WIDTH
    if rest:
        yield full, rest


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Return *entries* end to end, each behind its length in 16 bits, big-endian.

    >>> encode_bundle([b"ab", b""])
    b'\\x00\\x02ab\\x00\\x00'

    Raises:
        InvalidInputError: an entry is too long to have such a length.
    """
    whole = list(entries)
    try:
        lengths = [len(entry).to_bytes(2) for entry in whole]
    except OverflowError:
        longest = max(map(len, whole))
        raise InvalidInputError(
            f"an entry is {longest} bytes long; at most {MAX_ENTRY} fit", bytes=longest
        ) from None
    return b"".join([part for pair in zip(lengths, whole, strict=True) for part in pair])


def decode_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle.

    >>> decode_bundle(b"\\x00\\x02ab\\x00\\x00")
    [b'ab', b'']

    Raises:
        VerificationError: the bundle ends inside an entry, or holds more than 256.
    """
    entries: list[bytes] = []
    at, end = 0, len(data)
    while at < end:
        start = at + 2
        at = start + int.from_bytes(data[at:start], "big")
        if start > end or at > end:
            raise VerificationError(f"the bundle ends inside its entry {len(entries)}", position=len(entries))
        entries.append(data[start:at])
        if len(entries) > WIDTH:
            raise VerificationError(f"the bundle holds more than {WIDTH} entries", entries=len(entries))
    return entries


def encode_tile(hashes: Sequence[bytes]) -> bytes:
    """Return the bytes of a hash tile: its hashes end to end."""
    return b"".join(hashes)

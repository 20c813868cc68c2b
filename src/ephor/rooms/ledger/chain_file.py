"""The hash chain as a file of JSON lines: an entry a line beside its link, and a last line that names the last link.

Whoever can write the file can cut it and write its last line anew. A link kept elsewhere shows that; see `chain`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import chain
from ephor.rooms.ledger.chain import Link
from ephor.rooms.ledger.entry import parse

FORMAT = "ephor/chain/1"
MAX_LINE = 65_535 + 300
"""Longest line in bytes: an entry, and less than 300 for its link."""
_LINE = re.compile(
    rb'\{"sequence_number":([1-9][0-9]{0,15}),"previous_hash":"([0-9a-f]{64})","entry_hash":"([0-9a-f]{64})"'
    rb',"entry":(\{[^\n]*\})\}'
)


@dataclass(frozen=True, slots=True)
class Anchor:
    """The last line: whose chain it is, how many entries it has, and the hash of the last."""

    log: str
    sequence_number: int
    entry_hash: str


def encode_line(link: Link, entry: bytes) -> bytes:
    """Return the line of one entry; the entry's bytes stand in it as they are.

    >>> encode_line(Link(1, bytes(32), bytes(32)), b"{}")
    Traceback (most recent call last):
    ephor.kernel.errors.VerificationError: `v` is missing

    Raises:
        VerificationError: the entry is none, so that it would not be the one thing that its line can be read as.
    """
    parse(entry)
    return (
        f'{{"sequence_number":{link.sequence_number},"previous_hash":"{link.previous_hash.hex()}"'
        f',"entry_hash":"{link.entry_hash.hex()}","entry":'
    ).encode() + entry + b"}"  # fmt: skip


def encode_anchor(log: str, last: Link) -> bytes:
    """Return the last line of the chain of *log*.

    >>> encode_anchor("example.org/log", chain.START)[:66]
    b'{"format":"ephor/chain/1","log":"example.org/log","sequence_number'
    """
    return orjson.dumps(
        {
            "format": FORMAT,
            "log": log,
            "sequence_number": last.sequence_number,
            "entry_hash": last.entry_hash.hex(),
        }
    )


def verify(lines: Iterable[bytes], *, last: str | None = None) -> Anchor:
    """Return the last line of a chain's file after checking every link and every entry before it.

    *last* is the hash of a link that somebody kept, in hexadecimal; the chain must have it.

    Raises:
        VerificationError: it does not hold; the fact `sequence_number` names the first entry that does not, and is
            ``None`` where that cannot be known.
    """
    reading = Reading(lines)
    met = last in (None, chain.GENESIS.hex())
    for link, _ in reading:
        met = met or link.entry_hash.hex() == last
    if not met:
        raise VerificationError(
            f"none of the {reading.anchor.sequence_number} links has the hash that was kept: the chain was cut before it, or "
            "written anew",
            sequence_number=None,
        )
    return reading.anchor


class Reading:
    """The links and entries of a file, each checked; after the last of them, `anchor` is the last line.

    Iterating raises VerificationError as `verify` does.
    """

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)
        self._end = chain.START
        self._log: str | None = None
        self.anchor = Anchor("", 0, "")

    def __iter__(self) -> Iterator[tuple[Link, bytes]]:
        for line in self._lines:
            found = _LINE.fullmatch(line)
            if found is None:
                self._finish(line)
                return
            number, previous, entry_hash, entry = found.groups()
            self._check(entry)
            link = Link(int(number), bytes.fromhex(previous.decode()), bytes.fromhex(entry_hash.decode()))
            self._end = chain.verify([(link, entry)], after=self._end)
            yield link, entry
        raise self._broken("the file has no last line that names its last link; it was cut")

    def _check(self, entry: bytes) -> None:
        try:
            log = str(parse(entry)["log"])
        except VerificationError as error:
            raise self._broken(f"line {self._end.sequence_number + 1}: {error}") from error
        self._log = self._log or log
        if log != self._log:
            raise self._broken(f"line {self._end.sequence_number + 1}: an entry of another log, `{log[:80]}`")

    def _finish(self, line: bytes) -> None:
        anchor, end = _read_anchor(line), self._end
        if anchor is None:
            raise self._broken(
                f"line {end.sequence_number + 1} is neither an entry with its link nor a last line"
            )
        if (anchor.sequence_number, anchor.entry_hash) != (end.sequence_number, end.entry_hash.hex()):
            raise self._broken(
                f"the last line names link {anchor.sequence_number}, which is not the last here"
            )
        if self._log not in (None, anchor.log):
            raise self._broken(f"the last line is of another log than the entries, `{anchor.log[:80]}`")
        if next(self._lines, None) is not None:
            raise self._broken("something stands behind the last line")
        self.anchor = anchor

    def _broken(self, problem: str) -> VerificationError:
        return VerificationError(problem, sequence_number=self._end.sequence_number + 1)


def _read_anchor(line: bytes) -> Anchor | None:
    try:
        told = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(told, dict) or told.keys() != {"format", "log", "sequence_number", "entry_hash"}:
        return None
    log, count, entry_hash = told["log"], told["sequence_number"], told["entry_hash"]
    if told["format"] != FORMAT or not isinstance(log, str) or type(count) is not int:
        return None
    return Anchor(log, count, str(entry_hash))

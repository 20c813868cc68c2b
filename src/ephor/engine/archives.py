"""Use cases: the ledger as the guide's hash chain, shown, written to a file, and compared with such a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ephor.engine.ports import Head, World
from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import chain, chain_file, frontier
from ephor.rooms.ledger.chain import Link
from ephor.rooms.ledger.chain_file import Anchor
from ephor.rooms.ledger.tree import leaf_hash

if TYPE_CHECKING:
    from ephor.verifier import Finding, Report

_BATCH = 256
_REWRITTEN = "the past was rewritten, or its end was cut; keep the file, and ask for a bundle to a checkpoint"
_SPOILT = "what you kept proves nothing about this ledger; find the right one"


@dataclass(frozen=True, slots=True)
class Linked:
    """One entry's place in the chain, for reading; hashes in hexadecimal."""

    sequence_number: int
    previous_hash: str
    entry_hash: str


@dataclass(frozen=True, slots=True)
class Archives:
    """The ledger of this plane, as those read it who know hash chains."""

    world: World

    def chain(self, first: int | None = None, limit: int = 20) -> Sequence[Linked]:
        """Return *limit* links from the sequence number *first* on, or else the newest.

        Every link rests on all before it, so all entries are read, and held against the signed head.

        Raises:
            VerificationError: the entries are not those that were signed.
        """
        head = self.world.storage.ledger.head()
        start = max(1, head.size - limit + 1) if first is None else first
        return [
            Linked(one.sequence_number, one.previous_hash.hex(), one.entry_hash.hex())
            for one, _ in self._links(head)
            if start <= one.sequence_number < start + limit
        ]

    def export_chain(self, write: Callable[[bytes], None]) -> Anchor:
        """Write the chain as lines and return the last of them.

        Raises:
            VerificationError: the entries are not those that were signed; what was written is then no chain of them.
        """
        head = self.world.storage.ledger.head()
        last = chain.START
        for last, entry in self._links(head):
            write(chain_file.encode_line(last, entry) + b"\n")
        write(chain_file.encode_anchor(head.origin, last) + b"\n")
        return Anchor(head.origin, last.sequence_number, last.entry_hash.hex())

    def hold(self, report: Report, lines: Iterable[bytes]) -> Report:
        """Return *report* with what a chain's file that somebody kept shows against this ledger, if anything.

        The ledger may have more entries than the file, and no other.
        """
        from ephor import verifier  # noqa: PLC0415 - so that `python -m ephor.verifier` finds it not yet loaded

        finding = self._compare(lines, verifier.Finding)
        if finding is None:
            return report
        return replace(report, verdict=verifier.INVALID, findings=(*report.findings, finding))

    def _compare(self, lines: Iterable[bytes], finding: type[Finding]) -> Finding | None:
        head = self.world.storage.ledger.head()
        reading = chain_file.Reading(lines)
        ours = iter(self.world.storage.ledger.entries(0, head.size))
        try:
            for link, entry in reading:
                if next(ours, None) != entry:
                    problem = f"entry {link.sequence_number} of the chain's file is not the one here"
                    return finding(link.sequence_number - 1, None, problem, _REWRITTEN)
        except VerificationError as error:
            number = error.facts["sequence_number"]
            place = number - 1 if isinstance(number, int) else None
            return finding(place, None, f"the chain's file does not hold: {error}", _SPOILT)
        if reading.anchor.log != head.origin:
            problem = f"the chain's file is of another log, `{reading.anchor.log[:80]}`"
            return finding(None, None, problem, _SPOILT)
        return None

    def _links(self, head: Head) -> Iterator[tuple[Link, bytes]]:
        """Yield every link with its entry; fail at the end where the entries do not lead to the signed root."""
        tree, leaves, last = frontier.EMPTY, list[bytes](), chain.START
        for entry in self.world.storage.ledger.entries(0, head.size):
            leaves.append(leaf_hash(entry))
            if len(leaves) == _BATCH:
                tree, leaves = frontier.extend(tree, leaves), []
            last = chain.link(last, entry)
            yield last, entry
        tree = frontier.extend(tree, leaves)
        if (tree.size, frontier.root(tree)) != (head.size, head.root):
            raise VerificationError(
                "the entries do not lead to the signed head, so neither does a chain over them; run `ephor ledger verify`"
            )

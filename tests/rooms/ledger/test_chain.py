"""The hash chain: what it notices, and what only a kept link lets it notice."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ephor.kernel.errors import VerificationError
from ephor.rooms.ledger import chain

ENTRIES = [b"one", b"two", b"three", b"", b"five"]
ROWS = list(zip(chain.link_all(ENTRIES), ENTRIES, strict=True))


def test_a_chain_holds_whole_and_in_parts():
    last = ROWS[-1][0]
    assert chain.verify(ROWS) == last
    assert chain.verify(ROWS[2:], after=ROWS[1][0], last=last) == last
    assert chain.verify([]) == chain.START
    assert last.sequence_number == 5


@pytest.mark.parametrize("at", range(5))
def test_the_first_entry_that_does_not_hold_is_named(at):
    link, entry = ROWS[at]
    for wrong in (
        (link, entry + b"!"),
        (replace(link, entry_hash=bytes(32)), entry),
        (replace(link, previous_hash=bytes([1]) * 32), entry),
        (replace(link, sequence_number=99), entry),
    ):
        with pytest.raises(VerificationError) as caught:
            chain.verify([*ROWS[:at], wrong, *ROWS[at + 1 :]])
        assert caught.value.facts["sequence_number"] == at + 1


@pytest.mark.parametrize("at", range(4))
def test_a_missing_first_or_middle_entry_and_a_swap_are_noticed(at):
    with pytest.raises(VerificationError):
        chain.verify(ROWS[:at] + ROWS[at + 1 :])
    with pytest.raises(VerificationError):
        chain.verify([*ROWS[:at], ROWS[at + 1], ROWS[at], *ROWS[at + 2 :]])


def test_a_cut_tail_goes_unnoticed_unless_somebody_kept_a_link():
    assert chain.verify(ROWS[:3]) == ROWS[2][0]
    with pytest.raises(VerificationError, match="ends at 3 without the kept link 5"):
        chain.verify(ROWS[:3], last=ROWS[-1][0])


def test_a_chain_written_anew_is_noticed_against_a_kept_link():
    forged = [b"won", *ENTRIES[1:]]
    with pytest.raises(VerificationError):
        chain.verify(zip(chain.link_all(forged), forged, strict=True), last=ROWS[-1][0])


def test_a_place_is_part_of_what_is_hashed():
    elsewhere = replace(chain.START, sequence_number=1)
    assert chain.link(elsewhere, b"a").entry_hash != chain.link(chain.START, b"a").entry_hash


def test_nothing_can_be_shifted_from_one_entry_to_the_next():
    one = list(chain.link_all([b"ab", b"c"]))
    other = list(chain.link_all([b"a", b"bc"]))
    assert not {link.entry_hash for link in one} & {link.entry_hash for link in other}

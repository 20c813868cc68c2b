"""The heads outside the database: kept in turn, torn by a power cut, taken away, put there by hand."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ephor.adapters.keys.kept import KeptHeads, size_of
from ephor.kernel.errors import UnavailableError, VerificationError

SLOT = 4_096


def note(size: int, more: str = "") -> bytes:
    return f"test.local/a/main\n{size}\nroot{more}\n\n— sig\n".encode()


@pytest.fixture
def heads(tmp_path: Path) -> KeptHeads:
    return KeptHeads(tmp_path)


def keep(heads: KeptHeads, size: int, after: int, log: int = 0) -> None:
    with heads.keeping(note(size), after, log):
        pass


def test_a_head_is_kept_when_the_block_ends_well_and_only_then(heads):
    assert heads.head() is None
    with heads.keeping(note(5), 0):
        assert heads.head() is None
    assert heads.head() == note(5)
    with pytest.raises(ZeroDivisionError), heads.keeping(note(9), 5):
        _ = 1 / 0
    assert heads.head() == note(5)


def test_the_newest_of_many_is_kept_and_every_log_has_its_own(heads):
    for size in range(1, 8):
        keep(heads, size, size - 1)
        assert heads.head() == KeptHeads(heads.path).head() == note(size)
    keep(heads, 100, 0, log=3)
    assert (heads.head(), heads.head(3), heads.head(1)) == (note(7), note(100), None)
    assert heads.logs() == {0, 3}
    assert (heads.path / "head").stat().st_mode & 0o777 == 0o600


def test_a_database_that_is_behind_is_refused_and_what_was_kept_stays(heads):
    keep(heads, 8, 7)
    with pytest.raises(VerificationError, match="holds 7 entries, but a head over 8 was published"):
        keep(heads, 9, 7)
    assert heads.head() == note(8)


@pytest.mark.parametrize("at", [0, 20, SLOT - 33, SLOT - 1])
def test_a_slot_that_a_power_cut_tore_is_passed_over_for_the_other(heads, at):
    keep(heads, 1, 0)
    keep(heads, 2, 1)
    data = bytearray((heads.path / "head").read_bytes())
    place = SLOT + at  # the second one was written last
    data[place] ^= 1
    (heads.path / "head").write_bytes(bytes(data))
    assert heads.head() == note(1)
    keep(heads, 3, 2)
    assert heads.head() == note(3)


def test_two_torn_slots_are_no_head_and_nothing_is_recorded_over_them(heads):
    keep(heads, 1, 0)
    keep(heads, 2, 1)
    (heads.path / "head").write_bytes(b"x" * 2 * SLOT)
    with pytest.raises(VerificationError, match="damaged"):
        heads.head()
    with pytest.raises(VerificationError, match="damaged"):
        keep(heads, 3, 2)


def test_a_head_put_there_by_hand_counts_and_is_followed_by_ours(heads):
    (heads.path / "head").write_bytes(note(4))
    assert heads.head() == note(4)
    with pytest.raises(VerificationError, match="a head over 4"):
        keep(heads, 4, 3)
    keep(heads, 5, 4)
    keep(heads, 6, 5)
    assert heads.head() == note(6)
    assert (heads.path / "head").stat().st_size == 2 * SLOT


def test_a_file_taken_away_or_exchanged_while_it_is_open_is_noticed(heads):
    keep(heads, 5, 4)
    (heads.path / "head").unlink()
    keep(heads, 6, 5)
    assert heads.head() == note(6)
    (heads.path / "other").write_bytes(note(50))
    (heads.path / "other").replace(heads.path / "head")
    with pytest.raises(VerificationError, match="a head over 50"):
        keep(heads, 7, 6)


def test_an_emptied_file_counts_as_none(heads):
    keep(heads, 5, 4)
    (heads.path / "head").write_bytes(b"")
    assert heads.head() is None
    keep(heads, 6, 5)
    assert heads.head() == note(6)


def test_a_folder_that_is_gone_stops_the_commit_before_it_happens(tmp_path):
    heads = KeptHeads(tmp_path / "gone")
    done = []
    with pytest.raises(UnavailableError, match="nothing was recorded"), heads.keeping(note(1), 0):
        done.append(1)
    assert done == []
    assert heads.head() is None
    assert heads.logs() == frozenset()


def test_a_head_too_long_for_its_slot_is_refused_before_the_commit(heads):
    with pytest.raises(UnavailableError, match="too long"), heads.keeping(note(1, "x" * SLOT), 0):
        raise AssertionError
    keep(heads, 1, 0)


def test_heads_are_kept_one_after_the_other(tmp_path):
    inside = threading.Semaphore(1)

    def one(_: int) -> None:
        heads = KeptHeads(tmp_path)
        with heads.keeping(note(1), 1):
            assert inside.acquire(blocking=False)
            inside.release()
        heads.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(one, range(40)))


def test_lost_heads_are_put_aside_and_stay_readable(heads):
    keep(heads, 3, 2, log=2)
    heads.retire(2, 9)
    assert heads.logs() == frozenset()
    assert (heads.path / "head.2.lost").exists()


@pytest.mark.parametrize("data", [b"", b"x", b"x\ny\nz", b"x\n-1\n", b"x\n" + b"9" * 20 + b"\n"])
def test_what_states_no_size_is_no_head(data):
    with pytest.raises(VerificationError, match="none"):
        size_of(data)

"""Whole bundles: honest ones, and one for each way to attack a log; see `make.py`, which writes them.

An attack is made the way somebody would make it: by changing files, or by signing what never was. What a verifier is to
say of it is stated beside it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from make import (
    AT,
    FIRST_WITNESS,
    FULL,
    LOG,
    OWNER,
    SECOND_WITNESS,
    STRANGER,
    Pen,
    cosigned,
    flip,
    head,
    make_entry,
)

from ephor.kernel.canonical import canonical
from ephor.kernel.events import Event
from ephor.rooms.ledger import checkpoint, note, tile, tree

Files = dict[str, bytes]


@dataclass
class Case:
    """A bundle, what its reader trusts and kept, and what they are to find."""

    name: str
    files: Files
    verdict: str
    first: int | None
    because: str
    key: str = OWNER.verifier
    earlier: bytes | None = None
    witnesses: Sequence[str] = ()
    quorum: int | None = None
    erased: Sequence[int] = field(default_factory=list)
    size: int | None = None
    unwitnessed: int | None = None
    """How many of the newest entries nobody but the log vouches for; only of a log that holds."""
    main: Files | None = None
    """The bundle of the main log that anchors this one, and its key."""
    main_key: str | None = None
    unanchored: int | None = None


def export(entries: Sequence[bytes], signed: bytes | None = None) -> Files:
    """Return the files of a log of *entries*, by the obvious tree."""
    rows, files = [tree.leaf_hash(one) for one in entries], {"checkpoint": signed or head(entries)}
    level = 0
    while rows:
        for index in range(-(-len(rows) // 256)):
            row = rows[index * 256 : index * 256 + 256]
            files[tile.tile_path(level, index, len(row))] = b"".join(row)
        level, rows = (
            level + 1,
            [tree.root_hash(rows[at : at + 256]) for at in range(0, len(rows) // 256 * 256, 256)],
        )
    for index, width in tile.bundles_of(len(entries)):
        files[tile.entries_path(index, width)] = tile.encode_bundle(
            entries[index * 256 : index * 256 + width]
        )
    return files


def edited(files: Files, position: int, change: Callable[[bytes], bytes]) -> Files:
    """Return *files* with one entry changed where it lies, and nothing else."""
    size = checkpoint.parse(note.parse(files["checkpoint"]).text).size
    name = tile.entries_path(position // 256, min(256, size - position // 256 * 256))
    entries = tile.decode_bundle(files[name])
    entries[position % 256] = change(entries[position % 256])
    return files | {name: tile.encode_bundle(entries)}


def forge(data: bytes) -> bytes:
    return data.replace(b"crm.read", b"crm.drop")


FIVE = [make_entry(position) for position in range(5)]
LONG = [make_entry(position, Event("tool.invoked/1", AT, "agent:a")) for position in range(258)]
PARTIAL = "tile/0/000.p/5"
ENTRIES = "tile/entries/000.p/5"


def honest() -> list[Case]:
    """Logs with which nothing is wrong."""
    several = [
        make_entry(0, src="src_a", n=1),
        make_entry(
            1, FULL, src="src_b", n=1, payload={"alg": "aes-256-gcm", "commitment": "sha256:" + "a" * 64}
        ),
        make_entry(2, src="src_a", n=2),
        make_entry(3, src="src_b", n=2, received_at=AT + timedelta(seconds=2)),
    ]
    erasure = Event("erasure/1", AT, "ephor", subject="sub_" + "0" * 32)
    erased = [FIVE[0], make_entry(1, erasure), FIVE[2], make_entry(3, erasure)]
    text = note.parse(head(FIVE)).text
    return [
        Case("empty", export([]), "CONSISTENT", None, "a log without entries"),
        Case("one", export(FIVE[:1]), "CONSISTENT", None, "one entry, one tile of one hash"),
        Case("five", export(FIVE), "CONSISTENT", None, "five entries of one source"),
        Case("sources", export(several), "CONSISTENT", None, "each source counts for itself; equal times of receipt are in order"),
        Case("erasures", export(erased), "CONSISTENT", None, "lawful erasures are told and are no finding", erased=[1, 3]),
        Case("full-tile", export(LONG[:256]), "CONSISTENT", None, "a full tile, and one hash on the level above"),
        Case("two-levels", export(LONG), "CONSISTENT", None, "a full tile, a partial one, and one hash on the level above"),
        Case("kept-nothing", export(FIVE), "CONSISTENT", None, "every log goes on from the empty one", earlier=head([])),
        Case("kept-three", export(FIVE), "CONSISTENT", None, "the log begins with what was kept", earlier=head(FIVE[:3])),
        Case("kept-five", export(FIVE), "CONSISTENT", None, "nothing was added since", earlier=head(FIVE)),
        Case("kept-full-tile", export(LONG), "CONSISTENT", None, "the log grew past a tile", earlier=head(LONG[:256])),
        Case("strangers", export(FIVE, note.sign(text, STRANGER, OWNER)), "CONSISTENT", None, "signatures of unknown keys are passed over"),
        Case("extensions", export(FIVE, head(FIVE, extensions=("more",))), "CONSISTENT", None, "extension lines are signed and mean nothing"),
        Case("key-beside-it", export(FIVE) | {"key.pub": STRANGER.verifier.encode()}, "CONSISTENT", None, "a key laid into the bundle is not read"),
    ]  # fmt: skip


def altered() -> list[Case]:
    """Somebody changed files, and could not sign."""
    five, long = export(FIVE), export(LONG)
    forged = [*FIVE[:2], forge(FIVE[2]), *FIVE[3:]]
    leaves = [tree.leaf_hash(one) for one in FIVE]
    without = {name: data for name, data in five.items() if name != PARTIAL}
    return [
        Case("edited", edited(five, 2, forge), "INVALID", 2, "its hash is not the one that was signed"),
        Case("edited-in-a-long-log", edited(long, 257, lambda one: one.replace(b"agent:a", b"agent:b")), "INVALID", 257, "the same beyond the first tile"),
        Case("edited-with-tiles-to-fit", export(forged, head(FIVE)), "INVALID", None, "every hash fits but the root that was signed"),
        Case("edited-after-a-kept-head", edited(five, 4, forge), "INVALID", 4, "what was kept still holds; the newer entry does not", earlier=head(FIVE[:3])),
        Case("entry-left-out", five | {ENTRIES: tile.encode_bundle([*FIVE[:2], *FIVE[3:]])}, "INVALID", 2, "those behind it moved up, the last is missing"),
        Case("entry-put-in", five | {ENTRIES: tile.encode_bundle([*FIVE[:2], FIVE[1], *FIVE[2:]])}, "INVALID", 2, "those behind it moved down, one is too many"),
        Case("entry-put-first", five | {ENTRIES: tile.encode_bundle([FIVE[1], *FIVE[:4]])}, "INVALID", 0, "all of them moved"),
        Case("entries-exchanged", five | {ENTRIES: tile.encode_bundle([FIVE[0], FIVE[2], FIVE[1], *FIVE[3:]])}, "INVALID", 1, "each has the other's hash"),
        Case("inner-node-as-entry", five | {ENTRIES: tile.encode_bundle([*FIVE[:2], leaves[2] + leaves[3]])}, "INVALID", 2, "a leaf is hashed after 0x00 and a node after 0x01, so neither passes for the other"),
        Case("leaf-hash-altered", five | {PARTIAL: b"".join([*leaves[:3], flip(leaves[3]), leaves[4]])}, "INVALID", 3, "the entries are those signed; the file of hashes is not"),
        Case("upper-hash-altered", long | {"tile/1/000.p/1": flip(long["tile/1/000.p/1"])}, "INVALID", 0, "the entries are those signed; the file of hashes is not"),
        Case("leaf-hashes-too-few", five | {PARTIAL: b"".join(leaves[:4])}, "INVALID", 0, "five hashes have 160 bytes"),
        Case("leaf-hashes-too-many", five | {PARTIAL: b"".join(leaves) + bytes(32)}, "INVALID", 0, "five hashes have 160 bytes"),
        Case("leaf-hashes-gone", without, "INCOMPLETE", 0, "a file is missing; the entries are all there and lead to the root"),
        Case("upper-hashes-gone", {name: data for name, data in long.items() if not name.startswith("tile/1")}, "INCOMPLETE", 0, "a file is missing; the entries are all there and lead to the root"),
        Case("tail-cut", five | {ENTRIES: tile.encode_bundle(FIVE[:3])}, "INCOMPLETE", 3, "their hashes are there and lead to the root; what they said is not"),
        Case("tail-cut-with-its-hashes", export(FIVE[:3], head(FIVE)), "INCOMPLETE", 0, "the files of a log of five are not there, those of a log of three do not count"),
        Case("first-entries-gone", {name: data for name, data in long.items() if name != "tile/entries/000"}, "INCOMPLETE", 0, "their hashes bridge the gap; counters may jump across it"),
        Case("first-entries-gone-and-one-behind-edited", edited({name: data for name, data in long.items() if name != "tile/entries/000"}, 257, lambda one: one.replace(b"agent:a", b"agent:b")), "INVALID", 0, "a gap hides nothing behind it"),
        Case("everything-behind-the-first-tile-gone", {name: data for name, data in long.items() if ".p/2" not in name}, "INCOMPLETE", 256, "without entries and hashes nothing behind can be judged"),
        Case("kept-head-before-what-is-gone", {name: data for name, data in long.items() if ".p/2" not in name}, "INVALID", 256, "the tile that is there is not the one that was kept", earlier=head([LONG[0], *LONG[2:257]])),
        Case("bundle-cut-inside-an-entry", five | {ENTRIES: five[ENTRIES][:-1]}, "INVALID", 4, "the last entry is shorter than it says"),
        Case("bundle-cut-inside-a-length", five | {ENTRIES: five[ENTRIES] + b"\x00"}, "INVALID", 5, "after the last entry begins another"),
        Case("one-entry-too-many", five | {ENTRIES: tile.encode_bundle([*FIVE, make_entry(5)])}, "INVALID", 5, "the log has five entries"),
        Case("full-tile-in-place-of-a-partial", {"checkpoint": five["checkpoint"], "tile/0/000": five[PARTIAL], "tile/entries/000": five[ENTRIES]}, "INCOMPLETE", 0, "files under other names are not the log's"),
        Case("no-checkpoint", {name: data for name, data in five.items() if name != "checkpoint"}, "INVALID", None, "nothing vouches for the log", size=0),
        Case("checkpoint-of-a-larger-log", five | {"checkpoint": head([make_entry(one) for one in range(7)])}, "INCOMPLETE", 0, "the files of a log of seven are not there"),
        Case("checkpoint-of-a-smaller-log", five | {"checkpoint": head(FIVE[:3])}, "INCOMPLETE", 0, "the files of a log of three are not there"),
        Case("root-altered", five | {"checkpoint": five["checkpoint"].replace(b"\n5\n", b"\n4\n")}, "INVALID", None, "the signature is of another text", size=0),
    ]  # fmt: skip


def signed_anew() -> list[Case]:
    """Somebody who holds the signing key wrote what never was."""
    forged = [*FIVE[:1], forge(FIVE[1]), *FIVE[2:]]
    foreign = make_entry(3, log="conformance.example/other/main")
    back = make_entry(3, received_at=AT)
    inserted = make_entry(0, src="src_z", n=1, id="evt_" + "f" * 32)
    twice = [*FIVE[:3], FIVE[2], *FIVE[3:]]
    return [
        Case("rewritten-with-the-key", export(forged), "CONSISTENT", None, "whoever kept nothing cannot know: this is why checkpoints are taken away"),
        Case("rewritten-with-the-key-and-a-head-was-kept", export(forged), "INVALID", None, "the log does not begin with what was kept", earlier=head(FIVE[:3])),
        Case("rewritten-behind-the-kept-head", export(forged), "CONSISTENT", None, "the entry that was changed is newer than what was kept", earlier=head(FIVE[:1])),
        Case("rewritten-with-another-key", export(forged, head(forged, STRANGER)), "INVALID", None, "it is not signed with the key that is trusted", size=0),
        Case("another-log", export(FIVE, head(FIVE, Pen("log", "conformance.example/other/main"))), "INVALID", None, "the same key under another name is another key", size=0),
        Case("two-histories", export([*FIVE[:4], forge(FIVE[4])]), "INVALID", None, "two roots at one size", earlier=head(FIVE)),
        Case("tail-cut-and-signed", export(FIVE[:3]), "INVALID", 3, "what was kept counts two entries more", earlier=head(FIVE)),
        Case("kept-head-of-another-key", export(FIVE), "INVALID", None, "what was kept proves nothing about this log", earlier=head(FIVE[:3], STRANGER)),
        Case("kept-head-is-rubbish", export(FIVE), "INVALID", None, "what was kept proves nothing about this log", earlier=b"rubbish"),
        Case("kept-nothing-with-a-root", export(FIVE), "INVALID", None, "the empty log has one root only", earlier=note.sign(f"{LOG}\n0\n{'A' * 43}=\n", OWNER)),
        Case("deleted-and-signed", export([*FIVE[:2], *FIVE[3:]]), "INCOMPLETE", 2, "the counter of its source jumps"),
        Case("beginning-deleted-and-signed", export(FIVE[2:]), "INCOMPLETE", 0, "the counter of a source begins at 1"),
        Case("put-first-and-signed", export([inserted, *FIVE]), "INVALID", None, "the log does not begin with what was kept", earlier=head(FIVE[:3])),
        Case("exchanged-and-signed", export([FIVE[0], FIVE[2], FIVE[1], *FIVE[3:]]), "INVALID", 1, "counter and time of receipt run backwards"),
        Case("repeated-and-signed", export(twice), "INVALID", 3, "the counter of its source repeats"),
        Case("replayed-from-another-log", export([*FIVE[:3], foreign, FIVE[4]]), "INVALID", 3, "an entry names its log"),
        Case("dated-back", export([*FIVE[:3], back, FIVE[4]]), "INVALID", 3, "times of receipt do not run backwards"),
        Case("not-canonical-and-signed", export([*FIVE[:3], FIVE[3].replace(b'"v":1', b'"v": 1'), FIVE[4]]), "INVALID", 3, "one value has one text"),
        Case("unknown-version-and-signed", export([*FIVE[:3], FIVE[3].replace(b'"v":1', b'"v":2'), FIVE[4]]), "INVALID", 3, "a reader of version 1 knows version 1"),
        Case("rubbish-and-signed", export([*FIVE[:3], b"rubbish", FIVE[4]]), "INVALID", 3, "what is not read is not counted, so the counter behind it jumps as well"),
        Case("two-faults-and-signed", export([FIVE[0], b"", *FIVE[3:]]), "INVALID", 1, "the first is named first"),
    ]  # fmt: skip


def witnessed() -> list[Case]:
    """Checkpoints under which witnesses put their names."""
    names = [FIRST_WITNESS.witness, SECOND_WITNESS.witness]
    plain = head(FIVE)
    both, one = cosigned(plain, FIRST_WITNESS, SECOND_WITNESS), cosigned(plain, FIRST_WITNESS)
    forged = [*FIVE[:1], forge(FIVE[1]), *FIVE[2:]]
    spoilt = both[:-4] + (b"AA" if both[-4:-2] != b"AA" else b"BB") + both[-2:]
    return [
        Case("witnessed", export(FIVE, both), "WITNESSED", None, "both witnesses saw this head", witnesses=names),
        Case("witnessed-by-the-quorum", export(FIVE, one), "WITNESSED", None, "one of two suffices", witnesses=names, quorum=1),
        Case("witnessed-by-too-few", export(FIVE, one), "CONSISTENT", None, "both are asked for", witnesses=names),
        Case("witnessed-by-nobody", export(FIVE), "CONSISTENT", None, "nobody else saw this head", witnesses=names),
        Case("witnessed-and-nobody-asks", export(FIVE, both), "CONSISTENT", None, "who trusts no witness has none"),
        Case("witnessed-wrongly", export(FIVE, spoilt), "INVALID", None, "a cosignature of a witness one trusts does not hold", witnesses=names, quorum=1, size=0),
        Case("rewritten-with-the-key-and-every-witness", export(forged, head(forged, OWNER, FIRST_WITNESS, SECOND_WITNESS)), "WITNESSED", None, "witnesses who sign two histories deceive whoever kept nothing", witnesses=names),
        Case("rewritten-with-every-witness-and-a-head-was-kept", export(forged, head(forged, OWNER, FIRST_WITNESS, SECOND_WITNESS)), "INVALID", None, "a checkpoint that somebody kept needs no witness", witnesses=names, earlier=head(FIVE[:3])),
        Case("witnessed-and-edited", edited(export(FIVE, both), 2, forge), "INVALID", 2, "witnesses see roots, not files", witnesses=names),
    ]  # fmt: skip


def told_entry(position: int, kind: str, metadata: dict[str, Any], log: str = LOG) -> bytes:
    """Return an entry that the plane itself writes, of any kind."""
    plain = json.loads(make_entry(position, Event("key.created/1", AT, "ephor"), log=log))
    return canonical(plain | {"kind": kind, "metadata": metadata})


NEXT = Pen("the log's second key")
THIRD = Pen("the log's third key")


def statement(position: int, old: Pen, new: Pen, *signers: Pen, origin: str = LOG) -> bytes:
    text = f"ephor/key-rotation/1\n{origin}\n{position}\n{old.verifier}\n{new.verifier}\n"
    return note.sign(text, *(signers or (old, new)))


def handed_on(*statements: tuple[int, bytes]) -> list[bytes]:
    """Return five entries, with the statements where they say."""
    said = dict(statements)
    return [
        told_entry(position, "key.rotated/1", {"statement": said[position].decode()}) if position in said else FIVE[position]
        for position in range(5)
    ]  # fmt: skip


def with_keys(files: Files, *statements: bytes) -> Files:
    return files | {f"keys/{number}": data for number, data in enumerate(statements, 1)}


def rotated() -> list[Case]:
    """Logs whose signing key was changed: each key hands over to the next at an entry that says so."""
    first = statement(2, OWNER, NEXT)
    once = handed_on((2, first))
    whole = with_keys(export(once, head(once, NEXT)), first)
    early, late = statement(1, OWNER, NEXT), statement(3, NEXT, THIRD)
    twice = handed_on((1, early), (3, late))
    two = with_keys(export(twice, head(twice, THIRD)), early, late)
    fork = statement(4, OWNER, THIRD)
    forked = handed_on((2, first), (4, fork))
    back = statement(3, NEXT, OWNER)
    returned = handed_on((1, early), (3, back))
    falling = statement(1, NEXT, THIRD)
    lone = statement(2, OWNER, NEXT, NEXT)
    other = statement(2, OWNER, NEXT, OWNER, NEXT, STRANGER)
    foreign = statement(2, OWNER, NEXT, origin="conformance.example/other/main")
    by = {"key": NEXT.verifier}
    return [
        Case("rotated", whole, "CONSISTENT", None, "the first key leads to the second, which signs the head"),
        Case("rotated-trusting-the-new-key", whole, "CONSISTENT", None, "who trusts the second key needs no other", **by),
        Case("rotated-and-a-head-of-the-first-key-was-kept", whole, "CONSISTENT", None, "a key's heads hold up to the entry that hands over", earlier=head(once[:2])),
        Case("rotated-twice", two, "CONSISTENT", None, "the first key leads to the third by way of the second"),
        Case("rotated-twice-trusting-the-second", two, "CONSISTENT", None, "any key of the chain will do", **by),
        Case("rotated-twice-and-a-head-of-the-second-was-kept", two, "CONSISTENT", None, "the second key signs sizes 2 and 3", earlier=head(twice[:3], NEXT)),
        Case("retired-key-signs-on", with_keys(export(once, head(once)), first), "INVALID", None, "the first key was given up at entry 2; so does a thief of it", size=0),
        Case("retired-key-signed-a-head-that-was-kept", whole, "INVALID", None, "the first key was given up at entry 2", earlier=head(once[:3])),
        Case("new-key-signs-the-past", whole, "INVALID", None, "the second key takes over at entry 2, and this head has one entry", earlier=head(once[:1], NEXT)),
        Case("statement-by-one-key", with_keys(export(handed_on((2, lone)), head(handed_on((2, lone)), NEXT)), lone), "INVALID", None, "both keys must have signed it", size=0),
        Case("statement-that-the-log-did-not-record", with_keys(export(FIVE, head(FIVE, NEXT)), first), "INVALID", 2, "whoever has the old key can write a statement; it counts where the log recorded it"),
        Case("statement-with-another-signature", with_keys(export(once, head(once, NEXT)), other), "INVALID", 2, "the entry holds the whole note, signatures included"),
        Case("statement-of-another-log", with_keys(export(once, head(once, NEXT)), foreign), "INVALID", None, "its second line names the log", size=0),
        Case("statement-left-out", export(once, head(once, NEXT)), "INCOMPLETE", 2, "the log says that its key changed; how it did is not in the bundle", **by),
        Case("statement-left-out-and-the-first-key-is-trusted", export(once, head(once, NEXT)), "INVALID", None, "nothing leads from the key one trusts to the head", size=0),
        Case("statement-beyond-the-log", with_keys(export(FIVE[:2]), first), "INVALID", 2, "the statement names an entry that the log does not have"),
        Case("two-successors", with_keys(export(forked, head(forked, NEXT)), first, fork), "INVALID", None, "one key hands over once", size=0),
        Case("two-successors-one-in-the-log", with_keys(export(forked, head(forked, NEXT)), first), "INVALID", 4, "the entry hands over from a key that had handed over"),
        Case("a-retired-key-returns", with_keys(export(returned, head(returned)), early, back), "INVALID", 1, "a key that was given up stays so; without the chain the hand-overs in the log stay unexplained"),
        Case("chain-broken", with_keys(export(twice, head(twice, THIRD)), late, early), "INVALID", None, "each statement hands on from the key of the one before", size=0),
        Case("positions-that-fall", with_keys(export(twice, head(twice, THIRD)), statement(3, OWNER, NEXT), falling), "INVALID", None, "a key takes over after the one before it did", size=0),
        Case("keys-of-another-chain", with_keys(export(FIVE), statement(2, NEXT, THIRD)), "INVALID", None, "the key one trusts is none of them"),
    ]  # fmt: skip


def vouched_for_before() -> list[Case]:
    """Bundles with `checkpoint.cosigned`: the newest head that witnesses cosigned, when that is an older one."""
    names = [FIRST_WITNESS.witness, SECOND_WITNESS.witness]

    def beside(data: bytes) -> Files:
        return export(FIVE) | {"checkpoint.cosigned": data}

    three = head(FIVE[:3], OWNER, FIRST_WITNESS, SECOND_WITNESS)
    forged = head([*FIVE[:2], forge(FIVE[2])], OWNER, FIRST_WITNESS, SECOND_WITNESS)
    six = head([*FIVE, make_entry(5)], OWNER, FIRST_WITNESS, SECOND_WITNESS)
    alone = cosigned(note.sign(note.parse(three).text, STRANGER), FIRST_WITNESS, SECOND_WITNESS)
    text = note.parse(three).text
    return [
        Case("cosigned-before", beside(three), "CONSISTENT", None, "the witnesses saw three entries", witnesses=names, unwitnessed=2),
        Case("cosigned-before-by-one", beside(head(FIVE[:3], OWNER, FIRST_WITNESS)), "CONSISTENT", None, "one is too few", witnesses=names),
        Case("cosigned-before-by-the-quorum", beside(head(FIVE[:3], OWNER, FIRST_WITNESS)), "CONSISTENT", None, "one suffices", witnesses=names, quorum=1, unwitnessed=2),
        Case("cosigned-before-and-nobody-asks", beside(three), "CONSISTENT", None, "who trusts no witness has none"),
        Case("cosigned-beside-the-head", beside(head(FIVE, OWNER, FIRST_WITNESS, SECOND_WITNESS)), "WITNESSED", None, "the same head, cosigned", witnesses=names),
        Case("cosigned-by-one-here-and-one-there", export(FIVE, head(FIVE, OWNER, FIRST_WITNESS)) | {"checkpoint.cosigned": head(FIVE[:3], OWNER, SECOND_WITNESS)}, "CONSISTENT", None, "who cosigned five vouches for three as well", witnesses=names, unwitnessed=2),
        Case("cosigned-otherwise", beside(forged), "INVALID", None, "the witnesses saw another history", witnesses=names),
        Case("cosigned-otherwise-and-nobody-asks", beside(forged), "INVALID", None, "the log signed another history"),
        Case("cosigned-more", beside(six), "INVALID", 5, "the witnesses saw six entries", witnesses=names),
        Case("cosigned-and-not-signed", beside(alone), "INVALID", None, "the log's own key did not sign it", witnesses=names),
        Case("cosigned-wrongly", beside(note.sign(text, OWNER) + cosigned(head(FIVE[:2]), FIRST_WITNESS).rsplit(b"\n", 2)[1] + b"\n"), "INVALID", None, "the cosignature is of another head", witnesses=names),
    ]  # fmt: skip


MAIN = Pen("log", "conformance.example/ephor/main-of-streams")


def anchoring(*anchors: dict[str, Any], pen: Pen = MAIN) -> list[bytes]:
    """Return a main log that holds these anchors, each between entries of its own."""
    logged = [told_entry(0, "plane.created/1", {"name": "main"}, pen.name)]
    for number, one in enumerate(anchors, 1):
        logged.append(told_entry(number, "stream.anchored/1", one, pen.name))
    return logged


def anchor(entries: Sequence[bytes], origin: str = LOG) -> dict[str, Any]:
    root = tree.root_hash([tree.leaf_hash(one) for one in entries])
    return {"origin": origin, "size": len(entries), "root": base64.b64encode(root).decode()}


def anchored() -> list[Case]:
    """A stream beside the main log that names its heads."""
    right = anchoring(anchor(FIVE[:2]), anchor(FIVE[:1], "conformance.example/ephor/other"), anchor(FIVE[:4]))
    forged = anchoring(anchor(FIVE[:2]), anchor([*FIVE[:3], forge(FIVE[3])]))
    more = anchoring(anchor([make_entry(one) for one in range(7)]))
    shapeless = anchoring({"origin": LOG, "size": "4", "root": "rubbish"})

    def case(
        name: str, main: Files, verdict: str, first: int | None, because: str, unanchored: int | None = None
    ) -> Case:
        return Case(
            name,
            export(FIVE),
            verdict,
            first,
            because,
            main=main,
            main_key=MAIN.verifier,
            unanchored=unanchored,
        )

    def signed(entries: Sequence[bytes]) -> bytes:
        return head(entries, MAIN)

    cut = export(right, signed(right))
    bundle = "tile/entries/000.p/4"
    return [
        case("anchored", export(right, signed(right)), "CONSISTENT", None, "the main log names two heads of this stream", 1),
        case("anchored-never", export(right[:1], signed(right[:1])), "CONSISTENT", None, "the main log does not know this stream", 5),
        case("anchored-otherwise", export(forged, signed(forged)), "INVALID", None, "the main log names another history"),
        case("anchored-more", export(more, signed(more)), "INVALID", 5, "the main log names a head of seven entries"),
        case("anchored-by-a-shapeless-entry", export(shapeless, signed(shapeless)), "INVALID", None, "the main log does not hold"),
        case("anchored-by-an-edited-log", edited(cut, 3, lambda one: one.replace(b'"size":4', b'"size":5')), "INVALID", None, "the main log does not hold"),
        case("anchored-by-an-incomplete-log", cut | {bundle: tile.encode_bundle(right[:2])}, "INCOMPLETE", None, "the main log is not whole"),
        case("anchored-by-an-unsigned-log", export(right, head(right, replace(STRANGER, name=MAIN.name))), "INVALID", None, "nothing vouches for the main log"),
    ]  # fmt: skip


def epochs() -> list[Case]:
    """Logs that go on where another was lost: their first entry holds its checkpoint."""
    old, stream = Pen("log", "conformance.example/ephor/lost"), Pen("log", "conformance.example/ephor/stream")
    left = head([make_entry(0, log=old.name)], old).decode()
    published = head([make_entry(position, log=old.name) for position in range(3)], old).decode()
    other = head([make_entry(0, log=stream.name)], stream).decode()

    def log(**told: Any) -> Files:
        return export([told_entry(0, "epoch.started/1", {"reason": "restored", **told}), *FIVE[1:]])

    whole = {"checkpoint": left, "published": published, "missing": 2, "lost": []}
    return [
        Case("epoch", log(**whole), "CONSISTENT", None, "it goes on from one entry of three that had been published"),
        Case("epoch-of-several", log(**whole | {"lost": [other]}), "CONSISTENT", None, "of another log nothing is left"),
        Case("epoch-without-its-past", log(), "INVALID", 0, "where this log comes from cannot be told"),
        Case("epoch-of-rubbish", log(**whole | {"checkpoint": "rubbish"}), "INVALID", 0, "what was left is no checkpoint"),
        Case("epoch-of-two-logs", log(**whole | {"published": other}), "INVALID", 0, "what was left and what had been published are of two logs"),
        Case("epoch-of-more-rubbish", log(**whole | {"lost": ["rubbish"]}), "INVALID", 0, "what was lost besides is no checkpoint"),
        Case("epoch-later", export([FIVE[0], told_entry(1, "epoch.started/1", {"checkpoint": "rubbish"}), *FIVE[2:]]), "CONSISTENT", None, "only a first entry begins an epoch"),
    ]  # fmt: skip


def cases() -> list[Case]:
    found = [
        *honest(), *altered(), *signed_anew(), *witnessed(), *rotated(), *vouched_for_before(), *anchored(), *epochs()
    ]  # fmt: skip
    if len({one.name for one in found}) < len(found):
        raise ValueError("two bundles have one name")
    return [whole(one) for one in found]


def whole(case: Case) -> Case:
    """Return *case* with what follows from what it states: its size, and how much of it has no witness."""
    size = stated_size(case.files) if case.size is None else case.size
    without = {"WITNESSED": 0, "CONSISTENT": size}.get(case.verdict)
    return replace(case, size=size, unwitnessed=without if case.unwitnessed is None else case.unwitnessed)


def stated_size(files: Files) -> int:
    return checkpoint.parse(note.parse(files["checkpoint"]).text).size


def write_bundles(folder: Path) -> None:
    stated: list[dict[str, Any]] = []
    folders: list[tuple[Files, str]] = []  # cases about the same files share them
    for case in cases():
        place = put(folder, case.name, case.files, folders)
        main = None if case.main is None else put(folder, f"{case.name}-main", case.main, folders)
        stated.append(
            {
                "name": case.name,
                "folder": place,
                "key": case.key,
                "earlier": None if case.earlier is None else case.earlier.decode(),
                "witnesses": list(case.witnesses),
                "quorum": case.quorum,
                "verdict": case.verdict,
                "first": case.first,
                "size": case.size,
                "erased": list(case.erased),
                "unwitnessed": case.unwitnessed,
                "main": main,
                "main_key": case.main_key,
                "unanchored": case.unanchored,
                "because": case.because,
            }
        )
    (folder / "bundles.json").write_text(json.dumps(stated, indent=1) + "\n", encoding="ascii")


def put(folder: Path, name: str, files: Files, folders: list[tuple[Files, str]]) -> str:
    """Write a bundle unless the same was written already, and return where it is."""
    known = next((place for other, place in folders if other == files), None)
    if known is not None:
        return known
    for path, data in files.items():
        (folder / "bundles" / name / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / "bundles" / name / path).write_bytes(data)
    folders.append((files, f"bundles/{name}"))
    return f"bundles/{name}"

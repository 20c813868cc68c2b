"""The offline verifier on a proof file: what it shows of one entry, and a clear word for everything that is wrong with it."""

import base64
import json
from dataclasses import replace

import pytest

from conftest import populate
from ephor import verifier
from ephor.bootstrap import _door
from ephor.edges.cli.app import run as run_cli
from ephor.edges.sdk import Plane
from ephor.rooms.ledger import note, proof_file, tree
from ephor.rooms.ledger.cosignature import WitnessKey, cosign
from ephor.settings import Settings
from sample_bundle import ENTRIES, KEY, LOG, Pen, make_entry, sign_head

LEAVES = [tree.leaf_hash(one) for one in ENTRIES[:300]]
SIGNED = sign_head(ENTRIES[:300])
INDEX = 257


def made(index=INDEX, extra=ENTRIES[INDEX], signed=SIGNED, leaves=LEAVES):
    return proof_file.encode(
        proof_file.ProofFile(index, tuple(tree.inclusion_proof(leaves, index)), signed, extra)
    )


GOOD = made()


def found(data, key=KEY, **more):
    told = verifier.verify_proof(data, key, **more)
    return told.verdict, "; ".join(one.problem for one in told.findings)


@pytest.mark.parametrize("size", [1, 2, 3, 8, 255, 256, 257, 300])
def test_every_entry_of_a_log_of_any_size_is_proved_by_its_file(size):
    leaves, signed = LEAVES[:size], sign_head(ENTRIES[:size])
    for index in {0, size // 2, size - 1}:
        told = verifier.verify_proof(made(index, ENTRIES[index], signed, leaves), KEY)
        assert (told.verdict, told.origin, told.size, told.position) == ("CONSISTENT", LOG, size, index)
        assert (told.entry, told.kind, told.root) == (
            f"evt_{index}",
            "tool.invoked/1",
            tree.root_hash(leaves).hex(),
        )


def test_the_entry_may_come_from_elsewhere_and_then_the_extra_data_is_anything():
    for extra in (None, b"", b"for people"):
        assert found(made(extra=extra), entry=ENTRIES[INDEX]) == ("CONSISTENT", "")
    assert found(GOOD, entry=ENTRIES[0])[0] == "INVALID"


def changed(old, new):
    text = GOOD.decode()
    assert old in text
    return text.replace(old, new, 1).encode()


HASHES = [base64.b64encode(one).decode() for one in tree.inclusion_proof(LEAVES, INDEX)]
OTHER = Pen(name="ephor.example/other")


@pytest.mark.parametrize(
    ("data", "key", "verdict", "word"),
    [
        (changed("index 257", "index 256"), KEY, "INVALID", "does not lead"),
        (changed("index 257", "index 300"), KEY, "INVALID", "has none there"),
        (changed("index 257\n", ""), KEY, "INVALID", "no line `index N`"),
        (changed(HASHES[0], HASHES[1]), KEY, "INVALID", "does not lead"),
        (changed(HASHES[0], HASHES[0][:-2] + "=="), KEY, "INVALID", "malformed"),
        (changed(HASHES[-1] + "\n", ""), KEY, "INVALID", "fewer hashes"),
        (changed(HASHES[0], HASHES[0] + "\n" + HASHES[0]), KEY, "INVALID", "more hashes"),
        (GOOD[: GOOD.index(b"\n\n")], KEY, "INVALID", "cut off"),
        (GOOD[:-20], KEY, "INVALID", "not a signed note"),
        (b"", KEY, "INVALID", "no proof file"),
        (changed("@v1", "@v2"), KEY, "INVALID", "no proof file"),
        (GOOD, Pen(seed=2).verifier, "INVALID", "not signed with this key"),
        (GOOD, OTHER.verifier, "INVALID", "the key is of log `ephor.example/other`"),
        (made(signed=note.sign(SIGNED.decode().partition("\n\n")[0] + "\n", OTHER)), OTHER.verifier, "INVALID", "of another log"),
        (changed("\n300\n", "\n301\n"), KEY, "INVALID", "does not hold"),
        (made(extra=None), KEY, "INCOMPLETE", "carries no entry"),
        (made(extra=b"for people"), KEY, "INVALID", "does not lead"),
        (changed("extra ", "extra !"), KEY, "INVALID", "not base64"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_refused_with_a_word_that_says_what(data, key, verdict, word):
    told, problem = found(data, key)
    assert (told, word in problem) == (verdict, True), problem


def test_every_changed_byte_is_noticed():
    for at in range(0, len(GOOD), 3):
        assert found(GOOD[:at] + bytes([GOOD[at] ^ 1]) + GOOD[at + 1 :])[0] in ("INVALID", "INCOMPLETE"), at


def test_an_entry_that_was_written_for_another_log_is_told():
    foreign = make_entry(0, log="ephor.example/other")
    data = made(0, foreign, sign_head([foreign]), [tree.leaf_hash(foreign)])
    assert found(data) == ("INVALID", "the entry belongs to another log")
    assert found(data, content=False) == ("CONSISTENT", "")


def test_witnesses_count_where_they_are_named():
    text, witness = SIGNED.decode().rpartition("\n\n")[0] + "\n", Pen(seed=9, name="w.example")
    cosigned = SIGNED + cosign(text, witness, 1_785_663_000).line.encode()
    key = str(WitnessKey(witness.name, witness.public_key))
    told = verifier.verify_proof(made(signed=cosigned), KEY, witnesses=[key])
    assert (told.verdict, told.seen[0].witness, told.seen[0].size) == ("WITNESSED", "w.example", 300)
    assert found(GOOD, witnesses=[key]) == ("CONSISTENT", "")


def test_the_module_and_the_command_judge_what_the_ledger_wrote(world, tmp_path, monkeypatch, capfd):
    plane = populate(Plane(world))
    monkeypatch.chdir(tmp_path)
    door = _door(Settings(person="ada"), lambda _database=None, **_other: plane)

    def run(*words):
        code = run_cli(words, door)
        return code, capfd.readouterr()

    assert run("ledger", "prove", "3", "--tlog-proof", "three.tlog-proof")[0] == 0
    key = plane.ledger.checkpoint().key
    code, said = run("ledger", "verify", "--proof", "three.tlog-proof", "--key", key, "--json")
    told = json.loads(said.out)
    assert (code, told["verdict"], told["position"], told["kind"]) == (0, "CONSISTENT", 3, "person.added/1")
    assert verifier.main(["--proof", "three.tlog-proof", "--key", key]) == 0
    assert capfd.readouterr().out.startswith("CONSISTENT  ")

    parsed = proof_file.parse((tmp_path / "three.tlog-proof").read_bytes())
    (tmp_path / "bare").write_bytes(proof_file.encode(replace(parsed, extra=None)))
    (tmp_path / "entry").write_bytes(parsed.extra)
    for call in (lambda *words: run("ledger", "verify", *words)[0], lambda *words: verifier.main(words)):
        assert call("--proof", "bare", "--key", key) == 1
        assert call("--proof", "bare", "--entry", "entry", "--key", key) == 0
        assert call("--proof", "three.tlog-proof", "--key", KEY) == 1
        assert call("--proof", "three.tlog-proof", "--checkpoint", "bare", "--key", key) == 2
        assert call("--entry", "entry", "--key", key) == 2
        capfd.readouterr()
    assert run("ledger", "verify", "--proof", "three.tlog-proof")[0] == 2
    assert verifier.main(["--key", key]) == 2
    assert run("ledger", "verify", "--bundle", "nodir", "--key", key)[0] == 3
    assert run("ledger", "verify", "--proof", "nofile", "--key", key)[0] == 3
    assert verifier.main(["--proof", "entry", "--key", key]) == 1
    assert capfd.readouterr().out.startswith("INVALID\nit is no proof file")

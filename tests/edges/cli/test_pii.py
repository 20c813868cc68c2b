"""`ephor pii`: what it prints, and what it never prints."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest
import typer

from ephor import bootstrap
from ephor.adapters import files
from ephor.adapters.texts import sources
from ephor.edges.cli import pii
from ephor.kernel.errors import InvalidInputError

SECRETS = ("jane@example.com", "4111", "1111", "jane")
Run = Callable[..., str]


@pytest.fixture
def run(capsysbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> Run:
    door = SimpleNamespace(
        today=lambda: date(2026, 8, 2),
        read_bytes=lambda name: (tmp_path / name).read_bytes(),
        texts=lambda name: bootstrap._texts(name if "://" in name else str(tmp_path / name)),
        is_folder=lambda name: (tmp_path / name).is_dir(),
        not_read=sources.refusal,
        lake=bootstrap._lake,
        recognizers=lambda name: bootstrap._recognizers(str(tmp_path / name)),
        names=bootstrap._names,
        new_file=lambda name: files.new_file(str(tmp_path / name)),
    )
    command = typer.main.get_command(pii.app)

    def call(verb: str, content: bytes, *options: str, file: str = "input") -> str:
        (tmp_path / "input").write_bytes(content)
        (tmp_path / "key").write_bytes(b"a key of the tests, not of anyone")
        command.main([verb, file, *options], standalone_mode=False, obj=door)
        return capsysbinary.readouterr().out.decode("utf-8", "surrogateescape")

    return call


def test_scan_says_where_and_what_but_never_the_value(run: Run) -> None:
    text = b"Hello,\nwrite to jane@example.com, card 4111 1111 1111 1111.\n"
    report = json.loads(run("scan", text, "--json"))
    assert report["counts"] == {"credit_card": 1, "email": 1}
    assert report["finds"][0] == {
        "type": "email",
        "confidence": 95,
        "length": "13 to 24 characters",
        "start": 16,
        "end": 32,
        "line": 2,
        "column": 10,
    }
    assert "name" in {kind["type"] for kind in report["not_looked_for"]}
    shown = run("scan", text)
    assert "2:10" in shown
    assert "not looked for: names of people" in shown
    assert not any(secret in shown + json.dumps(report) for secret in SECRETS)


def test_scan_of_json_gives_paths_without_personal_data(run: Run) -> None:
    content = json.dumps({"to": {"jane@example.com": "4111 1111 1111 1111"}, "ssn": 123456789}).encode()
    report = json.loads(run("scan", content, "--json"))
    assert report["format"] == "json"
    assert [row["path"] for row in report["finds"]] == ["/to/[email]", "/to/[email]", "/ssn"]
    assert not any(secret in json.dumps(report) for secret in SECRETS)


def test_mask_writes_text_back_byte_for_byte_around_the_finds(run: Run) -> None:
    assert run("mask", b"\xff jane@example.com \xc3\xa9\r\n") == "\udcff [email] \u00e9\r\n"


def test_mask_keeps_the_shape_of_json(run: Run) -> None:
    content = json.dumps(
        {"email": "jane@example.com", "rows": [1, None, True, {"n": 4111111111111111}]}
    ).encode()
    assert json.loads(run("mask", content)) == {
        "email": "[email]",
        "rows": [1, None, True, {"n": "[credit_card]"}],
    }
    report = json.loads(run("mask", content, "--json", "--operator", "keep-last"))
    assert report["masked"]["rows"][3]["n"] == "********1111"
    assert report["counts"] == {"credit_card": 1, "email": 1}


@pytest.mark.parametrize(
    "content",
    [b'{"a": "jane@example.com", "a": "x"}', b'{"a": jane@example.com', b"[" * 100_000 + b"jane@example.com", b'{"a": NaN, "b": "jane@example.com"}',
     b"x" * 300_000 + b" jane@example.com", "jane@example.com".encode("utf-16"), b"\xef\xbb\xbfjane@example.com", b"jane\x00@example.com \xff\xfe"],
)  # fmt: skip
def test_what_is_no_plain_json_is_masked_as_text(run: Run, content: bytes) -> None:
    assert json.loads(run("scan", content, "--json"))["counts"] == {"email": 1}
    masked = run("mask", content)
    assert "[email]" in masked
    assert "example.com" not in masked


def test_lone_surrogates_and_long_integers_are_still_json(run: Run) -> None:
    content = b'{"a": "\\ud800 jane@example.com", "n": 123456789012345678901234567890}'
    assert json.loads(run("mask", content, "--json"))["masked"] == {
        "a": "\ufffd [email]",
        "n": "123456789012345678901234567890",
    }
    assert json.loads(run("mask", content))["a"] == "\ufffd [email]"


def test_types_profiles_and_operators_are_chosen_by_name(run: Run) -> None:
    text = b"jane@example.com born 1980-02-29, NY 10001, card 4111 1111 1111 1111"
    assert json.loads(run("scan", text, "--json", "--types", "email"))["counts"] == {"email": 1}
    assert json.loads(run("scan", text, "--json", "--profile", "pci"))["counts"] == {"credit_card": 1}
    assert "born 1980, NY 100**" in run("mask", text, "--profile", "hipaa", "--operator", "generalise")
    assert "[email:" in run("mask", text, "--operator", "hash", "--key-file", "key")


@pytest.mark.parametrize(
    ("options", "message"),
    [(["--types", "shoe_size"], "unknown type"), (["--profile", "none"], "unknown profile"), (["--types", ","], "no type"),
     (["--types", "email", "--profile", "pci"], "give one")],
)  # fmt: skip
@pytest.mark.parametrize("verb", ["scan", "mask"])
def test_a_choice_that_is_none_is_refused(run: Run, verb: str, options: list[str], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        run(verb, b"x", *options)


def test_a_hash_without_a_key_is_refused(run: Run) -> None:
    with pytest.raises(InvalidInputError, match="needs a key"):
        run("mask", b"x", "--operator", "hash")


def test_a_hash_without_a_key_is_told_which_option_names_one(run: Run) -> None:
    with pytest.raises(InvalidInputError, match="--key-file"):
        run("mask", b"jane@example.com", "--operator", "hash")


def test_places_in_json_json_lines_and_csv_count_characters_of_the_file(run: Run, tmp_path: Path) -> None:
    for name, text in (
        ("a.json", '{"a": "\\u00e9 jane@example.com", "card": [4111111111111111]}'),
        ("b.jsonl", '{"x": 1}\n{"a": "\u00e9 jane@example.com"}\nno json, jane@example.com\n'),
        ("c.csv", 'name;note\n"a ""b""";"x; jane@example.com"\n'),
    ):
        (tmp_path / name).write_text(text)
        finds = json.loads(run("scan", b"", "--json", file=name))["finds"]
        assert finds
        for find in finds:
            assert text[find["start"] : find["end"]] in {"jane@example.com", "4111111111111111"}
            assert text[: find["start"]].count("\n") + 1 == find["line"]
            assert text.splitlines()[find["line"] - 1][find["column"] - 1 :].startswith(
                text[find["start"] : find["end"]]
            )


def test_a_folder_gives_a_report_for_each_source_and_never_a_value(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.txt").write_text("jane@example.com 4111 1111 1111 1111")
    (folder / "z.zip").write_bytes(b"PK\x03\x04")
    report = json.loads(run("scan", b"", "--json", file="folder"))
    assert report["counts"] == {"credit_card": 1, "email": 1}
    assert [one["name"] for one in report["sources"]] == ["a.txt"]
    assert [one["name"] for one in report["not_read"]] == ["z.zip"]
    shown = run("scan", b"", "--progress", file="folder")
    assert "a.txt:1:1" in shown
    assert not any(secret in shown + json.dumps(report) for secret in SECRETS)


def test_a_masked_csv_holds_no_formula(run: Run, tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(
        "name,email,n\n=cmd|' /C calc'!A0,jane@example.com,-5\n@x,,+1\nplain,,1\n"
    )
    assert (
        run("mask", b"", file="c.csv") == "name,email,n\n'=cmd|' /C calc'!A0,[email],-5\n'@x,,+1\nplain,,1\n"
    )


def test_what_is_encrypted_comes_back_with_the_key(run: Run, tmp_path: Path) -> None:
    masked = run("mask", b"to jane@example.com", "--operator", "encrypt", "--key-file", "key")
    assert "jane" not in masked
    (tmp_path / "masked").write_text(masked)
    assert run("unmask", b"", "--key-file", "key", file="masked") == "to jane@example.com"


def test_json_nested_a_thousand_levels_deep_is_read(run: Run) -> None:
    content = b'{"a":' * 900 + b'"jane@example.com"' + b"}" * 900
    assert json.loads(run("scan", content, "--json"))["counts"] == {"email": 1}
    assert "jane" not in run("mask", content)


def test_own_recognizers_are_read_from_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("recognizers:\n  - {type: x_staff, pattern: 'EMP-[0-9]{6}'}\n")
    assert json.loads(run("scan", b"EMP-123456", "--json", "--recognizers", "own.yaml"))["counts"] == {
        "x_staff": 1
    }


def test_own_types_are_chosen_with_the_others_or_alone(run: Run, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        "recognizers:\n  - {type: x_staff, pattern: 'EMP-[0-9]{6}'}\n  - {type: x_desk, pattern: 'D[0-9]{3}'}\n"
    )

    def counts(*types: str) -> object:
        text = b"EMP-123456 at D123, jane@example.com, 4111 1111 1111 1111"
        return json.loads(run("scan", text, "--json", "--recognizers", "own.yaml", *types))["counts"]

    assert counts() == {"credit_card": 1, "email": 1, "x_desk": 1, "x_staff": 1}
    assert counts("--types", "x_staff") == {"x_staff": 1}
    assert counts("--types", "email,x_desk") == {"email": 1, "x_desk": 1}
    assert counts("--types", "email") == {"email": 1}
    for more in (("--recognizers", "own.yaml"), ()):
        with pytest.raises(InvalidInputError, match="no recognizer finds `x_none`"):
            run("scan", b"x", "--types", "x_none", *more)


def test_a_file_of_recognizers_that_is_wrong_is_told_with_its_line(run: Run, tmp_path: Path) -> None:
    for content, told in (
        (
            "recognizers:\n  - {type: x_staff,\n     pattern: '('}\n",
            r"own.yaml:3: pattern is not RE2 \(missing \)",
        ),
        ("recognizers:\n  : bad\n", "own.yaml:2: "),
    ):
        (tmp_path / "own.yaml").write_text(content)
        with pytest.raises(InvalidInputError, match=told):
            run("scan", b"x", "--recognizers", "own.yaml")


def test_names_of_files_and_columns_are_values_too_and_stand_in_no_report(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name in ("jane@example.com.txt", "joe@example.com.txt", "plain.txt"):
        (folder / name).write_text("4111 1111 1111 1111")
    (folder / "jane@example.com.zip").write_bytes(b"PK\x03\x04")
    with sqlite3.connect(tmp_path / "base.db") as base:
        base.execute('CREATE TABLE "jane@example.com" ("4111 1111 1111 1111" TEXT)')
        base.execute("INSERT INTO \"jane@example.com\" VALUES ('joe@example.com')")
    base.close()
    report = json.loads(run("scan", b"", "--json", file="folder"))
    assert [one["name"] for one in report["sources"]] == ["[email].txt", "[email].txt#2", "plain.txt"]
    assert ([one["name"] for one in report["not_read"]], report["names_with_finds"]) == (["[email].zip"], 3)
    [column] = json.loads(run("scan", b"", "--json", file=f"sqlite:///{tmp_path}/base.db"))["columns"]
    assert (column["table"], column["column"]) == ("[email]", "[credit_card]")
    shown = run("scan", b"", "--progress", file="folder") + run(
        "scan", b"", file=f"sqlite:///{tmp_path}/base.db"
    )
    assert "@example.com" not in shown
    assert "4111" not in shown


def test_records_are_told_with_their_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "b.jsonl").write_text('{"x": 1}\n{"a": "jane@example.com"}\n')
    (tmp_path / "c.csv").write_text("name,note\na,b\nc,jane@example.com\n")
    assert "2:/a " in run("scan", b"", file="b.jsonl")
    assert "3:/note " in run("scan", b"", file="c.csv")


def test_a_file_that_is_called_packed_is_packed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"to jane@example.com"))
    run("mask", b"", "--output", "b.txt.gz", file="a.txt.gz")
    assert gzip.decompress((tmp_path / "b.txt.gz").read_bytes()) == b"to [email]"
    run("mask", b"", "--output", "b.txt", file="a.txt.gz")
    assert (tmp_path / "b.txt").read_bytes() == b"to [email]"

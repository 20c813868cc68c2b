"""What a person is handed, read back by the standard library."""

from __future__ import annotations

import base64
import csv
import html.parser
import io
import json
import re
from datetime import date

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC

from ephor.edges.cli.dsr_package import as_page, rendered, seal, table_as_csv
from ephor.kernel.errors import InvalidInputError

ROWS = [
    {"id": 1, "note": '=HYPERLINK("http://evil","x")', "city": "Bergen; Oslo", "n": -4},
    {"id": 2, "note": 'two\nlines, and "quotes"', "city": None, "n": 1.5},
    {"id": 3, "note": "<script>alert(1)</script>", "city": "  @SUM(A1)", "n": True},
]
CONTENT = {
    "request": "dsr_1",
    "prepared_at": "2026-11-24T09:00:00Z",
    "collections": {"shop.customers": ROWS, "../../etc/x y": [{"a": "+1"}]},
    "withheld_for_others": [{"collection": "shop.addresses", "rows": 1, "shared_with": "shop.customers"}],
    "not_searched": ["shop.warehouse_log"],
}
PACKAGE = json.dumps(CONTENT).encode()


def test_tables_read_back_and_hold_no_formula() -> None:
    read = list(csv.reader(io.StringIO(table_as_csv(ROWS).decode("utf-8-sig"), newline="")))
    assert read[0] == ["id", "note", "city", "n"]
    assert [row[0] for row in read[1:]] == ["1", "2", "3"]
    assert read[1][3] == "-4", "a number stays a number"
    assert read[2][1] == ROWS[1]["note"]
    for row in read[1:]:
        for cell in row[1:3]:
            assert not cell.lstrip().startswith(("=", "+", "-", "@"))


def test_the_files_have_names_that_climb_nowhere() -> None:
    files = rendered("dsr_1.json", PACKAGE, ["json", "csv", "html"])
    assert next(iter(files)) == "dsr_1.json"
    assert len(files) == 4
    assert all("/" not in name and re.fullmatch(r"dsr_1\.[\w.-]+", name) for name in files)
    assert list(rendered("dsr_1.json", PACKAGE, ["json"])) == ["dsr_1.json"]
    with pytest.raises(InvalidInputError):
        rendered("dsr_1.json", PACKAGE, ["pdf"])


def test_the_page_says_everything_and_runs_nothing() -> None:
    page = as_page(CONTENT).decode()
    tags: list[str] = []
    said: list[str] = []

    class Reader(html.parser.HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append(tag)

        def handle_data(self, data: str) -> None:
            said.append(data)

    Reader().feed(page)
    assert "script" not in tags
    text = "\n".join(said)
    for expected in ("<script>alert(1)</script>", "Bergen; Oslo", "shop.warehouse_log", "about others"):
        assert expected in text


def opened(page: bytes, passphrase: str, until: str | None = None) -> dict[str, bytes]:
    found = re.search(r"const sealed = (\{.*?\});", page.decode())
    assert found
    data = json.loads(found[1])
    salt, nonce, box = (base64.b64decode(data[name]) for name in ("salt", "nonce", "box"))
    key = PBKDF2HMAC(SHA256(), 32, salt, data["rounds"]).derive(passphrase.encode())
    day = data["until"] if until is None else until
    inside = json.loads(AESGCM(key).decrypt(nonce, box, day.encode()))
    return {name: base64.b64decode(one) for name, one in inside.items()}


def test_a_sealed_package_opens_with_its_passphrase_and_its_day_and_nothing_else() -> None:
    files = rendered("dsr_1.json", PACKAGE, ["csv"])
    page = seal(files, "correct horse battery", date(2027, 1, 1))
    assert b"Bergen" not in page
    assert base64.b64encode(PACKAGE)[:40] not in page
    assert opened(page, "correct horse battery") == files
    with pytest.raises(InvalidTag):
        opened(page, "correct horse batterY")
    with pytest.raises(InvalidTag):
        opened(page, "correct horse battery", "2099-01-01")
    assert seal(files, "correct horse battery", None) != seal(files, "correct horse battery", None)
    with pytest.raises(InvalidInputError):
        seal(files, "short", None)

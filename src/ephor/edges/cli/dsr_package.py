"""What a person is handed: the package as tables for a spreadsheet, as a page to read, and sealed under a passphrase."""

from __future__ import annotations

import base64
import html
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.rooms.exports.tables import is_formula

MARK = "\ufeff".encode()
"""By which a spreadsheet knows that a file is UTF-8."""
FORMS = ("json", "csv", "html")
ROUNDS = 600_000
"""Rounds of PBKDF2 with SHA-256, as OWASP advises for passphrases."""
SHORTEST = 12


def rendered(name: str, package: bytes, forms: Sequence[str]) -> dict[str, bytes]:
    """Return the files of a package, *name* being that of the JSON document, which always comes first.

    Raises:
        InvalidInputError: a form that is none.
    """
    if unknown := [one for one in forms if one not in FORMS]:
        raise InvalidInputError(f"`{unknown[0][:40]}` is no form of a package; use json, csv or html")
    files = {name: package}
    content: Mapping[str, Any] = json.loads(package)
    stem = name.removesuffix(".json")
    if "csv" in forms:
        for number, (collection, rows) in enumerate(sorted(content["collections"].items())):
            files[f"{stem}.{number:02d}-{_safe(collection)}.csv"] = table_as_csv(rows)
    if "html" in forms:
        files[f"{stem}.html"] = as_page(content)
    return files


def table_as_csv(rows: Sequence[Mapping[str, object]]) -> bytes:
    """Return rows as CSV (RFC 4180) that no spreadsheet takes for formulas: such text gets an apostrophe before it.

    >>> table_as_csv([{"name": "=1+1", "n": -2}]).decode("utf-8-sig")
    "name,n\\r\\n'=1+1,-2\\r\\n"
    """
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines: list[list[Any]] = [list(columns), *([row.get(name) for name in columns] for row in rows)]
    return MARK + b"".join(csv_line(line) for line in lines)


def csv_line(cells: Sequence[object]) -> bytes:
    """Return one line of CSV (RFC 4180), of which no spreadsheet takes a cell for a formula."""
    return (",".join(map(_cell, cells)) + "\r\n").encode()


def _cell(value: object) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if is_formula(value):
        text = "'" + text
    return '"' + text.replace('"', '""') + '"' if re.search(r'[",\r\n;]', text) else text


def as_page(content: Mapping[str, Any]) -> bytes:
    """Return the package as a page that a person reads: no script, nothing loaded from anywhere."""
    parts = [
        f"<h1>Your data</h1><p>Request {_text(content['request'])}, prepared {_text(content['prepared_at'])}.</p>"
    ]
    for collection, rows in sorted(content["collections"].items()):
        parts.append(f"<h2>{_text(collection)}</h2>{as_table(rows)}")
    for title, key in (("Why and how it is processed", "processing"), ("What you agreed to", "consents")):
        if content.get(key):
            parts.append(f"<h2>{title}</h2>{as_table(content[key])}")
    if withheld := content.get("withheld_for_others"):
        parts.append(f"<h2>Not shown, because it is about others as well</h2>{as_table(withheld)}")
    if missed := content.get("not_searched"):
        listed = "".join(f"<li>{_text(one)}</li>" for one in missed)
        parts.append(f"<h2>Not searched</h2><ul>{listed}</ul>")
    return page("Your data", "".join(parts), "default-src 'none'; style-src 'unsafe-inline'").encode()


def seal(files: Mapping[str, bytes], passphrase: str, until: date | None) -> bytes:
    """Return one page that holds *files* under AES-256-GCM and opens itself in a browser, given the passphrase.

    The page refuses after *until*, a day that the seal covers; a copy that somebody opened is theirs.

    Raises:
        InvalidInputError: the passphrase is too short to protect anything.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - slow to load
    from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415
    from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC  # noqa: PLC0415

    if len(passphrase) < SHORTEST:
        raise InvalidInputError(
            f"the passphrase in the file of --passphrase is shorter than {SHORTEST} characters; make a longer one"
        )
    salt, nonce = os.urandom(16), os.urandom(12)
    key = PBKDF2HMAC(SHA256(), 32, salt, ROUNDS).derive(passphrase.encode())
    inside = json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()}).encode()
    day = until.isoformat() if until else ""
    box = AESGCM(key).encrypt(nonce, inside, day.encode())
    told = {"salt": salt, "nonce": nonce, "box": box}
    data = json.dumps(
        {name: base64.b64encode(one).decode() for name, one in told.items()}
        | {"until": day, "rounds": ROUNDS}
    )
    good = f"<p>Good until {day}.</p>" if day else ""
    body = (
        f"<h1>Your data, sealed</h1>{good}<p>Type the passphrase that you were given another way.</p>"
        '<form id="ask"><input id="word" type="password" autocomplete="off" size="40"> <button>Open</button></form>'
        f'<p id="said" role="status"></p><div id="files"></div><script>const sealed = {data};{_OPEN}</script>'
    )
    policy = (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-src 'self' blob:"
    )
    return page("Your data, sealed", body, policy).encode()


_OPEN = """
const bytes = text => Uint8Array.from(atob(text), one => one.charCodeAt(0));
document.getElementById("ask").onsubmit = async event => {
  event.preventDefault();
  const said = document.getElementById("said"), list = document.getElementById("files");
  list.replaceChildren();
  if (sealed.until && new Date().toISOString().slice(0, 10) > sealed.until) { said.textContent = "This copy is out of date; ask for a new one."; return; }
  said.textContent = "Opening…";
  try {
    const word = new TextEncoder().encode(document.getElementById("word").value);
    const base = await crypto.subtle.importKey("raw", word, "PBKDF2", false, ["deriveKey"]);
    const key = await crypto.subtle.deriveKey({name: "PBKDF2", hash: "SHA-256", salt: bytes(sealed.salt), iterations: sealed.rounds}, base, {name: "AES-GCM", length: 256}, false, ["decrypt"]);
    const inside = await crypto.subtle.decrypt({name: "AES-GCM", iv: bytes(sealed.nonce), additionalData: new TextEncoder().encode(sealed.until)}, key, bytes(sealed.box));
    for (const [name, data] of Object.entries(JSON.parse(new TextDecoder().decode(inside)))) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([bytes(data)], {type: "application/octet-stream"}));
      link.download = name;
      link.textContent = name;
      list.append(link, document.createElement("br"));
    }
    said.textContent = "Save what you need:";
  } catch { said.textContent = "This is not the passphrase, or the file was changed."; }
};
"""


def rendering(
    write: Callable[[str, bytes], None], forms: Sequence[str], passphrase: str | None, until: date | None
) -> Callable[[str, bytes], None]:
    """Return what writes a package in every form that was asked for, or all of them sealed into one page."""

    def deliver(name: str, content: bytes) -> None:
        files = rendered(name, content, forms)
        if passphrase is not None:
            files = {f"{name.removesuffix('.json')}.sealed.html": seal(files, passphrase, until)}
        for each, data in files.items():
            write(each, data)

    return deliver


def into(folder: Path) -> Callable[[str, bytes], None]:
    """Return what writes a document into *folder* so that only this account can read it; whole, or not at all."""

    def deliver(name: str, content: bytes) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = folder / f".{name}.part"
            part.unlink(missing_ok=True)
            with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            part.replace(folder / name)
        except OSError as error:
            raise UnavailableError(f"cannot write the package into `{folder}`: {error.strerror}") from error

    return deliver


def page(title: str, body: str, policy: str) -> str:
    """Return a whole page under a content security policy."""
    style = "body{font:16px/1.5 sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}td,th{border:1px solid #bbb;padding:.3rem;text-align:left;overflow-wrap:anywhere}table{border-collapse:collapse}"
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}"><title>{title}</title><style>{style}</style></head>'
        f"<body>{body}</body></html>\n"
    )


def as_table(rows: Sequence[Mapping[str, object]]) -> str:
    """Return rows as a table whose cells are text and nothing else."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    head = "".join(f'<th scope="col">{_text(one)}</th>' for one in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{_text(row.get(one))}</td>" for one in columns) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _text(value: object) -> str:
    if value is None:
        return ""
    return html.escape(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _safe(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]", "_", name)[:100]

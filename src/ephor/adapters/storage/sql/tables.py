"""The tables, for both databases. Migrations make them; a test holds the two against each other."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSVECTOR

from ephor.adapters.storage.catalogue import SHELVES
from ephor.adapters.storage.search import COLUMNS

metadata = sa.MetaData()
_ID = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
"""Ordered by code point everywhere, as memory and SQLite do, and not by the language of the server."""

ledger_entries = sa.Table(
    "ledger_entries",
    metadata,
    sa.Column(
        "idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("data", sa.LargeBinary, nullable=False),
    comment="The canonical bytes that were hashed. Insert and select only; no secondary index: each costs throughput.",
)
ledger_tiles = sa.Table(
    "ledger_tiles",
    metadata,
    sa.Column("level", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column(
        "idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("middle", sa.LargeBinary),
    # The roots lie behind 8 KiB of hashes each; an unfinished tile is made of up to 255 of them.
    sa.Index("ix_ledger_tiles_root", "level", "idx", "root"),
    comment="Full tiles of 256 hashes (C2SP tlog-tiles).",
)
ledger_head = sa.Table(
    "ledger_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("frontier", sa.LargeBinary, nullable=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    comment="One row a log, its number plus 1: the signed head, written in the transaction of the entries it is over.",
)
ledger_logs = sa.Table(
    "ledger_logs",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("stream", sa.Text, nullable=False),
    sa.Column("epoch", sa.Integer, nullable=False),
    sa.Column("ended", sa.Integer, nullable=False),
    comment="Every log: 0 is the first. The rows of a log lie at idx = number << 40 | position.",
)
ledger_fresh = sa.Table(
    "ledger_fresh",
    metadata,
    sa.Column(
        "idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("hashes", sa.LargeBinary, nullable=False),
    comment="Leaf hashes of the unfinished tile, from this place on: one row a commit, gone when the tile is full.",
)
ledger_keys = sa.Table(
    "ledger_keys",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    comment="Key statements, signed by the old and the new key: 1 names the second key of a log.",
)
ledger_cosigned = sa.Table(
    "ledger_cosigned",
    metadata,
    sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("size", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("note", sa.LargeBinary, nullable=False),
    comment="Checkpoints with the cosignatures of witnesses; no entry tells of them, it would itself be unwitnessed.",
)
ledger_projection = sa.Table(
    "ledger_projection",
    metadata,
    sa.Column(
        "idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("id", sa.Text, nullable=False, index=True),
    sa.Column("at", _ID, nullable=False, index=True),
    *[sa.Column(name, sa.Text, index=True) for name in COLUMNS],
    comment="For searching only; derived from the entries, may be dropped and rebuilt.",
)
ledger_words = sa.Table(
    "ledger_words",
    metadata,
    sa.Column(
        "idx", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("words", sa.Text().with_variant(TSVECTOR, "postgresql"), nullable=False),
    comment="For searching only: the words of each entry; what finds them (FTS5, GIN) is made when it is first asked.",
)
sealed_payloads = sa.Table(
    "sealed_payloads",
    metadata,
    sa.Column("entry", sa.Text, primary_key=True),
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("salt", sa.LargeBinary, nullable=False),
    sa.Column("box", sa.LargeBinary, nullable=False),
    comment="Nonce and ciphertext. The commitment they must meet stands in the ledger's entry, nowhere else.",
)
subject_keys = sa.Table(
    "subject_keys",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("kek", sa.Text, nullable=False, index=True),
)
plane_state = sa.Table(
    "plane_state",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
    comment="`version` grows with every change to a shelf; decisions compare it before they trust what they compiled.",
)

SHELF_TABLES = {
    kind: sa.Table(
        plan.table,
        metadata,
        sa.Column("id", _ID, primary_key=True),
        *[sa.Column(name, sa.Text, index=True) for name in plan.columns],
        sa.Column("body", sa.Text, nullable=False),
    )
    for kind, plan in SHELVES.items()
}
"""One table a shelf: the id, the searchable fields, and the whole record as JSON."""

"""Keys that follow each other: the statements of signing keys, and which wrapping key wrapped what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "ledger_keys",
        sa.Column("log", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("note", sa.LargeBinary, nullable=False),
        comment="Key statements, signed by the old and the new key: 1 names the second key of a log.",
    )
    # Whatever is wrapped already was wrapped by the one key there was; its mark stands beside it from now on.
    sqlite = op.get_bind().dialect.name == "sqlite"
    op.add_column("subject_keys", sa.Column("kek", sa.Text, nullable=False, server_default=""))
    mark = "printf('%014x', value)" if sqlite else "lpad(to_hex(value), 14, '0')"
    op.execute(
        f"update subject_keys set kek = coalesce((select {mark} from plane_state where name = 'wrapping-key'), '')"
    )
    with op.batch_alter_table("subject_keys") as table:
        table.alter_column("kek", server_default=None)
    op.create_index(op.f("ix_subject_keys_kek"), "subject_keys", ["kek"], unique=False)

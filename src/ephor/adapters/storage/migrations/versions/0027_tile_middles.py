"""Beside each full tile the sixteen hashes in its middle, of earlier tiles none; and an index that holds the roots of tiles."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_tiles", sa.Column("middle", sa.LargeBinary(), nullable=True))
    op.create_index("ix_ledger_tiles_root", "ledger_tiles", ["level", "idx", "root"], unique=False)

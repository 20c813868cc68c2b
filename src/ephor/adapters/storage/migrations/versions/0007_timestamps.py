"""Nothing: time stamps on checkpoints are to come, in a migration of their own."""

from __future__ import annotations

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The chain keeps its numbers."""

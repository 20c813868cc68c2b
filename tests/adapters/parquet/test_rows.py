"""An archive of rows is what was written, or it is named as damaged and nothing further goes."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("pyarrow", reason="install ephor[parquet]")

from ephor.adapters.parquet.rows import row_archive
from ephor.kernel.errors import VerificationError

ROWS = [(one, f"person{one}@example.org") for one in range(40)]


def test_an_archive_that_was_changed_since_is_not_taken_for_what_was_written(tmp_path: Path) -> None:
    with row_archive(str(tmp_path), "ret_1") as archive:
        archive.keep("00-shop.tickets", ["id", "email"], ROWS)
        assert archive.last("00-shop.tickets") == (["id", "email"], ROWS)
        (path,) = tmp_path.rglob("*.parquet")
        kept = path.read_bytes()
        for at in (40, 100, len(kept) // 3, len(kept) - 6):
            path.write_bytes(kept[:at] + bytes([kept[at] ^ 1]) + kept[at + 1 :])
            with pytest.raises(VerificationError, match=r"part-000000\.parquet` was damaged .* from a copy"):
                archive.sum_up("00-shop.tickets")
            with pytest.raises(VerificationError, match="damaged"):
                archive.last("00-shop.tickets")
        path.write_bytes(kept)
        assert archive.sum_up("00-shop.tickets").rows == len(ROWS)

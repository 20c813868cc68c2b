"""Writes a table as an XLSX workbook, in memory that does not grow with it; no cell is ever a formula."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from ephor.adapters.files import new_path
from ephor.kernel.errors import UnavailableError
from ephor.rooms.exports.tables import Cell, Column, Row, is_formula

LAST_ROW = 1_048_575
"""The last row of a sheet, counted from 0; what follows goes to the next sheet."""
LONGEST = 32_767
"""Characters that a cell holds."""
CUT = "… (cut here; the CSV has all of it)"
_LARGEST = 2**53


@contextmanager
def new_workbook(path: str, columns: Sequence[Column], name: str) -> Iterator[Callable[[Row], object]]:
    """Give what writes rows into a new workbook; it appears under its name whole, or not at all.

    Text that a spreadsheet would take for a formula is text with the mark for it, and stays text when somebody edits it.

    Raises:
        ConflictError: there is something at *path* already.
        UnavailableError: it cannot be written, or XlsxWriter is not installed.
    """
    try:
        import xlsxwriter  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UnavailableError("a workbook needs XlsxWriter; install `ephor[xlsx]`, or export csv") from error
    with new_path(path) as making:
        book = xlsxwriter.Workbook(
            str(making),
            {
                "constant_memory": True,
                "tmpdir": str(making.parent),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
                "remove_timezone": True,
            },
        )
        book.set_properties({"created": datetime(2000, 1, 1)})  # noqa: DTZ001 - the same rows make the same bytes
        try:
            yield _Sheets(book, columns, name).write
        finally:
            book.close()  # which closes its temporary files, too; a half one is not put under the name


class _Sheets:
    """The sheets of one table, each with the columns' names on top."""

    def __init__(self, book: Any, columns: Sequence[Column], name: str) -> None:
        self._book, self._columns, self._name = book, columns, name
        self._bold = book.add_format({"bold": True})
        self._text = book.add_format({"num_format": "@", "quote_prefix": True})
        self._day = book.add_format({"num_format": "yyyy-mm-dd"})
        self._time = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self._count = 0
        self._begin()

    def write(self, row: Row) -> None:
        if self._row > LAST_ROW:
            self._begin()
        for place, value in enumerate(row):
            self._put(place, value)
        self._row += 1

    def _begin(self) -> None:
        self._count += 1
        title = self._name[:25] if self._count == 1 else f"{self._name[:25]} {self._count}"
        self._sheet = self._book.add_worksheet(title)
        self._sheet.freeze_panes(1, 0)
        for place, column in enumerate(self._columns):
            self._sheet.write_string(0, place, column.name, self._bold)
        self._row = 1

    def _put(self, place: int, value: Cell) -> None:
        sheet, row = self._sheet, self._row
        if value is None:
            return
        if isinstance(value, bool):
            sheet.write_boolean(row, place, value)
        elif isinstance(value, datetime):
            sheet.write_datetime(row, place, value.astimezone(UTC).replace(tzinfo=None), self._time)
        elif isinstance(value, date):
            sheet.write_datetime(row, place, value, self._day)
        elif isinstance(value, int | float) and abs(value) < _LARGEST:
            sheet.write_number(row, place, value)
        else:
            text = str(value)
            if len(text) > LONGEST:
                text = text[: LONGEST - len(CUT)] + CUT
            if is_formula(text):
                sheet.write_string(row, place, text, self._text)
            else:
                sheet.write_string(row, place, text)

"""Lines too long for a record are read as running text, wherever their parts end."""

from __future__ import annotations

import pytest

from ephor.rooms.pii.catalogue import profile
from ephor.rooms.pii.operators import redact
from ephor.rooms.pii.reading import LONGEST_LINE, Reader, read_csv, read_json_lines

EVERYTHING = profile("default")


@pytest.mark.parametrize("reader", [read_json_lines, read_csv])
@pytest.mark.parametrize("before", [-24, -12, -7, -1, 3])
def test_a_value_across_the_parts_of_a_line_too_long_for_a_record_is_masked_and_placed(
    reader: Reader, before: int
) -> None:
    value = "4111 1111 1111 1111"
    line = '{"a": "'.ljust(LONGEST_LINE + before, "x") + f" {value} " + "y" * 70_000 + '"}\n'
    text = '{"b": "jane@example.com"}\n' + line + '{"c": "joe@example.com"}\n'
    reads = list(reader([text[at : at + 65_536] for at in range(0, len(text), 65_536)], EVERYTHING, redact))
    written = "".join(read.text for read in reads)
    assert not any(one in written for one in ("4111", "1111", "jane", "joe"))
    assert written.count("\n") == 3
    [_, find, last] = [find for read in reads for find in read.finds]
    assert (text[find.start : find.end], find.line, find.column) == (value, 2, len(line.split(value)[0]) + 1)
    assert (text[last.start : last.end], last.line) == ("joe@example.com", 3)

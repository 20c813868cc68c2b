"""Tables of observations: the same columns from every format, and what is no table refused with its place."""

import json

import pytest
from pyarrow import Table, parquet

from ephor.adapters.observed import read_table
from ephor.kernel.errors import InvalidInputError, NotFoundError
from ephor.rooms.models.column import spread

ROWS = [{"age": 30 + at, "plan": "ab"[at % 2], "vip": at % 3 == 0} for at in range(40)]


@pytest.fixture
def written(tmp_path):
    """The same rows in each format."""
    lines = ["age,plan,vip", *(f"{one['age']},{one['plan']},{str(one['vip']).lower()}" for one in ROWS)]
    (tmp_path / "rows.csv").write_text("\ufeff" + "\r\n".join(lines) + "\r\n", encoding="utf-8")
    (tmp_path / "rows.jsonl").write_text("\n".join(json.dumps(one) for one in ROWS))
    parquet.write_table(Table.from_pylist(ROWS), tmp_path / "rows.parquet")
    return tmp_path


def test_every_format_tells_the_same(written):
    told = [read_table(str(written / f"rows.{ending}")) for ending in ("csv", "jsonl", "parquet")]
    spreads = [[spread(name, one.columns[name]) for name in sorted(one.columns)] for one in told]
    assert [one.rows for one in told] == [40, 40, 40]
    assert spreads[0] == spreads[1] == spreads[2]
    assert len({one.digest for one in told}) == 3


def test_a_column_that_some_lines_lack_is_missing_there(tmp_path):
    (tmp_path / "a.jsonl").write_text('{"x": 1}\n\n{"y": "b"}\n{"x": 2, "y": null}\n')
    assert read_table(str(tmp_path / "a.jsonl")).columns == {"x": [1.0, None, 2.0], "y": [None, "b", None]}


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("a.txt", b"x", "is none of .csv"),
        ("a.csv", b"", "no rows"),
        ("a.csv", b"x,x\n1,2\n", "does not name each column once"),
        ("a.csv", b"x,y\n1\n", "line 2 of .* has 1 cells, the header has 2"),
        ("a.csv", b'x\n"a"b\n', "line 2 of .* is not CSV"),
        ("a.csv", b"x\n\xff\n", "not UTF-8"),
        ("a.csv", b"x\n" + b"y" * 200_000, "field larger than field limit"),
        ("a.jsonl", b"[1]\n", "line 1 of .* is no object"),
        ("a.jsonl", b'{"x": 1}\n{"x": \n', "line 2 of .* is not JSON"),
        ("a.jsonl", b"[" * 100_000, "line 1 of .* is not JSON"),
        ("a.jsonl", b'{"x": [1]}\n', "row 1 of .*: column `x` holds a list"),
        ("a.parquet", b"PAR1 no", "cannot read"),
    ],
)
def test_what_is_no_table_is_refused_with_its_place(tmp_path, name, data, says):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InvalidInputError, match=says):
        read_table(str(tmp_path / name))


def test_no_file_is_not_found(tmp_path):
    with pytest.raises(NotFoundError, match="there is no file"):
        read_table(str(tmp_path / "none.csv"))

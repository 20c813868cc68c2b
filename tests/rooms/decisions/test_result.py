"""What a governed tool returns: masked down to its last value, or kept back."""

import datetime as dt
import subprocess
import sys
from collections import OrderedDict, defaultdict, namedtuple
from decimal import Decimal
from types import MappingProxyType
from uuid import UUID

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.decisions.result import encode_result, mask_result

JANE = "jane@example.com"
Row = namedtuple("Row", "id mail born")
BORN = dt.date(1980, 2, 1)


def deep(levels, leaf=JANE):
    value = leaf
    for _ in range(levels):
        value = [value]
    return value


def laughs():
    value = JANE
    for _ in range(40):
        value = [value, value]
    return value


def itself():
    value = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("result", "masked"),
    [
        (JANE, "[email]"),
        (None, None),
        (7, 7),
        (True, True),
        (1.5, 1.5),
        ([JANE, 1], ["[email]", 1]),
        ((JANE,), ("[email]",)),
        ({"a": {"b": [{"c": JANE}]}}, {"a": {"b": [{"c": "[email]"}]}}),
        ({JANE: 1}, {"[email]": 1}),
        (b"to " + JANE.encode(), b"to [email]"),
        ({JANE}, {"[email]"}),
        (MappingProxyType({"a": JANE}), {"a": "[email]"}),
        (defaultdict(list, a=[JANE]), {"a": ["[email]"]}),
        (OrderedDict(a=JANE), {"a": "[email]"}),
        (Row(1, JANE, BORN), Row(1, "[email]", BORN)),
        (Decimal("1.50"), Decimal("1.50")),
        ({"card_number": 4111111111111111}, {"card_number": "[credit_card]"}),
        ({"at": BORN, "to": JANE}, {"at": BORN, "to": "[email]"}),
        (deep(60), deep(60, "[email]")),
    ],
    ids=repr,
)
def test_personal_data_is_masked_wherever_it_is(result, masked):
    found = mask_result(result)
    assert found == masked
    assert JANE not in repr(found)


def test_a_date_of_birth_is_masked_and_another_time_stays_a_time():
    at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for field in ("date_of_birth", "birth_date", "dob"):
        found = mask_result({field: BORN, "ordered_at": at, "took": dt.timedelta(1), "at": dt.time(9)})
        assert found == {
            field: "[date_of_birth]",
            "ordered_at": at,
            "took": dt.timedelta(1),
            "at": dt.time(9),
        }


def test_only_what_is_revealed_passes():
    found = mask_result({"to": JANE, "ssn": "123-45-6789"}, ("email",))
    assert (found["to"], "123" in found["ssn"]) == (JANE, False)


class Customer:
    mail = JANE


def generator():
    yield JANE


@pytest.mark.parametrize(
    "result",
    [
        Customer(), [Customer()], {"a": Customer()}, {Customer(): 1}, Customer, generator(), iter([JANE]), map(str, [JANE]),
        {"a": JANE}.values(), memoryview(b"x"), bytearray(JANE.encode()), UUID(int=1), print, object(), 1j, range(3),
        {(JANE, 1): 1}, {frozenset({JANE}): 1}, ValueError(JANE), deep(70), itself(), laughs(),
    ],
    ids=lambda one: type(one).__name__,
)  # fmt: skip
def test_what_cannot_be_masked_is_kept_back_and_not_repeated(result):
    with pytest.raises(InvalidInputError) as refused:
        mask_result(result)
    assert JANE not in str(refused.value)


def test_what_needs_no_mask_is_handed_through():
    result = {"a": [1, "two"], "at": BORN}
    assert mask_result(result) == result
    assert mask_result(result["a"]) is result["a"]


def test_different_results_have_different_bytes():
    values = [
        1, 1.0, "1", True, None, [1], {1}, b"1", {"a": 1}, {1: "a"}, {"1": "a"}, Decimal(1), BORN, str(BORN), [], {}, set(),
        [["a", 1]], {None: 1}, dt.timedelta(1), 10**6000,
    ]  # fmt: skip
    assert len({encode_result(value) for value in values}) == len(values)


def test_the_same_result_has_the_same_bytes_in_every_process():
    told = "from ephor.rooms.decisions.result import encode_result as e; print(e({'b', 'a', ('c', 1)}).decode(), end='')"
    seen = {
        subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": seed}).stdout
        for seed in "123"
    }  # fmt: skip
    assert seen == {encode_result({"a", "b", ("c", 1)}).decode()}


def test_the_order_of_a_mapping_or_set_never_matters():
    assert encode_result({"a": {1}, "b": {2, 3}}) == encode_result({"b": {3, 2}, "a": {1}})

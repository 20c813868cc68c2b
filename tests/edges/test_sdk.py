"""`ephor.open`, `decide` and `governed`: no tool runs undecided, and nothing comes out unmasked or unrecorded."""

import asyncio
import dataclasses
import functools
import inspect
import json
import subprocess
import sys
import textwrap

import pytest

import ephor
from conftest import populate
from ephor.edges.sdk import Plane
from ephor.kernel.errors import InvalidInputError, UnavailableError
from sample_agents import LOOKUP, REFUND
from sample_plane import ID, approve, entries, kinds, manifest, ready, size

JANE = "jane@example.com"


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def ran():
    return []


@pytest.fixture
def lookup(plane, ran):
    """A governed tool that tells what it was given."""

    @plane.governed(ID)
    def customer_lookup(id, mail=JANE):
        ran.append((id, mail))
        return {"id": id, "mail": mail, "card_number": 4111111111111111}

    return customer_lookup


def named(plane, function, **other):
    return plane.governed(ID, tool="customer_lookup", **other)(function)


# --- before it runs


def test_an_allowed_tool_runs_with_its_own_arguments_and_its_result_is_masked(plane, lookup, ran):
    before = size(plane)
    assert lookup(7) == {"id": 7, "mail": JANE, "card_number": "[credit_card]"}
    assert ran == [(7, JANE)]
    decision, intent, done = entries(plane)[before:]
    assert [one["kind"] for one in (decision, intent, done)] == [
        "decision.made/1",
        "tool.invoked/1",
        "tool.completed/1",
    ]
    assert done["parent"] == decision["id"]
    assert {one["refs"]["decision"] for one in (decision, intent, done)} == {decision["refs"]["decision"]}
    assert done["output_hash"].startswith("hmac-sha256:")
    assert isinstance(done["duration_ms"], int)


def test_a_denied_tool_does_not_run(plane, ran):
    tool = plane.governed(ID)(lambda: ran.append(1))
    with pytest.raises(ephor.Denied, match="is not among the tools") as denied:
        plane.governed(ID, tool="format_disk")(tool.__wrapped__)()
    assert denied.value.decision.outcome is ephor.Outcome.DENY
    assert denied.value.decision.entry
    assert ran == []


def test_a_tool_that_needs_approval_runs_once_it_is_given_and_only_once(plane, ran):
    @plane.governed(ID)
    def refund(amount_cents):
        ran.append(amount_cents)
        return "done"

    assert refund(10) == "done"
    for _ in range(2):
        with pytest.raises(ephor.ApprovalRequired, match="ephor approvals inbox") as waiting:
            refund(9000)
    plane.calls.answer(waiting.value.decision.approval, approve=True, by="cal")
    with pytest.raises(ephor.ApprovalRequired):
        refund(9001)
    assert refund(amount_cents=9000) == "done"
    with pytest.raises(ephor.ApprovalRequired):
        refund(9000)
    assert ran == [10, 9000]


def _paying(ran):
    def refund(amount_cents):
        ran.append(amount_cents)

    return refund


def test_a_rejected_call_is_a_denied_one(plane, ran):
    refund = plane.governed(ID, tool="refund")(_paying(ran))
    with pytest.raises(ephor.ApprovalRequired) as waiting:
        refund(9000)
    plane.calls.answer(waiting.value.decision.approval, approve=False, by="cal", because="ask her first")
    with pytest.raises(ephor.Denied, match="ask her first"):
        refund(9000)
    assert ran == []


class Failing:
    """A storage that fails at one method, from the nth call of it on."""

    def __init__(self, storage, method, after=0):
        self._storage, self._method, self._left = storage, method, after

    def __getattr__(self, name):
        if name == self._method:
            if self._left == 0:
                raise UnavailableError("the disk is full; nothing was recorded")
            self._left -= 1
        return getattr(self._storage, name)


def failing(plane, method, after=0):
    return Plane(dataclasses.replace(plane.world, storage=Failing(plane.world.storage, method, after)))


@pytest.mark.parametrize(
    ("method", "options"), [("append", {}), ("version", {}), ("unit", {"subject": lambda _: JANE})]
)
def test_a_tool_never_runs_where_its_decision_was_not_recorded(plane, ran, method, options):
    tool = named(failing(plane, method), lambda: ran.append(1), **options)
    with pytest.raises(UnavailableError, match="nothing was recorded"):
        tool()
    assert ran == []


@pytest.mark.parametrize("argument", [object(), {1: 2}, float("inf"), "\ud800", b"x", {"a": {3}}])
def test_a_tool_never_runs_on_arguments_that_cannot_be_recorded(plane, lookup, ran, argument):
    before = size(plane)
    with pytest.raises(InvalidInputError):
        lookup(argument)
    assert (ran, size(plane)) == ([], before)


def test_a_call_that_python_would_refuse_is_not_asked_about(plane, lookup, ran):
    before = size(plane)
    for wrong in (lookup, lambda: lookup(1, 2, 3), lambda: lookup(1, nothing=2)):
        with pytest.raises(TypeError):
            wrong()
    assert (ran, size(plane)) == ([], before)


# --- what is decided on


def seen(plane, function, *args, **kwargs):
    """Return the arguments that a call of *function* is decided on."""
    heard = []
    governed = plane.governed(
        ID, tool="customer_lookup", subject=lambda arguments: heard.append(dict(arguments))
    )
    governed(function)(*args, **kwargs)
    return heard[0]


class Shop:
    """Tools of every shape that a class can give them."""

    name = "shop"

    def __init__(self):
        self.secret = object()  # what is not JSON, and is not an argument

    def look(self, id, deep=False):
        return [self.name, id]

    @classmethod
    def count(cls, of="all"):
        return [cls.name, of]

    @staticmethod
    def add(one, other=2):
        return one + other

    def __call__(self, id):
        return [self.name, id]


def test_every_argument_is_named_defaults_and_all(plane):
    def tool(a, /, b, *rest, c=3, **more):
        return None

    assert seen(plane, tool, 1, 2) == {"a": 1, "b": 2, "rest": [], "c": 3}
    assert seen(plane, tool, 1, 2, 8, 9, c=4, d=5) == {"a": 1, "b": 2, "rest": [8, 9], "c": 4, "d": 5}
    assert seen(plane, lambda: None) == {}


def test_two_arguments_of_one_name_are_refused_because_one_would_hide_the_other(plane, ran):
    def tool(amount_cents, /, **more):
        ran.append(amount_cents)

    with pytest.raises(InvalidInputError, match="amount_cents"):
        plane.governed(ID, tool="refund")(tool)(9000, amount_cents=1)

    def several(*amount_cents, **more):
        ran.append(amount_cents)

    with pytest.raises(InvalidInputError):
        plane.governed(ID, tool="refund")(several)(9000, amount_cents=1)
    assert ran == []


def test_methods_of_every_kind_leave_out_only_themselves(plane):
    shop = Shop()
    assert seen(plane, Shop.look, shop, 7) == {"id": 7, "deep": False}
    assert seen(plane, shop.look, 7) == {"id": 7, "deep": False}
    assert seen(plane, Shop.count) == {"of": "all"}
    assert seen(plane, Shop.add, 1) == {"one": 1, "other": 2}
    assert seen(plane, shop, 7) == {"id": 7}
    assert seen(plane, functools.partial(shop.look, deep=True), 7) == {"id": 7, "deep": True}


def test_a_decorated_method_is_a_method(plane, ran):
    class Desk:
        @plane.governed(ID)
        def customer_lookup(self, id):
            ran.append(id)
            return [id]

        @classmethod
        @plane.governed(ID, tool="customer_lookup")
        def of_class(cls, id):
            return [id]

        @staticmethod
        @plane.governed(ID, tool="customer_lookup")
        def alone(id):
            return [id]

    assert (Desk().customer_lookup(7), Desk.of_class(8), Desk.alone(9), ran) == ([7], [8], [9], [7])


def test_an_argument_that_is_merely_called_self_is_an_argument(plane):
    def tool(self, cls):
        return None

    assert seen(plane, tool, 1, 2) == {"self": 1, "cls": 2}


def test_what_names_the_person_is_asked_with_the_arguments_and_kept_as_a_pseudonym(plane, lookup):
    look = named(
        plane,
        lookup.__wrapped__,
        subject=lambda arguments: arguments["mail"],
        purpose="support",
        session="s-1",
    )
    before = size(plane)
    look(7)
    told = entries(plane)[before:]
    assert {one["subject"] for one in told} == {plane.world.pseudonyms.of(JANE)}
    assert {one["session"] for one in told} == {"s-1"}
    assert told[0]["metadata"] == {"purpose": "support"}
    assert JANE not in json.dumps(told)


@pytest.mark.parametrize("subject", ["", " ", 7, object()])
def test_a_person_who_is_not_named_properly_stops_the_call(plane, ran, subject):
    with pytest.raises(InvalidInputError, match="`subject`"):
        named(plane, lambda: ran.append(1), subject=lambda _: subject)()
    assert ran == []


def test_the_decorated_function_looks_like_itself(plane, lookup):
    assert lookup.__name__ == "customer_lookup"
    assert list(inspect.signature(lookup).parameters) == ["id", "mail"]


# --- what comes out


@dataclasses.dataclass
class Customer:
    """A result that masking cannot look into."""

    mail: str = JANE


class Cursor:
    """Something that gives its rows one by one."""

    def __iter__(self):
        yield JANE


def itself():
    value = [JANE]
    value.append(value)
    return value


def nested():
    value = JANE
    for _ in range(100):
        value = {"a": value}
    return value


@pytest.mark.parametrize(
    "result",
    [Customer(), [Customer()], Cursor(), iter([JANE]), itself(), nested(), {(JANE, 1): 1}],
    ids=lambda r: type(r).__name__,
)
def test_what_cannot_be_masked_does_not_come_out_and_that_is_recorded(plane, result):
    before = size(plane)
    with pytest.raises(InvalidInputError, match="ran, and what it returned is kept back") as kept:
        named(plane, lambda: result)()
    assert JANE not in str(kept.value)
    *_, failed = entries(plane)[before:]
    assert (failed["kind"], failed["error"]) == ("tool.failed/1", "InvalidInputError")
    assert "output_hash" not in failed


def test_masking_reaches_everything_and_spares_what_manifest_and_role_reveal(plane):
    result = {"rows": [{"mail": JANE, "phone": "+1 202 555 0143"}, ["4111 1111 1111 1111"]], JANE: (JANE,)}
    masked = named(plane, lambda: result)()
    assert masked == {"rows": [{"mail": JANE, "phone": "[phone]"}, ["[credit_card]"]], JANE: (JANE,)}


@pytest.mark.parametrize(
    ("reveals", "roles", "shown"),
    [
        (("email",), ("customer_service_agent",), True),
        ((), ("customer_service_agent",), False),
        (("phone",), ("customer_service_agent",), False),
        (("email",), ("reader",), False),  # the role may call the tool, and may not read personal data
    ],
)
def test_only_what_manifest_and_role_both_reveal_is_shown(plane, reveals, roles, shown):
    plane.access.add_role("reader", ["tool:database:execute"], ["customer_lookup"], "confidential", by="ada")
    tool = dataclasses.replace(LOOKUP, reveals=reveals, permissions=())
    plane.agents.register(manifest(roles=roles, tools=(tool,)), by="eve")
    approve(plane)
    assert named(plane, lambda: JANE)() == (JANE if shown else "[email]")


def test_the_fingerprint_is_of_what_came_out(plane):
    outputs = []
    for result in ("x", "x", "y", {"a": 1}, {"a": 1.0}):
        named(plane, lambda result=result: result)()
        outputs.append(entries(plane)[-1]["output_hash"])
    assert (outputs[0] == outputs[1], len(set(outputs))) == (True, 4)
    assert outputs[0] == plane.world.pseudonyms.fingerprint(b'{"result":"x"}')


@pytest.mark.parametrize(
    "result",
    [{1, 2}, b"\xff", 10**5000, float("nan"), {1: "a"}, "\ud800", "x" * 2_000_000],
    ids=lambda r: type(r).__name__,
)
def test_odd_results_that_can_be_masked_come_out_and_are_recorded(plane, result):
    got = named(plane, lambda: result)()
    assert got is result
    assert entries(plane)[-1]["kind"] == "tool.completed/1"


def test_a_record_that_fails_after_the_tool_ran_is_raised_and_says_so(plane, ran):
    tool = named(failing(plane, "append", after=1), lambda: ran.append(1))
    with pytest.raises(UnavailableError, match=r"`customer_lookup` ran, .* look before you run it again"):
        tool()
    assert ran == [1]
    assert kinds(plane)[-2:] == ["decision.made/1", "tool.invoked/1"]


def test_a_record_that_fails_after_the_tool_failed_is_raised_with_both(plane):
    def tool():
        raise KeyError(JANE)

    with pytest.raises(UnavailableError, match="ran") as raised:
        named(failing(plane, "append", after=1), tool)()
    causes = []
    error = raised.value
    while error is not None:
        causes.append(type(error))
        error = error.__cause__ or error.__context__
    assert KeyError in causes


# --- what goes wrong in it


class Café(Exception):  # noqa: N818, PLC2401 - a name that is not ASCII
    """A tool's own error."""


@pytest.mark.parametrize(
    "error",
    [
        ValueError(JANE),
        KeyError(JANE),
        Café(JANE),
        KeyboardInterrupt(),
        SystemExit(3),
        GeneratorExit(),
        asyncio.CancelledError(JANE),
    ],
    ids=lambda e: type(e).__name__,
)
def test_an_error_is_passed_on_as_it_is_and_recorded_by_its_class_alone(plane, error):
    def tool():
        raise error

    before = size(plane)
    with pytest.raises(type(error)) as raised:
        named(plane, tool)()
    assert raised.value is error
    decision, _, failed = entries(plane)[before:]
    assert (failed["kind"], failed["parent"]) == ("tool.failed/1", decision["id"])
    assert failed["error"] == type(error).__name__.encode("ascii", "backslashreplace").decode()
    assert JANE not in json.dumps(failed)


def test_an_error_class_with_an_absurd_name_is_recorded_all_the_same(plane):
    absurd = type("é" * 5000, (Exception,), {})

    def tool():
        raise absurd

    with pytest.raises(absurd):
        named(plane, tool)()
    assert len(entries(plane)[-1]["error"]) == 200


# --- coroutines, generators, nesting


def test_a_coroutine_function_is_decided_masked_and_recorded(plane, ran):
    @plane.governed(ID)
    async def customer_lookup(id):
        await asyncio.sleep(0)
        ran.append(id)
        return {"phone": "+1 202 555 0143"}

    assert inspect.iscoroutinefunction(customer_lookup)
    before = size(plane)
    assert asyncio.run(customer_lookup(7)) == {"phone": "[phone]"}
    assert kinds(plane, before) == ["decision.made/1", "tool.invoked/1", "tool.completed/1"]

    plane.agents.suspend(ID, "enough", by="ola")
    with pytest.raises(ephor.Denied):
        asyncio.run(customer_lookup(8))
    assert ran == [7]


def test_nothing_is_decided_before_a_coroutine_is_awaited(plane):
    tool = named(plane, _later)
    before = size(plane)
    coroutine = tool()
    assert size(plane) == before
    coroutine.close()
    assert size(plane) == before


async def _later():
    await asyncio.Event().wait()


def test_a_cancelled_coroutine_is_recorded_as_failed(plane):
    waits = asyncio.Event()

    async def later():
        waits.set()
        await asyncio.Event().wait()

    tool = named(plane, later)

    async def cancel():
        task = asyncio.create_task(tool())
        await waits.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(cancel())
    last = entries(plane)[-1]
    assert (last["kind"], last["error"]) == ("tool.failed/1", "CancelledError")


class Later:
    """An object that is called like a coroutine function."""

    async def __call__(self, id):
        return [id]


def test_an_object_or_a_partial_that_answers_with_a_coroutine_is_one(plane):
    async def tool(id, more):
        return [id, more]

    assert asyncio.run(named(plane, functools.partial(tool, more=1))(7)) == [7, 1]
    assert asyncio.run(named(plane, Later())(7)) == [7]


def generator():
    yield JANE


async def later_generator():
    yield JANE


class Generating:
    """An object that is called like a generator."""

    def __call__(self):
        yield JANE


@pytest.mark.parametrize("tool", [generator, Generating(), functools.partial(generator)])
def test_a_generator_is_governed_and_decided_when_it_is_first_asked(plane, tool):
    before = size(plane)
    items = plane.governed(ID, tool="refund")(tool)()
    assert size(plane) == before
    with pytest.raises(ephor.ApprovalRequired):
        next(items)
    assert list(named(plane, tool)()) == [JANE]
    assert kinds(plane, size(plane) - 1) == ["tool.completed/1"]


@pytest.mark.parametrize("make", [_later, generator, later_generator], ids=lambda f: f.__name__)
def test_a_function_that_hands_out_a_coroutine_or_generator_hands_out_nothing(plane, make):
    before = size(plane)
    with pytest.raises(InvalidInputError, match="kept back"):
        named(plane, lambda *_: make())()
    assert kinds(plane, before)[-1] == "tool.failed/1"


def test_what_has_no_name_or_cannot_be_called_is_refused_where_it_is_decorated(plane):
    with pytest.raises(InvalidInputError, match="`tool=`"):
        plane.governed(ID)(functools.partial(print))
    with pytest.raises(InvalidInputError, match="cannot be called"):
        named(plane, property(lambda self: None))


def test_governed_tools_may_call_governed_tools(plane, lookup):
    @plane.governed(ID)
    def refund(amount_cents):
        return [lookup(7)["id"], amount_cents]

    before = size(plane)
    assert refund(10) == [7, 10]
    told = entries(plane)[before:]
    assert [(one["kind"].split("/")[0], one["tool"]) for one in told] == [
        ("decision.made", "refund"), ("tool.invoked", "refund"),
        ("decision.made", "customer_lookup"), ("tool.invoked", "customer_lookup"), ("tool.completed", "customer_lookup"),
        ("tool.completed", "refund"),
    ]  # fmt: skip
    assert told[-1]["parent"] == told[0]["id"]
    assert told[-2]["parent"] == told[2]["id"]


def test_a_call_on_behalf_of_nothing_known_does_not_run(plane, ran):
    with pytest.raises(ephor.Denied, match="there is no delegation"):
        named(plane, lambda: ran.append(1), on_behalf_of="dlg_ghost")()
    assert ran == []


def test_a_tool_that_is_not_the_agents_asks_for_nothing(plane):
    tools = (LOOKUP, dataclasses.replace(REFUND, name="customer_lookup2"))
    plane.agents.register(manifest(tools=tools), by="eve")
    approve(plane)
    with pytest.raises(ephor.Denied, match="tools of role"):
        plane.governed(ID, tool="customer_lookup2")(lambda: None)()


# --- the library as such


def test_the_public_names_are_all_there():
    for name in ephor.__all__:
        assert getattr(ephor, name) is not None
    assert set(ephor.__all__) >= {
        "open",
        "Call",
        "Decision",
        "Denied",
        "ApprovalRequired",
        "Plane",
        "Outcome",
        "__version__",
    }
    with pytest.raises(AttributeError, match="nothing_of_the_kind"):
        ephor.nothing_of_the_kind  # noqa: B018


def isolated(script, folder):
    """Run Python in a process of its own and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], cwd=folder, capture_output=True, text=True, check=True, timeout=300,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONWARNINGS": "error", "EPHOR_PERSON": "ada"},
    )  # fmt: skip
    return done.stdout


def test_importing_the_library_brings_no_database_and_no_command_line(tmp_path):
    script = """
    import sys, ephor
    heavy = {"sqlalchemy", "alembic", "typer", "click", "rich", "jsonschema", "phonenumbers", "yaml", "cedarpy", "email"}
    print(sorted(heavy & set(sys.modules)))
    print(ephor.__version__ != "", ephor.open.__doc__ != "", sorted(heavy & set(sys.modules)))
    """
    assert isolated(script, tmp_path).splitlines()[0] == "[]"


def test_a_plane_is_opened_made_and_opened_again(tmp_path):
    script = """
    import ephor
    plane = ephor.open("sqlite:///new.db")
    decision = plane.decide(ephor.Call(agent="ghost", tool="x", arguments={"id": 7}))
    print(decision.outcome.value, decision.reasons[0].code, decision.allowed, bool(decision.entry))
    print([person.id for person in plane.access.people()])
    plane.close()
    again = ephor.open("sqlite:///new.db")
    print(again.ledger.head().size >= 2, [person.id for person in again.access.people()])
    again.close()
    """
    assert isolated(script, tmp_path).splitlines() == [
        "deny agent-unknown False True",
        "['ada']",
        "True ['ada']",
    ]

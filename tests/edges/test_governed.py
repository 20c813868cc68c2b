"""`governed` to its end: streams, waiting for people, notices, masked arguments, and what is current where."""

import asyncio
import contextvars
import dataclasses
import functools
import threading
import time
from datetime import timedelta

import pytest

import ephor
from conftest import populate
from ephor.edges.governing import Run
from ephor.edges.sdk import Plane
from ephor.kernel.errors import InvalidInputError, UnavailableError
from ephor.rooms.decisions.model import Obligation
from sample_agents import LOOKUP, REFUND
from sample_plane import FACTS, ID, approve, entries, kinds, manifest, ready, size

JANE, PHONE = "jane@example.com", "+1 202 555 0143"
PAY = 9000


@pytest.fixture
def plane(world):
    return ready(populate(Plane(world)))


@pytest.fixture
def ran():
    return []


def named(plane, function, **other):
    return plane.governed(ID, tool="customer_lookup", **other)(function)


def declare(plane, **tool):
    plane.agents.register(manifest(tools=(dataclasses.replace(LOOKUP, **tool), REFUND)), by="eve")
    approve(plane)


def last(plane):
    return entries(plane)[-1]


def oblige(monkeypatch, *obligations):
    """Let every decision demand something."""
    made = Plane.decisions.func

    class Demanding:
        def __init__(self, inner):
            self.inner = inner

        def decide(self, *args, **kwargs):
            return dataclasses.replace(self.inner.decide(*args, **kwargs), obligations=obligations)

        def __getattr__(self, name):
            return getattr(self.inner, name)

    monkeypatch.setattr(Plane, "decisions", property(lambda self: Demanding(made(self))))


# --- generators


def test_what_a_generator_yields_is_masked_across_pieces_and_recorded_once(plane):
    text = "The card is 4111 1111 1111 1111, call +1 202 555 0143. " + "and so on " * 200

    def tool(id):
        for at in range(0, len(text), 5):
            yield text[at : at + 5]
        return {"phone": PHONE}

    before = size(plane)
    items = named(plane, tool)(7)
    got = []
    while True:
        try:
            got.append(next(items))
        except StopIteration as stop:
            returned = stop.value
            break
    out = "".join(got)
    assert out.startswith("The card is [credit_card], call [phone]. and so on")
    assert len(out) == len(text) - len("4111 1111 1111 1111+1 202 555 0143") + len("[credit_card][phone]")
    assert returned == {"phone": "[phone]"}
    assert len(got) == -(-len(text) // 5)
    assert kinds(plane, before) == ["decision.made/1", "tool.invoked/1", "tool.completed/1"]
    assert last(plane)["metadata"] == {"items": len(got)}
    assert last(plane)["output_hash"].startswith("hmac-sha256:")


def test_items_of_several_kinds_keep_their_order_and_are_masked_each(plane):
    def tool():
        yield "call "
        yield PHONE
        yield {"phone": PHONE}
        yield b"call +1 202 "
        yield b"555 0143"
        yield 7

    assert list(named(plane, tool)()) == ["call ", "[phone]", {"phone": "[phone]"}, b"call [phone]", b"", 7]


def test_the_fingerprint_of_a_stream_is_of_all_that_came_out(plane):
    hashes = []
    for items in (["a", 1], ["a", 1], ["a", 2], ["a"]):
        list(named(plane, lambda items=items: (yield from items))())
        hashes.append(last(plane)["output_hash"])
    assert (hashes[0] == hashes[1], len(set(hashes))) == (True, 3)


def test_whoever_stops_early_ends_the_tool_and_that_is_no_failure(plane, ran):
    def tool():
        try:
            yield {"n": 1}
            yield {"n": 2}
        finally:
            ran.append("closed")

    for item in named(plane, tool)():
        assert item == {"n": 1}
        break
    assert ran == ["closed"]
    assert (last(plane)["kind"], last(plane)["metadata"]) == (
        "tool.completed/1",
        {"closed": True, "items": 1},
    )


def test_a_generator_that_raises_lets_out_what_it_had_and_is_recorded_as_failed(plane):
    def tool():
        yield f"mail {JANE} or call {PHONE}"
        raise KeyError("x")

    got = []
    with pytest.raises(KeyError):
        got.extend(named(plane, tool)())
    items = named(plane, tool)()
    assert next(items) == f"mail {JANE} or call [phone]"
    assert (last(plane)["kind"], last(plane)["error"]) == ("tool.failed/1", "KeyError")
    with pytest.raises(KeyError):
        next(items)
    assert kinds(plane)[-2:] == ["tool.invoked/1", "tool.failed/1"]


def test_what_is_sent_and_thrown_into_a_generator_reaches_it(plane):
    def tool():
        got = yield 1
        try:
            yield {"got": got}
        except ValueError as error:
            yield {"caught": str(error)}
        return "over"

    items = named(plane, tool)()
    assert next(items) == 1
    assert items.send("x") == {"got": "x"}
    assert items.throw(ValueError("y")) == {"caught": "y"}
    with pytest.raises(StopIteration) as stop:
        next(items)
    assert stop.value.value == "over"


def test_an_item_that_cannot_be_masked_ends_the_stream(plane, ran):
    def tool():
        try:
            yield object()
        finally:
            ran.append("closed")

    with pytest.raises(InvalidInputError, match="kept back"):
        list(named(plane, tool)())
    assert ran == ["closed"]
    assert last(plane)["kind"] == "tool.failed/1"


def test_a_generator_is_decided_anew_each_time_and_not_before_it_is_asked(plane, ran):
    tool = named(plane, lambda: (yield ran.append(1)))
    before = size(plane)
    first, second = tool(), tool()
    assert size(plane) == before
    list(first)
    plane.agents.suspend(ID, "enough", by="ola")
    with pytest.raises(ephor.Denied):
        next(second)
    assert ran == [1]


def test_an_async_generator_is_masked_recorded_and_closed(plane, ran):
    async def tool(n):
        try:
            for at in range(n):
                await asyncio.sleep(0)
                got = yield f"{at}: {PHONE} "
                ran.append(got)
        finally:
            ran.append("closed")

    async def all_of_it():
        return "".join([one async for one in named(plane, tool)(3)])

    assert asyncio.run(all_of_it()) == "0: [phone] 1: [phone] 2: [phone] "
    assert last(plane)["kind"] == "tool.completed/1"

    async def some_of_it():
        async def rows():
            yield {"n": 1}
            yield {"n": 2}

        items = named(plane, rows)()
        assert await anext(items) == {"n": 1}
        await items.aclose()

    asyncio.run(some_of_it())
    assert last(plane)["metadata"] == {"closed": True, "items": 1}
    assert ran[-1] == "closed"


def test_a_cancelled_async_generator_is_recorded_as_failed(plane, ran):
    waits = asyncio.Event()

    async def tool():
        try:
            yield {"n": 1}
            waits.set()
            await asyncio.Event().wait()
            yield {"n": 2}
        finally:
            ran.append("closed")

    async def main():
        async def consume():
            async for _ in named(plane, tool)():
                pass

        task = asyncio.create_task(consume())
        await waits.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ran == ["closed"]
    assert (last(plane)["kind"], last(plane)["error"]) == ("tool.failed/1", "CancelledError")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError])
def test_whatever_ends_a_tool_is_recorded(plane, error):
    def tool():
        raise error

    def stream():
        yield 1
        raise error

    for function in (tool, lambda: list(stream())):
        with pytest.raises(error):
            named(plane, function)()
        assert (last(plane)["kind"], last(plane)["error"]) == ("tool.failed/1", error.__name__)
    if error is not GeneratorExit:
        with pytest.raises(error):
            list(named(plane, stream)())
        assert (last(plane)["kind"], last(plane)["error"]) == ("tool.failed/1", error.__name__)


# --- methods of every kind


class Desk:
    """Methods that are governed where the class is written, once there is a plane."""

    def __init__(self, name="front"):
        self.name = name

    def one(self, id):
        return [self.name, id]

    def of_class(cls, id):  # noqa: N805 - made a class method below
        return [cls.__name__, id]

    def of_nobody(id):  # noqa: N805 - made a static method below
        return ["nobody", id]

    async def later(self, id):
        return [self.name, id]

    def many(self, id):
        yield self.name
        yield id


def test_methods_class_methods_and_static_methods_are_governed_on_either_side(plane):
    govern = functools.partial(named, plane)

    class Governed(Desk):
        one = govern(Desk.one)
        inner_class = classmethod(govern(Desk.__dict__["of_class"]))
        outer_class = govern(classmethod(Desk.__dict__["of_class"]))
        inner_static = staticmethod(govern(Desk.__dict__["of_nobody"]))
        outer_static = govern(staticmethod(Desk.__dict__["of_nobody"]))
        later = govern(Desk.later)
        many = govern(Desk.many)

    desk = Governed()
    assert desk.one(7) == ["front", 7]
    assert Governed.inner_class(7) == desk.outer_class(id=7) == Governed.outer_class(7) == ["Governed", 7]
    assert desk.inner_static(7) == Governed.outer_static(id=7) == desk.outer_static(7) == ["nobody", 7]
    assert asyncio.run(desk.later(7)) == ["front", 7]
    assert list(desk.many(7)) == ["front", 7]
    assert named(plane, desk.one)(7) == ["front", 7]
    assert {one["args_digest"] for one in entries(plane, "tool.invoked/1")} == {
        plane.world.pseudonyms.fingerprint(b'{"id":7}')
    }


# --- waiting for people


def answering(plane, act):
    """Answer the first question that comes, from another thread."""

    def answer():
        while not (waiting := plane.approvals.inbox()):
            time.sleep(0.01)
        act(waiting[0].id)

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def pay(ran):
    def refund(amount_cents):
        ran.append(amount_cents)
        return "done"

    return refund


def pay_later(ran):
    async def refund(amount_cents):
        ran.append(amount_cents)
        return "done"

    return refund


def pay_in_pieces(ran):
    def refund(amount_cents):
        ran.append(amount_cents)
        yield "done"

    return refund


CALLS = {
    "sync": (pay, lambda tool: tool(PAY)),
    "async": (pay_later, lambda tool: asyncio.run(tool(PAY))),
    "generator": (pay_in_pieces, lambda tool: next(tool(PAY))),
}


@pytest.mark.parametrize("how", CALLS)
def test_a_call_waits_for_its_approval_and_uses_it_up(plane, ran, how):
    make, call = CALLS[how]
    tool = plane.governed(ID, wait=600)(make(ran))
    thread = answering(plane, lambda id: plane.approvals.approve(id, by="cal"))
    assert call(tool) == "done"
    thread.join()
    assert ran == [PAY]
    assert len(entries(plane, "call.claimed/1")) == 1


@pytest.mark.parametrize("how", CALLS)
def test_a_call_that_is_refused_or_withdrawn_while_it_waits_is_denied(plane, ran, how):
    make, call = CALLS[how]
    tool = plane.governed(ID, wait=timedelta(seconds=600))(make(ran))
    for act, said in (
        (lambda id: plane.approvals.withdraw(id, "not now", by="eve"), "withdrew .* not now"),
        (lambda id: plane.approvals.reject(id, "ask her first", by="cal"), "ask her first"),
    ):
        thread = answering(plane, act)
        with pytest.raises(ephor.Denied, match=said):
            call(tool)
        thread.join()
    assert ran == []


def test_silence_denies_who_waits_longer_than_the_question_is_open(plane, ran, clock):
    tool = plane.governed(ID, wait=600)(pay(ran))
    thread = answering(plane, lambda _: clock.advance(timedelta(hours=5)))
    with pytest.raises(ephor.Denied, match="nobody answered") as denied:
        tool(PAY)
    thread.join()
    assert denied.value.decision.reasons[-1].code == "question-expired"
    assert ran == []


@pytest.mark.parametrize("how", CALLS)
def test_who_waits_in_vain_is_told_and_may_come_again(plane, ran, how):
    make, call = CALLS[how]
    with pytest.raises(ephor.ApprovalRequired) as waiting:
        call(plane.governed(ID, wait=0.05)(make(ran)))
    plane.approvals.approve(waiting.value.decision.approval, by="cal")
    assert call(plane.governed(ID)(make(ran))) == "done"
    assert ran == [PAY]


def test_a_stop_while_a_call_waits_beats_the_approval(plane, ran):
    def stop_and_approve(id):
        plane.agents.suspend(ID, "enough", by="ola")
        plane.approvals.approve(id, by="cal")

    thread = answering(plane, stop_and_approve)
    with pytest.raises(ephor.Denied, match="suspended"):
        plane.governed(ID, wait=600)(pay(ran))(PAY)
    thread.join()
    assert ran == []


def test_a_call_that_waits_runs_with_the_arguments_that_people_saw(plane, ran):
    names = ["a"]

    def refund(amount_cents, names):
        ran.append(list(names))

    def change_and_approve(id):
        names.append("b")
        plane.approvals.approve(id, by="cal")

    thread = answering(plane, change_and_approve)
    plane.governed(ID, wait=600)(refund)(PAY, names)
    thread.join()
    assert ran == [["a"]]


def test_nothing_changes_between_the_decision_and_the_tool(plane, ran):
    given, more = {"to": ["jane"]}, ["x"]

    def spoil(_text, _decision):
        given["to"][0], given["also"] = "mallory", "mallory"
        more.append("mallory")

    async def spoil_later(text, decision):
        await asyncio.sleep(0)
        spoil(text, decision)

    async def later(given, *rest, **named):
        ran.append((given, rest, named))

    def stream(given, *rest, **named):
        ran.append((given, rest, named))
        yield 1

    named(plane, lambda given, *rest, **named: ran.append((given, rest, named)), on_notice=spoil)(
        given, more, k=more
    )
    asyncio.run(named(plane, later, on_notice=spoil_later)(given, more, k=more))
    list(named(plane, stream, on_notice=spoil)(given, more, k=more))
    assert ran[0] == ({"to": ["jane"]}, (["x"],), {"k": ["x"]})
    assert "mallory" not in str(ran[0])
    assert (
        str(ran[1]).count("'also'") == 1
    )  # decided on after the first call had changed it, and no later change is in it
    assert [len(one[1][0]) for one in ran] == [1, 2, 3]


def test_a_value_that_holds_itself_is_refused_and_one_that_is_shared_is_not(plane, ran):
    shared, ring = ["a"], []
    ring.append(ring)
    for _ in range(40):
        shared = [shared, shared]
    named(plane, ran.append)({"one": 1, "two": [1, (2, 3)]})
    assert ran == [{"one": 1, "two": [1, (2, 3)]}]
    for bad in (ring, shared):
        with pytest.raises(InvalidInputError):
            named(plane, ran.append)(bad)
    assert len(ran) == 1


def test_others_go_on_while_an_async_call_waits(plane, ran):
    async def main():
        task = asyncio.create_task(plane.governed(ID, wait=600)(pay_later(ran))(PAY))
        while not plane.approvals.inbox():
            await asyncio.sleep(0.01)
        plane.approvals.approve(plane.approvals.inbox()[0].id, by="cal")
        return await task

    assert asyncio.run(main()) == "done"


def test_a_waiting_call_that_is_cancelled_never_runs(plane, ran):
    async def main():
        task = asyncio.create_task(plane.governed(ID, wait=600)(pay_later(ran))(PAY))
        while not plane.approvals.inbox():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert ran == []
    assert entries(plane, "tool.invoked/1") == []


@pytest.mark.parametrize("wait", [-1, float("nan"), float("inf"), timedelta(seconds=-1)])
def test_a_wait_that_is_none_is_refused(plane, wait):
    with pytest.raises(InvalidInputError, match="wait"):
        plane.governed(ID, wait=wait)


# --- obligations


def test_a_notice_is_shown_before_the_tool_runs(plane, ran):
    def show(text, decision):
        ran.append((text, decision.outcome.value))

    async def show_later(text, decision):
        await asyncio.sleep(0)
        ran.append((text, decision.outcome.value))

    def tool():
        ran.append("ran")
        return 1

    async def later():
        return tool()

    def stream():
        yield tool()

    shown = ("You are talking to an AI system.", "allow")
    for call in (
        named(plane, tool, on_notice=show),
        lambda: asyncio.run(named(plane, later, on_notice=show_later)()),
        lambda: asyncio.run(named(plane, later, on_notice=show)()),
        lambda: next(named(plane, stream, on_notice=show)()),
    ):
        ran.clear()
        assert call() == 1
        assert ran == [shown, "ran"]


def test_a_notice_that_could_not_be_shown_stops_the_tool_and_is_recorded(plane, ran):
    def broken(text, decision):
        raise OSError("the screen is off")

    async def never(text, decision):
        pass

    for callback, error in ((broken, OSError), (never, InvalidInputError)):
        with pytest.raises(error):
            named(plane, lambda: ran.append(1), on_notice=callback)()
        assert (last(plane)["kind"], last(plane)["error"]) == ("tool.failed/1", error.__name__)
    assert ran == []


def test_arguments_are_masked_where_the_manifest_says_so_and_recorded_as_they_were(plane, ran):
    declare(plane, masks=("arguments",))

    def tool(text, *more, mail=PHONE, **rest):
        ran.append((text, more, mail, rest))
        return "ok"

    decision = []
    named(plane, tool, on_notice=lambda _text, made: decision.append(made))(
        PHONE, {"a": [PHONE]}, 7, other=JANE, x=PHONE
    )
    assert ran == [("[phone]", ({"a": ["[phone]"]}, 7), "[phone]", {"other": JANE, "x": "[phone]"})]
    assert next((one.kind, one.where) for one in decision[0].obligations) == ("mask", "arguments")
    recorded = entries(plane, "decision.made/1")[-1]["args_digest"]
    plane.decide(ephor.Call(ID, "customer_lookup", {
        "text": PHONE, "more": [{"a": [PHONE]}, 7], "mail": PHONE, "other": JANE, "x": PHONE,
    }))  # fmt: skip
    assert entries(plane, "decision.made/1")[-1]["args_digest"] == recorded


def test_arguments_are_left_alone_where_nothing_says_otherwise(plane, ran):
    given = [PHONE]
    named(plane, ran.append)(given)
    assert ran[0] == given


def test_masked_arguments_reach_methods_coroutines_and_generators(plane, ran):
    declare(plane, masks=("arguments",))

    class Desk:
        def one(self, text):
            return text

        async def later(self, text):
            return text

        def many(self, text):
            yield text

    Desk.one, Desk.later, Desk.many = (
        named(plane, one) for one in (_in_class(Desk.one), _in_class(Desk.later), _in_class(Desk.many))
    )
    desk = Desk()
    assert desk.one(PHONE) == asyncio.run(desk.later(text=PHONE)) == next(desk.many(PHONE)) == "[phone]"


def _in_class(function):
    function.__qualname__ = f"Desk.{function.__name__}"
    return function


@pytest.mark.parametrize(
    "demand",
    [
        Obligation("encrypt"),
        Obligation("mask", where="headers"),
        Obligation("mask"),
        Obligation(""),
        Obligation("log", text="on paper"),
    ],
)
def test_what_cannot_be_carried_out_stops_the_tool(plane, ran, monkeypatch, demand):
    oblige(monkeypatch, Obligation("mask", where="result"), demand)
    with pytest.raises(UnavailableError, match="did not run"):
        named(plane, lambda: ran.append(1))()
    assert ran == []
    assert last(plane)["kind"] == "tool.failed/1"


def test_without_a_mask_results_pass_as_they_are(plane, monkeypatch):
    oblige(monkeypatch)
    thing = {"phone": PHONE}
    assert named(plane, lambda: thing)() is thing
    assert list(named(plane, lambda: (yield from ("", PHONE)))()) == ["", PHONE]


# --- what is current


def test_the_tool_knows_the_decision_it_runs_under_and_nobody_else_does(plane):
    found = []

    def inner():
        found.append(ephor.current_decision())
        return 1

    def outer():
        found.append(ephor.current_decision())
        named(plane, inner)()
        found.append(ephor.current_decision())
        return 1

    named(plane, outer)()
    assert ephor.current_decision() is None
    assert (found[0] is found[2], found[0] is found[1], found[0].allowed) == (True, False, True)

    def stream():
        yield [ephor.current_decision().id]
        yield [ephor.current_decision().id]

    items = named(plane, stream)()
    first = next(items)
    assert ephor.current_decision() is None
    assert next(items) == first


def test_tasks_and_threads_each_have_their_own_decision_and_the_callers_context(plane):
    who = contextvars.ContextVar("who", default="nobody")

    async def tool(n):
        await asyncio.sleep(0.01)
        return [ephor.current_decision().id, who.get()]

    async def main():
        async def one(n):
            who.set(str(n))
            return await named(plane, tool)(n)

        return await asyncio.gather(*(one(n) for n in range(8)))

    said = asyncio.run(main())
    assert [name for _, name in said] == [str(n) for n in range(8)]
    assert len({id for id, _ in said}) == 8

    def in_thread(n):
        got.append(named(plane, lambda n: [n, ephor.current_decision().id])(n))

    got = []
    threads = [threading.Thread(target=in_thread, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(n for n, _ in got) == list(range(8))
    assert len({id for _, id in got}) == 8


def test_a_run_is_recorded_once_whatever_happens(plane):
    decision = plane.decide(ephor.Call(ID, "customer_lookup"))
    run = Run(plane, ephor.Call(ID, "customer_lookup"), decision)
    before = size(plane)
    with run:
        run.fail(KeyError())
        run.fail(ValueError())
    assert [one["error"] for one in entries(plane)[before:]] == ["KeyError"]


def test_a_high_risk_agent_s_tools_run_recorded_closely_and_for_long(plane):
    facts = {**FACTS, "function": "voter_persuasion", "domain": "democratic_process", "subjects": ("voters",)}
    plane.agents.register(manifest(facts=facts), by="eve")
    approve(plane)
    decision = plane.decide(ephor.Call(ID, "customer_lookup"))
    assert {"log", "retain"} <= {one.kind for one in decision.obligations}
    assert named(plane, lambda: 7)() == 7
    assert kinds(plane)[-2:] == ["tool.invoked/1", "tool.completed/1"]

"""Decisions: the ceiling alone, and with its durable ledger entry."""

from __future__ import annotations

import dataclasses
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, RLock

from ledger_baselines import Floor
from measure import Taken, Timing, clocked, interleave, micro, say, show, summed

from ephor.adapters.storage.growth import Draft
from ephor.adapters.storage.sql.commits import GroupCommit
from ephor.bootstrap import open_engine
from ephor.demo import setting
from ephor.demo.narrator import Narrator
from ephor.demo.stage import SUPPORT, Stage
from ephor.engine.plane import Engine
from ephor.examples import files
from ephor.kernel.events import Event
from ephor.kernel.vocabulary import ReviewType, Sensitivity
from ephor.rooms.access.roles import Permission, lend
from ephor.rooms.approvals.request import Verdict
from ephor.rooms.decisions.authority import AgentAuthority, compile_record
from ephor.rooms.decisions.decide import callable_tools, facts_for, judged
from ephor.rooms.decisions.model import Call, Outcome
from ephor.rooms.decisions.reading import read_call
from ephor.rooms.decisions.standing import NOTHING_KNOWN, Known, Lent
from ephor.settings import Settings


def run(*, short: bool) -> str:
    """Return the results as Markdown."""
    with tempfile.TemporaryDirectory() as folder:
        return _run(Path(folder), short=short)


def _run(folder: Path, *, short: bool) -> str:
    plane = _active(folder)
    _crowd(plane, 20 if short else 2_000)
    call = Call(SUPPORT, "customer_lookup", {"id": 7})
    denied = Call(SUPPORT, "database_query", {"sql": "select 1"})
    worst = Call(
        SUPPORT, "refund_issue", {"order": 1}, model="unheard-of@1", sensitivity=Sensitivity.RESTRICTED
    )
    if not plane.decide(call).allowed:
        raise RuntimeError("the bench agent is not active")
    raw = sqlite3.connect(folder / "raw.db", isolation_level=None)
    raw.execute("pragma journal_mode=wal")
    raw.execute("pragma synchronous=full")
    raw.execute("create table entries (data blob)")
    body = next(plane.world.storage.ledger.entries(plane.ledger.head().size - 1, plane.ledger.head().size))
    ceiling = interleave(
        {
            "allow": lambda: [plane.decisions.explain(call) for _ in range(100)],
            "deny": lambda: [plane.decisions.explain(denied) for _ in range(100)],
            "worst": lambda: [plane.decisions.explain(worst) for _ in range(100)],
        },
        30 if short else 300,
    )
    times = 1_000 if short else 20_000
    wide, now = _wide(plane), plane.world.clock.now()
    alone = _each(lambda: judged(facts_for(read_call(call)[0], wide, now, NOTHING_KNOWN), call), times)
    lent = dataclasses.replace(call, on_behalf_of="dlg_1", purpose="support")
    known = Known(
        lent=Lent(lend(tuple(Permission), tuple(wide.tools), Sensitivity.RESTRICTED), (), SUPPORT, "support")
    )
    behalf = _each(lambda: judged(facts_for(read_call(lent)[0], wide, now, known), lent), times)
    if judged(facts_for(lent, wide, now, known), lent).outcome is not Outcome.ALLOW:
        raise RuntimeError("the delegated call is not allowed")
    one = _each(lambda: plane.decisions.explain(call), times)
    listed = _each(lambda: callable_tools(wide, now), 100 if short else 2_000)
    least, said = Floor(folder / "floor.db"), _said(plane, call)
    durable = interleave(
        {
            "raw": lambda: raw.execute("insert into entries values (?)", (body,)),
            "floor": lambda: least.append([said()]),
            "ephor": lambda: plane.decide(call),
        },
        50 if short else 500,
    )
    each, turns = (10, 1) if short else (50, 5)
    group = _bare_group(folder / "group.db", body)
    leasts = GroupCommit(RLock(), Floor(folder / "floors.db").append)  # type: ignore[arg-type]
    at_once = interleave(
        {
            "bare": lambda: _at_once(group, each),
            "floor": lambda: _at_once(lambda: leasts.submit([said()]), each),  # type: ignore[list-item]
            "ephor": lambda: _at_once(lambda: plane.decisions.decide(call), each),
        },
        turns,
    )
    bare, floor, many = (64 * each / at_once[who].median for who in ("bare", "floor", "ephor"))
    plane.close()
    rows = [
        ("the ceiling only: a call read and judged by the authority at hand (must be 15 µs, 60 µs)", micro(alone.median), micro(alone.p99), ""),
        ("the same of a call on a person's behalf, every check run", micro(behalf.median), micro(behalf.p99), ""),
        ("`explain`: and looked whether governance moved on, nothing recorded", micro(one.median), micro(one.p99), ""),
        ("a list of 40 tools filtered (must be 100 µs)", micro(listed.median), micro(listed.p99), ""),
        ("allow, explained a hundred times in a row", micro(ceiling["allow"].median / 100), micro(ceiling["allow"].p99 / 100), ""),
        ("default deny, all reasons, explained", micro(ceiling["deny"].median / 100), micro(ceiling["deny"].p99 / 100), ""),
        ("worst case: something wrong in every check, explained", micro(ceiling["worst"].median / 100), micro(ceiling["worst"].p99 / 100), ""),
        ("a bare SQLite commit of the same bytes", micro(durable["raw"].median), micro(durable["raw"].p99), "1.00"),
        ("the floor: judged, JSON, a tree, one signature and the row, nothing checked", micro(durable["floor"].median), micro(durable["floor"].p99),
         f"{durable['floor'].median / durable['raw'].median:.2f}"),
        ("allow, recorded and durable (must be 1.30)", micro(durable["ephor"].median), micro(durable["ephor"].p99),
         f"{durable['ephor'].median / durable['raw'].median:.2f}"),
    ]  # fmt: skip
    shown = show("Decisions on SQLite, one caller", rows, ("what", "p50", "p99", "of a bare commit"))
    return shown + say(
        f"64 callers at once, each recorded and durable: {many:,.0f} decisions a second, where a bare group commit of the "
        f"same bytes by 64 callers does {bare:,.0f}: {many / bare:.2f} of it (must be 0.67), and the floor by 64 callers, as above, "
        f"{floor:,.0f}: {floor / bare:.2f}."
    )


def _said(plane: Engine, call: Call) -> Callable[[], Event]:
    """Return what judges *call* and makes of it the event that a decision records, and nothing else: no look, no id, no digest of its own."""
    authority = plane.decisions._authority(SUPPORT, plane.world.clock.now()).agent
    if authority is None:
        raise RuntimeError("the bench agent is not registered")
    digest = plane.world.pseudonyms.fingerprint(b"{}")

    def said() -> Event:
        now = plane.world.clock.now()
        verdict = judged(facts_for(read_call(call)[0], authority, now, NOTHING_KNOWN), call)
        return Event(
            "decision.made/1",
            now,
            f"agent:{call.agent}",
            action="call",
            tool=call.tool,
            args_digest=digest,
            decision=verdict.outcome.value,
            reasons=tuple(reason.code for reason in verdict.reasons),
            policy_digest=authority.record.id,
            refs={"decision": "dec_" + "0" * 32},
        )

    return said


def _each(act: Callable[[], object], times: int) -> Timing:
    """Time every call by itself, so that the slowest are seen."""
    taken = [clocked(act) for _ in range(times)]
    return summed(taken)


def _crowd(plane: Engine, agents: int) -> None:
    """Register so many agents beside the one that is measured, and fifty roles."""
    manifest = plane.decisions.authority(SUPPORT).agent.manifest
    for number in range(agents):
        plane.agents.register(dataclasses.replace(manifest, id=f"agent-{number}"), by="eve")
    for number in range(50):
        plane.access.add_role(f"role-{number}", [], [f"tool_{number}"], "confidential", by="ada")


def _wide(plane: Engine) -> AgentAuthority:
    """Return what the measured agent may do, if it had 40 tools and 50 roles, each of which reaches some of them."""
    record = plane.decisions.authority(SUPPORT)
    manifest = record.agent.manifest
    tools = (*manifest.tools, *(dataclasses.replace(manifest.tools[0], name=f"tool_{n}") for n in range(40)))[
        :40
    ]
    names = tuple(one.name for one in tools)
    roles = tuple(
        dataclasses.replace(record.roles[0], id=f"role-{n}", allowed_tools=names[n % 40 : n % 40 + 5])
        for n in range(50)
    )
    manifest = dataclasses.replace(
        manifest, tools=tools, roles=(*manifest.roles, *(role.id for role in roles))
    )
    agent = dataclasses.replace(record.agent, manifest=manifest)
    return compile_record(dataclasses.replace(record, agent=agent, roles=(*record.roles, *roles)))


def _at_once(act: Callable[[], object], each: int) -> Taken:
    """Have 64 threads do it, each so often; the clock starts when all of them are there, and stops with the last."""
    gate = Barrier(65)

    def work() -> None:
        gate.wait()
        for _ in range(each):
            act()
        gate.wait()

    with ThreadPoolExecutor(64) as pool:
        waiting = [pool.submit(work) for _ in range(64)]
        gate.wait()
        before, started = time.process_time(), time.perf_counter()
        gate.wait()
        taken = Taken(time.perf_counter() - started, time.process_time() - before)
        for one in waiting:
            one.result()
    return taken


def _bare_group(path: Path, body: bytes) -> Callable[[], object]:
    """Return what inserts *body* and waits until it is durable, in one commit with whoever waits, too; nothing else."""
    raw = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    raw.execute("pragma journal_mode=wal")
    raw.execute("pragma synchronous=full")
    raw.execute("create table entries (data blob)")

    def commit(drafts: Sequence[Draft]) -> None:
        raw.execute("begin immediate")
        raw.executemany("insert into entries values (?)", [(body,)] * len(drafts))
        raw.execute("commit")

    group, draft = GroupCommit(RLock(), commit), object()
    return lambda: group.submit([draft])  # type: ignore[list-item]


def _active(folder: Path):  # type: ignore[no-untyped-def]
    """Return a plane in which the shipped support agent is active, made by the demo's own chapters."""
    from ephor.adapters import files as reading  # noqa: PLC0415
    from ephor.adapters.manifests import read_manifest  # noqa: PLC0415

    files.copy_to(folder / "examples")
    plane = open_engine(f"sqlite:///{folder / 'ephor.db'}", settings=Settings())
    stage = Stage(
        folder,
        plane,
        None,  # type: ignore[arg-type]
        Narrator(quiet=True),
        lambda path: read_manifest(reading.read_bytes(path), path),
        reading.read_mapping,
        None,  # type: ignore[arg-type]
    )
    setting.make_plane(stage)
    setting.register_agents(stage)
    asked = plane.approvals.request(SUPPORT, "to be measured", by="eve")
    plane.approvals.submit_review(asked.id, ReviewType.SECURITY, Verdict.APPROVE, by="sam", notes="bench")
    plane.approvals.submit_review(asked.id, ReviewType.PRIVACY, Verdict.APPROVE, by="pia", notes="bench")
    return plane

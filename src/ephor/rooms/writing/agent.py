"""What several documents say of an agent: who it is, its tools, data, models, oversight, class and approvals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ephor.rooms.agents.manifest import AskRule, Manifest, Tool
from ephor.rooms.documents.model import Block, Row, Sources, fact, facts, gap, paragraph, table
from ephor.rooms.gate.checklist import Checklist, judge
from ephor.rooms.gate.facts import GateFacts
from ephor.rooms.gate.finding import Status
from ephor.rooms.policies.autonomy import meaning_of
from ephor.rooms.writing.facts import AgentFacts
from ephor.rooms.writing.parts import (
    digest,
    entry_of,
    exhibits,
    law,
    listed,
    rows,
    spoken,
    steady,
    unborne,
    yes,
)

_STATES: Mapping[Status, str] = {Status.MET: "met", Status.NOT_MET: "not met", Status.NOT_KNOWN: "not known"}


def manifest_of(one: AgentFacts) -> Manifest:
    """Return what the agent declares."""
    return one.gate.agent.record.manifest


def declared(one: AgentFacts) -> Sources:
    """Return what everything in the manifest rests on: its digest, and the entry that registered it."""
    agent = one.gate.agent
    return (*entry_of(agent, "the manifest was registered"), digest(agent.record.digest, "manifest"))


def identity(one: AgentFacts) -> tuple[Block, ...]:
    """Return who the agent is, for what, and for whom."""
    manifest, source, agent = manifest_of(one), declared(one), one.gate.agent.record
    told = (
        ("Name", f"{manifest.name} ({agent.id})"),
        ("Purpose", manifest.purpose),
        ("Owner", manifest.owner),
        ("Use case", spoken(manifest.use_case.value)),
        ("Role under the AI Act", spoken(manifest.operator_role.value)),
        ("Autonomy", f"level {manifest.autonomy} of 5: {meaning_of(manifest.autonomy)}"),
        ("Jurisdictions", listed(manifest.jurisdictions, "not stated")),
        ("Status", spoken(agent.status.value)),
        ("Manifest", agent.digest),
    )
    return (
        facts(fact(label, text, *source) for label, text in told),
        *unborne(one.gate.agent, "the manifest"),
    )


def tools(one: AgentFacts) -> tuple[Block, ...]:
    """Return what the agent can do, tool by tool."""
    manifest, source = manifest_of(one), declared(one)
    if not manifest.tools:
        return (paragraph("It declares no tool, so every call of it is denied.", *source),)
    columns = (
        "tool",
        "effect",
        "sensitivity",
        "data",
        "permissions",
        "a person is asked",
        "masked in arguments",
    )
    return (table("", columns, [Row(_tool(tool), source) for tool in manifest.tools]),)


def roles(one: AgentFacts) -> tuple[Block, ...]:
    """Return the roles through which its tools are reached."""
    found = [(name, one.gate.roles.get(name)) for name in manifest_of(one).roles]
    lines = (
        (
            (name, listed(role.record.permissions), listed(role.record.allowed_tools), role.record.max_data_sensitivity.value),
            entry_of(role, "the role was set") or declared(one),
        )
        for name, role in found
        if role is not None
    )  # fmt: skip
    unknown = [name for name, role in found if role is None]
    missing = tuple(
        gap(f"the manifest names role `{name}`, which does not exist", f"ephor roles add {name} --help")
        for name in unknown
    )
    return (table("", ("role", "permissions", "tools", "up to"), rows(lines)), *missing)


def models(one: AgentFacts) -> tuple[Block, ...]:
    """Return the models that it runs on, as the register has them."""
    if not one.models:
        return (
            gap("the manifest names no model", "state `models` in the manifest, then: ephor agents register FILE"),
        )  # fmt: skip
    lines = []
    for name, found in one.models.items():
        if found is None:
            lines.append(Row((name, "not registered", "", "", ""), declared(one)))
            continue
        model = found.record
        last = model.validations[-1] if model.validations else None
        said = f"{'passed' if last.passed else 'failed'} {last.validation_date}" if last else "never"
        cells = (name, spoken(model.status.value), model.provider, model.model_type, said)
        lines.append(Row(cells, entry_of(found, "the newest entry on the model")))
    absent = [name for name, found in one.models.items() if found is None]
    missing = tuple(
        gap(
            f"model `{name}` is not in the register",
            "ephor models register FILE, then validate and approve it",
        )
        for name in absent
    )
    return (table("", ("model", "status", "provider", "type", "validated"), lines), *missing)


def data(one: AgentFacts) -> tuple[Block, ...]:
    """Return what data it handles and where they lie."""
    manifest, source = manifest_of(one), declared(one)
    told = (
        ("Sensitivity", manifest.data.sensitivity.value),
        ("Categories of data", listed(manifest.data.categories, "none declared")),
        ("People concerned", listed(manifest.data.subjects, "none declared")),
    )
    found: list[Block] = [facts(fact(label, text, *source) for label, text in told)]
    if manifest.data_stores:
        lines = [
            Row((store.name, store.kind, store.location, store.data_map or "none"), source)
            for store in manifest.data_stores
        ]
        found.append(table("Data stores", ("store", "kind", "location", "data map"), lines))
    return tuple(found)


def processing(one: AgentFacts) -> tuple[Block, ...]:
    """Return the records of processing that name the agent."""
    kept = [found for found in one.gate.processing if found.entry is not None]
    if not kept:
        return (
            gap("no record of processing names the agent", "ephor ropa register FILE", cite="GDPR Art. 30"),
        )  # fmt: skip
    lines = (
        (
            (found.record.id, found.record.name, listed(found.record.purposes), found.record.legal_basis or "not stated"),
            entry_of(found, f"version {found.record.version} was registered"),
        )
        for found in kept
    )  # fmt: skip
    return (table("", ("record", "activity", "purposes", "legal basis"), rows(lines)),)


def oversight(one: AgentFacts) -> tuple[Block, ...]:
    """Return who watches the agent and how it is stopped."""
    said, source = manifest_of(one).oversight, declared(one)
    if said is None:
        remedy = "state `oversight` with people, means and stop, then: ephor agents register FILE"
        return (
            gap("the manifest does not say who oversees the agent", remedy, cite="AI Act Art. 14, 26(2)"),
        )
    told = (("Overseen by", listed(said.people)), ("Means", said.means), ("How it is stopped", said.stop))
    return (facts(fact(label, text, *source) for label, text in told),)


def disclosure(one: AgentFacts) -> tuple[Block, ...]:
    """Return how people learn that they deal with an AI system."""
    said, source = manifest_of(one).disclosure, declared(one)
    if said is None:
        remedy = "state `disclosure` in the manifest, then: ephor agents register FILE"
        return (gap("the manifest does not say how people are told", remedy, cite="AI Act Art. 50(1)"),)
    told = (("People are told", yes(said.tells_people)), ("Notice", said.notice or "none"))
    return (facts(fact(label, text, *source) for label, text in told),)


def legal_class(one: AgentFacts) -> tuple[Block, ...]:
    """Return what the AI Act makes of the agent, why, and who signed that."""
    kept = one.gate.classification
    remedy = f"ephor classify {one.gate.id}"
    if kept is None or kept.record.digest != one.gate.agent.record.material_digest:
        return (gap("no class of this manifest is recorded", remedy, cite="AI Act Art. 6"),)
    record, source = kept.record, entry_of(kept, "classified")
    signed = one.gate.signed
    told = [
        fact("Class", spoken(record.category), *source, digest(record.pack_digest, f"pack {record.pack}")),
        fact("Because of", listed(record.articles, "no article of the Act"), *source),
        fact(
            "Applies from", record.applies_from.isoformat() if record.applies_from else "not stated", *source
        ),
    ]
    found: list[Block] = [facts(told)]
    if record.signed_by is None or signed is None:
        found.append(
            gap("no reviewer has signed the class off", f"ephor agents sign-class {one.gate.id} --help")
        )
    else:
        signer = f"{record.signed_by}, {signed.at.date().isoformat()}"
        found = [facts([*told, fact("Signed off by", signer, *_signed(one.gate))])]
    if record.missing_facts:
        found.append(
            gap(f"the class does not know: {listed(record.missing_facts)}", "state these facts in the manifest, then: ephor agents register FILE")
        )  # fmt: skip
    return (*found, *unborne(kept, "the class"), *_elements(one))


def approvals(one: AgentFacts) -> tuple[Block, ...]:
    """Return every approval that was asked for, with its reviews."""
    lines = list(_requests(one.gate))
    if not lines:
        return (
            gap("approval was never asked for", f"ephor approvals request {one.gate.id} --justification WHY"),
        )
    columns = ("request", "asked by", "on", "outcome", "reviews", "until")
    return (table("", columns, rows(lines)),)


def checklist(one: AgentFacts, which: Checklist, title: str) -> tuple[Block, ...]:
    """Return one of the guide's two checklists, answered, with what closes each item that is not met."""
    items, day = judge(which, one.gate).items, one.gate.day
    lines = (
        (
            (item.title, _STATES[item.status], steady(item.because, day), item.remedy or "nothing"),
            exhibits(item.evidence),
        )
        for item in items
    )
    return (table(title, ("item", "answer", "because", "to do"), rows(lines)),)


def _tool(tool: Tool) -> tuple[str, ...]:
    name = f"{tool.name}: {tool.description}" if tool.description else tool.name
    return (
        name, tool.effect.value, tool.sensitivity.value, listed(tool.data), listed(tool.permissions),
        "; ".join(map(_ask, tool.ask)) or "no", "yes, but for " + listed(tool.reveals) if tool.masks and tool.reveals
        else yes(bool(tool.masks)),
    )  # fmt: skip


def _ask(rule: AskRule) -> str:
    if rule.always or rule.argument is None:
        return "always"
    return f"if {rule.argument} is above {rule.above}"


def _elements(one: AgentFacts) -> tuple[Block, ...]:
    if one.found is None:
        return ()
    lines = [
        Row((found.article, yes(found.holds), found.because), (law(f"AI Act {found.article}", f"verified: {found.verified.value}"),))
        for found in one.found.elements
        if found.holds is not False
    ]  # fmt: skip
    return (
        (
            table(
                "Provisions that hold, or that nobody can tell of yet", ("article", "holds", "because"), lines
            ),
        )
        if lines
        else ()
    )


def _signed(gate: GateFacts) -> Sources:
    kept = gate.classification
    if kept is None or gate.signed is None:
        return ()
    return entry_of(type(kept)(kept.record, gate.signed), "the class was signed off")


def _requests(gate: GateFacts) -> Iterator[tuple[Sequence[object], Sources]]:
    for found in gate.requests:
        asked = found.record
        reviews = [
            f"{given.type.value}: {given.decision.value} by {given.reviewer}" for given in asked.reviews
        ]
        until = asked.expires_at.date().isoformat() if asked.expires_at else "not approved"
        given = tuple(
            gate.reviews[key]
            for one in asked.reviews
            if (key := f"{asked.id}/{one.type.value}/{one.reviewer}") in gate.reviews
        )
        sources = entry_of(found, "approved") + tuple(
            source for one in given for source in entry_of(type(found)(asked, one), "a review was given")
        )
        cells = (
            asked.id,
            asked.requested_by,
            asked.requested_at.date().isoformat(),
            spoken(asked.status.value),
        )
        yield (*cells, "; ".join(reviews) or "none yet", until), tuple(dict.fromkeys(sources))

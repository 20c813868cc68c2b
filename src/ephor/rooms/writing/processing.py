"""The records of processing activities, with every field of GDPR Art. 30 and what each lacks."""

from __future__ import annotations

from collections.abc import Iterator

from ephor.rooms.documents.model import Block, Row, Section, fact, facts, gap, table
from ephor.rooms.gate.facts import Recorded
from ephor.rooms.ropa.record import Contact, Part, ProcessingRecord, missing
from ephor.rooms.writing.facts import ProcessingFacts
from ephor.rooms.writing.parts import Answers, entry_of, listed, rows, spoken, unborne, yes

_ARTICLE = {Part.CONTROLLER: "GDPR Art. 30(1)", Part.PROCESSOR: "GDPR Art. 30(2)"}


def processing_records(one: ProcessingFacts, answers: Answers) -> tuple[Section, ...]:
    """Return every record of processing, by id. Nothing in it is stated for the document: the register is."""
    del answers
    if not one.records:
        return (
            Section("Register", (gap("no processing activity is registered", "ephor ropa register FILE", cite="GDPR Art. 30"),)),
        )  # fmt: skip
    lines = (
        (
            (found.record.id, found.record.name, found.record.part.value, listed(found.record.agents),
             "yes" if not missing(found.record) else f"{len(missing(found.record))} missing"),
            entry_of(found, f"version {found.record.version} was registered"),
        )
        for found in one.records
    )  # fmt: skip
    columns = ("record", "activity", "kept as", "agents", "complete")
    return (
        Section("Register", (table("Processing activities", columns, rows(lines)),)),
        *(
            Section(found.record.name, tuple(_record(found)), cite=_ARTICLE[found.record.part])
            for found in one.records
        ),
    )


def _record(found: Recorded[ProcessingRecord]) -> Iterator[Block]:
    record, source = found.record, entry_of(found, f"version {found.record.version} was registered")
    yield facts(fact(label, text, *source) for label, text in _fields(record))
    if record.transfers:
        lines = [
            Row((to.country, spoken(to.safeguard.value), to.documentation or "none"), source)
            for to in record.transfers
        ]
        yield table("Transfers to third countries", ("to", "safeguard", "documents"), lines)
    if record.erasure:
        limits = [Row((name, record.erasure[name]), source) for name in sorted(record.erasure)]
        yield table("Time limits for erasure", ("category", "limit"), limits)
    yield from unborne(found, f"record {record.id}")
    for lack in missing(record):
        what, _, article = lack.partition(" (")
        yield gap(
            f"{what} is not stated",
            "state it in the record, then: ephor ropa register FILE",
            cite=f"GDPR {article.rstrip(')')}",
        )


def _fields(record: ProcessingRecord) -> Iterator[tuple[str, str]]:
    yield "Record", f"{record.id}, version {record.version}"
    yield "Controller", _contact(record.controller)
    if record.joint_controllers:
        yield "Joint controllers", "; ".join(map(_contact, record.joint_controllers))
    if record.representative is not None:
        yield "Representative", _contact(record.representative)
    if record.part is Part.PROCESSOR:
        yield "Processor", _contact(record.processor)
    yield (
        "Data protection officer",
        _contact(record.dpo) if record.dpo else record.no_dpo_because or "not stated",
    )
    yield "Purposes", listed(record.purposes, "not stated")
    yield "Legal basis", spoken(record.legal_basis.value) if record.legal_basis else "not stated"
    yield "Basis in detail", record.basis_details or "not stated"
    yield "People concerned", listed(record.subjects, "not stated")
    yield "Categories of data", listed(record.categories, "not stated")
    yield "Special categories", listed(record.special_categories)
    if record.special_categories:
        yield "Condition for them", record.special_condition or "not stated"
    yield "Recipients", "not stated" if record.recipients is None else listed(record.recipients)
    if not record.transfers:
        yield "Transfers to third countries", "not stated" if record.transfers is None else "none"
    yield "Measures", listed(record.measures, "not stated")
    yield "Decisions without a person", yes(record.automated_decisions)
    yield "Carried out by", listed(record.agents, "no agent")


def _contact(contact: Contact | None) -> str:
    return f"{contact.name}, {contact.contact}" if contact else "not stated"

"""The gate's answer in the formats that build servers show: JUnit XML and SARIF 2.1.0."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import orjson

from ephor.rooms.gate.checklist import Answer, Report
from ephor.rooms.gate.finding import Status

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold, not even written as a number."""


def junit(report: Report) -> bytes:
    """Return a checklist as JUnit XML: one test case for every item. What is not known fails as what is not met does."""
    failed = sum(one.status is not Status.MET for one in report.items)
    counts = f'tests="{len(report.items)}" failures="{failed}" errors="0" skipped="0" time="0"'
    name = f"ephor gate {report.agent} {report.checklist.value}"
    facts = {"agent": report.agent, "checklist": report.checklist.value, "as_of": report.as_of.isoformat()}
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="ephor gate" {counts}>',
        f'  <testsuite name={_quoted(name)} {counts} timestamp="{report.as_of.isoformat()}T00:00:00">',
        "    <properties>",
        *(f"      <property name={_quoted(key)} value={_quoted(value)}/>" for key, value in facts.items()),
        "    </properties>",
        *(line for one in report.items for line in _case(report, one)),
        "  </testsuite>",
        "</testsuites>",
    ]
    return ("\n".join(lines) + "\n").encode()


def _case(report: Report, one: Answer) -> list[str]:
    opening = (
        f"    <testcase classname={_quoted(f'ephor.gate.{report.agent}.{report.checklist.value}')} "
        f'name={_quoted(one.id)} time="0">'
    )
    failure = []
    if one.status is not Status.MET:
        told = f"{one.because}\nwhat to do next: {one.remedy}" if one.remedy else one.because
        failure = [
            f"      <failure message={_quoted(f'{one.title}: {one.because}')} "
            f"type={_quoted(one.status.value)}>{escape(_written(told))}</failure>"
        ]
    rests = [
        f"{shown.what} {shown.id} of {shown.date.isoformat()}, entry {shown.entry or 'none'}"
        for shown in one.evidence
    ]
    holds = [f"holds until {one.lapses.isoformat()}"] if one.lapses else []
    said = [f"{one.status.value}: {one.because}", *holds, f"looked up: {one.query}", *rests]
    out = escape(_written("\n".join(said)))
    return [opening, *failure, f"      <system-out>{out}</system-out>", "    </testcase>"]


def sarif(report: Report, manifest: str, version: str) -> bytes:
    """Return a checklist as a SARIF log: one rule and one result for every item, at the manifest's place in a repository."""
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "Ephor",
                "version": version,
                "rules": [_rule(one) for one in report.items],
            }
        },
        "automationDetails": {"id": f"ephor-gate/{report.agent}/{report.checklist.value}/"},
        "columnKind": "unicodeCodePoints",
        "results": [_result(report, number, one, manifest) for number, one in enumerate(report.items)],
        "properties": {
            "agent": report.agent,
            "checklist": report.checklist.value,
            "asOf": report.as_of.isoformat(),
            "passed": report.passed,
        },
    }
    whole = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2) + b"\n"


def _rule(one: Answer) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": "".join(word.capitalize() for word in one.id.split("-")),
        "shortDescription": {"text": one.title},
        "fullDescription": {"text": f"Answered from: {one.query}."},
        "defaultConfiguration": {"level": "error"},
    }


def _result(report: Report, number: int, one: Answer, manifest: str) -> dict[str, Any]:
    holds = one.status is Status.MET
    word = one.status.value.replace("_", " ")
    told = f"{one.title}: {word}: {one.because}" + (f". What to do next: {one.remedy}" if one.remedy else "")
    named = f"{report.agent}/{report.checklist.value}/{one.id}"
    return {
        "ruleId": one.id,
        "ruleIndex": number,
        "kind": "pass" if holds else "fail",
        "level": "none" if holds else "error",
        "message": {"text": told},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": manifest}, "region": {"startLine": 1}},
                "logicalLocations": [{"fullyQualifiedName": f"agent:{report.agent}", "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"ephorGateItem/v1": sha256(named.encode()).hexdigest()},
        "properties": {
            "status": one.status.value,
            "lapses": one.lapses.isoformat() if one.lapses else None,
            "evidence": [
                {"what": shown.what, "id": shown.id, "entry": shown.entry, "date": shown.date.isoformat()}
                for shown in one.evidence
            ],
        },
    }


def _quoted(text: str) -> str:
    return quoteattr(_written(text))


def _written(text: str) -> str:
    return _UNWRITABLE.sub("\ufffd", text)

"""Whether the AI Act asks for an assessment of fundamental rights: as its pack answers (Art. 27)."""

from __future__ import annotations

from datetime import date

from ephor.rooms.agents.manifest import Manifest
from ephor.rooms.impact.screening import Judged, Screening
from ephor.rooms.regulation.classify import answer_all
from ephor.rooms.regulation.pack import Pack

FRIA = "eu-ai-act/fria"


def screen_rights(pack: Pack, manifest: Manifest, on: date) -> Screening:
    """Return whether a deployer of the agent assesses the impact on fundamental rights, from the manifest's facts.

    Raises:
        InvalidInputError: a fact in a word that the pack does not know.
    """
    facts = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in manifest.facts.items()
        if name in pack.vocabulary and not pack.vocabulary[name].derived
    }
    complete = manifest.facts.get("complete") is True
    found, owed = answer_all(pack, facts, on, complete=complete, role=manifest.operator_role.value)
    law = next((one for one in owed if one.obligation.id == FRIA), None)
    if law is None:
        role = manifest.operator_role.value.replace("_", " ")
        return Screening(False, f"the organisation is {role}; Art. 27 asks deployers", (), (), ())
    judged = Judged("fria", law.obligation.cite, law.obligation.title, law.owed, law.because)
    since = (
        ""
        if law.in_force or law.owed is False
        else f"; in force from {law.since.isoformat() if law.since else 'the day of its class'}"
    )
    missing = found.missing_facts if law.owed is None else ()
    return Screening(law.owed, f"{law.because}{since}", (judged,), (), missing)

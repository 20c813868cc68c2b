"""Chapters 1 to 3: the plane and its people, the agents, and what law and risk make of them."""

from __future__ import annotations

import stat

from ephor.demo.stage import MOOD, RANKER, SUPPORT, Stage
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.models.model import ModelStatus

PEOPLE = (
    ("eve", "Eve Engineer", (PlaneRole.ENGINEER, PlaneRole.SECURITY_REVIEWER)),
    ("sam", "Sam Security", (PlaneRole.SECURITY_REVIEWER,)),
    ("pia", "Pia Privacy", (PlaneRole.PRIVACY_REVIEWER,)),
    ("eti", "Eti Ethics", (PlaneRole.ETHICS_REVIEWER,)),
    ("leo", "Leo Legal", (PlaneRole.LEGAL_REVIEWER,)),
    ("ola", "Ola Operator", (PlaneRole.OPERATOR,)),
    ("cal", "Cal Approver", (PlaneRole.CALL_APPROVER,)),
    ("val", "Val Validator", (PlaneRole.MODEL_VALIDATOR,)),
    ("dora", "Dora Privacy", (PlaneRole.PRIVACY_OFFICER,)),
    ("paul", "Paul Privacy", (PlaneRole.PRIVACY_OFFICER,)),
)


def make_plane(stage: Stage) -> None:
    """Chapter 1: database, keys, bodies and people."""
    plane, tell = stage.plane, stage.tell
    tell.chapter("A plane: one database, one signing key, people with roles")
    plane.access.found("ada", "Ada Administrator")
    for id, name, roles in PEOPLE:
        plane.access.add_person(id, name, roles, by="ada")
    key = stage.folder / "ephor.db.keys" / "signing.key"
    mode = stat.S_IMODE(key.stat().st_mode)
    head = plane.ledger.head()
    tell.did(f"database {stage.folder / 'ephor.db'}, signing key with mode {mode:04o}")
    tell.did(f"log {head.origin}")
    for body in plane.approvals.bodies():
        who = ", ".join(body.members) or "nobody yet"
        tell.did(f"{body.body.name}: {who}")
    tell.keep(people=len(PEOPLE) + 1, key_mode=f"{mode:04o}", log=head.origin, public_key=head.key)


def register_agents(stage: Stage) -> None:
    """Chapter 2: roles, a model, and three agents from their manifests."""
    plane, tell = stage.plane, stage.tell
    tell.chapter("Three agents, registered from their manifests")
    for role in stage.read_yaml(stage.example("shop/roles.yaml"))["roles"]:
        plane.access.add_role(
            role["name"], role["permissions"], role["allowed_tools"], role["max_data_sensitivity"], by="ada"
        )
    model = plane.models.register(stage.read_yaml(stage.example("models/shop-support-llm.yaml")), by="eve")
    stage.refused(
        f"model {model.id}, approved before anyone validated it",
        lambda: plane.models.approve(model.id, "looks fine", by="val"),
    )
    results = stage.read_yaml(stage.example("models/shop-support-llm-validation.yaml"))
    plane.models.validate(model.id, results, by="val")
    plane.models.approve(model.id, "meets every threshold set beforehand", by="val")
    plane.models.promote(model.id, ModelStatus.PRODUCTION, "released with the support assistant", by="eve")
    tell.good(
        f"model {model.id}: validated against thresholds set beforehand, approved by val, in production"
    )
    digests = {}
    for name in (SUPPORT, RANKER, MOOD):
        agent = plane.agents.register(
            stage.read_manifest(stage.example(f"{name}/ephor.yaml")), by="eve"
        ).agent
        digests[name] = agent.digest
        tell.did(f"{name}: {len(agent.manifest.tools)} tools, {agent.status.value}, {agent.digest[:23]}…")
    record = plane.ropa.register(stage.read_yaml(stage.example("shop/ropa.yaml")), by="dora")
    tell.did(
        f"record of processing `{record.record.id}` (GDPR Article 30), lacking: {', '.join(record.missing) or 'nothing'}"
    )
    tell.keep(agents=digests, model=model.id)


def classify_and_assess(stage: Stage) -> None:
    """Chapter 3: the class under the AI Act as of today, with reasons and dates; the risk."""
    plane, tell = stage.plane, stage.tell
    tell.chapter("What the EU AI Act makes of them today, and how risky they are")
    classes, risks = {}, {}
    for name in (SUPPORT, RANKER, MOOD):
        found = plane.regulation.classify_agent(name, by="eve")
        since = f", applies from {found.applies_from}" if found.applies_from else ""
        line = f"{name}: {found.category.value} because of {', '.join(found.articles)}{since}"
        (tell.no if found.category.value == "unacceptable" else tell.did)(line)
        for element in found.elements:
            if element.article in found.articles and element.holds:
                tell.did(f"   {element.article}: {element.because}")
        assessed = plane.risk.assess(name, by="eve").assessment
        worst = max(assessed.factors, key=lambda factor: factor.residual.score)
        tell.did(
            f"   risk {assessed.overall.residual.value}, worst in {worst.category.value} "
            f"({worst.residual.likelihood} by {worst.residual.impact}): {worst.drivers[0].because if worst.drivers else 'no driver'}"
        )
        classes[name], risks[name] = found.category.value, assessed.overall.residual.value
    stage.refused(
        f"approval of {MOOD}", lambda: plane.approvals.request(MOOD, "it would help managers", by="eve")
    )
    tell.keep(classes=classes, risks=risks)

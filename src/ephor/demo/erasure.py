"""Chapter 6: one customer asks to be erased, and is."""

from __future__ import annotations

from ephor.demo.stage import Stage
from ephor.examples.shop.script import CUSTOMER_EMAIL
from ephor.kernel.errors import VerificationError


def erase_a_customer(stage: Stage) -> None:
    """Chapter 6: request, identity, plan, approval, execution, certificate; then the files themselves are searched."""
    plane, tell = stage.plane, stage.tell
    tell.chapter("A customer asks to be erased (GDPR Article 17)")
    data_map = stage.read_yaml(stage.example("shop/shop-map.yaml"))
    request = plane.dsr.open("erasure", {"email": CUSTOMER_EMAIL}, by="dora", channel="email")
    tell.did(
        f"{request.id}: received, due {request.due} (one month, Regulation 1182/71); the address itself is sealed, not stored"
    )
    plane.dsr.verify_identity(request.id, "answered a code sent to the address on record", by="dora")
    store = stage.open_store(f"sqlite:///{stage.shop.path}")
    try:
        plan = plane.dsr.plan(request.id, data_map, {"shop": store}, by="dora")
        for line in plan.lines:
            tell.did(f"   {line.collection}: {line.act} of {line.found} rows to go")
        stage.refused(
            "approval of the plan by dora, who took the request in",
            lambda: plane.dsr.approve(request.id, by="dora"),
        )
        plane.dsr.approve(request.id, by="paul")
        certificate = plane.dsr.fulfil(request.id, by="dora", given=data_map, stores={"shop": store})
    finally:
        store.close()
    rows = sum(line.act for line in certificate.lines)
    sent = _clear_outbox(stage)
    tell.good(
        f"{rows} rows deleted, {certificate.payloads_destroyed} sealed payloads and {certificate.keys_destroyed} key destroyed, "
        f"recorded as {certificate.entry}"
    )
    tell.did(f"{sent} mail to her taken out of the shop's outbox by hand: no data map covers that folder")
    _search_for_her(stage)
    tell.good("her address is in no file of the shop's or the plane's database any more")
    report = plane.ledger.verify(None, None)
    tell.good(f"the ledger still verifies: {report.verdict.lower()}, {report.size} entries")
    tell.keep(
        rows=rows,
        payloads=certificate.payloads_destroyed,
        keys=certificate.keys_destroyed,
        verdict=report.verdict,
    )


def _clear_outbox(stage: Stage) -> int:
    mine = [
        path
        for path in sorted(stage.shop.outbox.glob("*.eml"))
        if CUSTOMER_EMAIL.encode() in path.read_bytes()
    ]
    for path in mine:
        path.unlink()
    return len(mine)


def _search_for_her(stage: Stage) -> None:
    """Look for the address in the bytes on disk, where a careless deletion would still show it.

    Raises:
        VerificationError: it is there.
    """
    files = [*stage.folder.glob("*.db*"), *stage.shop.outbox.rglob("*")]
    for path in sorted(files):
        if path.is_file() and CUSTOMER_EMAIL.encode() in path.read_bytes():
            raise VerificationError(
                f"`{path}` still holds the erased address; this copy of Ephor is broken, do not use it"
            )

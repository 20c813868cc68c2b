"""One request erases one person from everything an agent touches; then every byte is searched. See README.md."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent))

import agent  # type: ignore[import-not-found]  # beside this file
import langfuse_stand_in  # type: ignore[import-not-found]

import ephor
from ephor.adapters.connectors.opening import connect
from ephor.rooms.consent.statement import ConsentState

CUSTOMERS = "SELECT id, email FROM customers WHERE email LIKE '%@%' ORDER BY id LIMIT 6"


def main(folder: Path) -> None:
    """Tell the shop's story, furnish the agent, erase one customer, and look for her."""
    subprocess.run(  # noqa: S603 - this Python, and a folder of ours
        [sys.executable, "-m", "ephor", "demo", "--keep", str(folder / "story")],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    story = folder / "story"
    with closing(sqlite3.connect(story / "shop.db")) as base:
        people = {int(id): str(mail) for id, mail in base.execute(CUSTOMERS)}
    subject, mail = next(iter(people.items()))
    memory = folder / "memory"
    memory.mkdir()
    traces = agent.furnish(memory, people)
    with langfuse_stand_in.serving(traces) as langfuse:
        plane = ephor.open(f"sqlite:///{story / 'ephor.db'}")
        work(plane, subject, mail)
        print(f"before: {mail} is in {len(search(folder, mail))} files, and in a trace")
        shop = yaml.safe_load((story / "examples" / "shop" / "shop-map.yaml").read_text("utf-8"))
        urls = {"shop": f"sqlite:///{story / 'shop.db'}", **agent.stores(memory, langfuse)}
        erase(plane, mail, agent.data_map(shop, "shop.customers.id"), urls)
    left = [id for id, trace in traces.items() if mail in str(trace)]
    found = [*search(folder, mail), *left]
    print(f"after: {mail} is in {len(found)} files and traces {found or ''}")
    report = plane.ledger.verify(None, None)
    print(f"the ledger: {report.verdict.lower()}, {report.size} entries")
    plane.close()
    if found:
        sys.exit("she is still there; this copy of Ephor is broken")


def work(plane: Any, subject: int, mail: str) -> None:
    """Let the agent act for the customer: a call that is sealed, one that a person is asked about, and a consent."""
    plane.agents.resume("support-assistant", "a new day", by="ola")
    for tool, arguments in (
        ("customer_lookup", {"id": subject, "mail": mail}),
        ("refund_issue", {"order": 1, "amount_cents": 99_900, "mail": mail}),
    ):
        call = ephor.Call("support-assistant", tool, arguments, subject=mail, purpose="customer_support")
        print(f"the agent asks to call {tool}: {plane.decide(call).outcome}")
    plane.consent.state(
        mail, "newsletter", ConsentState.GIVEN, notice_version="2026-03", channel="web", by="dora"
    )


def erase(plane: Any, mail: str, given: Mapping[str, Any], urls: Mapping[str, str]) -> None:
    """One request, one plan, a second person's approval, one certificate."""
    request = plane.dsr.open("erasure", {"email": mail}, by="dora", channel="mail")
    plane.dsr.verify_identity(request.id, "answered a code sent to the address on record", by="dora")
    with ExitStack() as opened:
        stores = {name: opened.enter_context(closing(connect(url))) for name, url in urls.items()}
        for line in plane.dsr.plan(request.id, given, stores, by="dora").lines:
            print(f"  {line.collection}: {line.act} of {line.found} to go")
        plane.dsr.approve(request.id, by="paul")
        done = plane.dsr.fulfil(request.id, by="dora", given=given, stores=stores)
    for said in done.verified:
        print(f"  {said}")
    print(
        f"  ledger: {done.payloads_destroyed} sealed payloads destroyed with {done.keys_destroyed} key, entry {done.entry}"
    )


def search(folder: Path, text: str) -> list[str]:
    """Return every file below *folder* that holds *text*, whatever its letters' case, in its bytes or its name."""
    wanted = text.lower().encode()
    return [
        str(path.relative_to(folder))
        for path in sorted(folder.rglob("*"))
        if path.is_file() and (wanted in path.read_bytes().lower() or wanted in path.name.encode().lower())
    ]


if __name__ == "__main__":
    if sys.argv[1:]:
        place = Path(sys.argv[1])
        place.mkdir(parents=True)
        main(place.resolve())
    else:
        with tempfile.TemporaryDirectory(prefix="one-person-") as place:
            main(Path(place))

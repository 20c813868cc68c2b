"""`ephor dsr`, `consent`, `retention`, `ropa` from the command line, on a shop with two customers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import typer

from ephor.adapters.connectors.opening import connect
from ephor.adapters.files import read_mapping
from ephor.edges.cli import (
    consent,
    dsr_handling,
    dsr_households,
    dsr_identity,
    dsr_reapplying,
    dsr_reviews,
    retention,
    ropa,
)
from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from sample_shop import MARY, build_shop, rows_of, shop_map

Run = Callable[..., Any]
_ADDING = (
    dsr_handling.app,
    dsr_households.app,
    dsr_identity.app,
    dsr_reapplying.app,
    dsr_reviews.app,
)  # one, which each adds to
[DSR] = {id(one): one for one in _ADDING}.values()
GROUPS = {
    "dsr": dsr_handling.app or dsr_reviews.app,
    "consent": consent.app,
    "retention": retention.app,
    "ropa": ropa.app,
}


@pytest.fixture
def run(engine: Engine, capsysbinary: pytest.CaptureFixture[bytes]) -> Run:
    door = SimpleNamespace(
        open=lambda _database: engine,
        person="ada",
        read_yaml=read_mapping,
        read_bytes=lambda path: Path(path).read_bytes(),
        connect=connect,
        today=lambda: engine.world.clock.now().date(),
    )

    def call(group: str, *arguments: str) -> Any:
        command = typer.main.get_command(GROUPS[group])
        command.main(list(arguments), standalone_mode=False, obj=door)
        out = capsysbinary.readouterr().out.decode()
        return json.loads(out) if "--json" in arguments else out

    return call


@pytest.fixture
def stores(tmp_path: Path) -> tuple[str, ...]:
    (tmp_path / "map.yaml").write_text(json.dumps(shop_map()))  # JSON is YAML
    return ("--map", str(tmp_path / "map.yaml"), "--store", f"shop={build_shop(tmp_path / 'shop.db')}")


def ready(run: Run, stores: tuple[str, ...], right: str, *more: str) -> str:
    id = run("dsr", "open", "--right", right, "--identity", f"email={MARY}", *more, "--json")["id"]
    run("dsr", "verify-identity", id, "--method", "code by letter")
    run("dsr", "plan", id, *stores)
    run("dsr", "approve", id, "--as", "dora")
    return str(id)


def test_an_erasure_from_receipt_to_certificate(run: Run, stores: tuple[str, ...], tmp_path: Path) -> None:
    id = ready(run, stores, "erasure")
    done = run("dsr", "fulfil", id, *stores, "--json")
    assert done["keys_destroyed"] == 1
    assert [row[2] for row in rows_of(tmp_path / "shop.db", "customers")] == ["John Jones"]
    shown = run("dsr", "show", id)
    assert "partly_fulfilled" in shown
    assert "not in the map, so not searched: shop.warehouse_log" in shown
    assert MARY not in shown
    assert id[:30] in run("dsr", "list")
    assert run("dsr", "list", "--open") == "no requests\n"


def test_the_certificate_says_what_stays_and_why(run: Run, stores: tuple[str, ...]) -> None:
    run("retention", "holds", "place", "--matter", "Doe", "--scope", "collection:shop.orders")
    id = ready(run, stores, "erasure")
    said = run("dsr", "fulfil", id, *stores)
    assert f"certificate of {id}: erase, partly fulfilled, 2026-11-24 09:00 UTC, entry evt_" in said
    lines = run("dsr", "show", id, "--json")["certificate"]["lines"]
    kept = [(row, stay) for row in lines for stay in row["stays"]]
    assert {stay["reason"] for _, stay in kept} == {"held", "referenced", "shared", "not_personal"}
    for row, stay in kept:
        told = f"  stays: {stay['rows']} of {row['found']} rows in {row['collection']}: {stay['reason']}, "
        assert any(line.startswith(told) and stay["because"] in line for line in said.splitlines()), told
    assert said.count("  stays: ") == len(kept)
    assert "a legal hold or a duty to keep it (hold_" in said
    assert "): Doe" in said
    assert run("dsr", "show", id).endswith(said)


def test_the_package_of_an_access_request_is_for_this_account_only(
    run: Run, stores: tuple[str, ...], tmp_path: Path
) -> None:
    id = ready(run, stores, "access")
    with pytest.raises(InvalidInputError, match="say where it goes with --output DIR"):
        run("dsr", "fulfil", id, *stores)
    run("dsr", "fulfil", id, *stores, "--output", str(tmp_path / "out"))
    [package] = (tmp_path / "out").iterdir()
    assert package.stat().st_mode & 0o777 == 0o600
    assert json.loads(package.read_bytes())["collections"]["shop.customers"][0]["name"] == "Mary Miller"


def test_a_package_that_cannot_be_written_leaves_the_request_open(
    run: Run, stores: tuple[str, ...], tmp_path: Path
) -> None:
    id = ready(run, stores, "access")
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="cannot write the package"):
        run("dsr", "fulfil", id, *stores, "--output", str(tmp_path / "file"))
    assert run("dsr", "show", id, "--json")["request"]["status"] == "approved"


def test_corrections_extensions_and_refusals(run: Run, stores: tuple[str, ...], tmp_path: Path) -> None:
    id = ready(run, stores, "rectification", "--set", "shop.customers.phone=+47 9=9")
    run("dsr", "fulfil", id, *stores)
    assert rows_of(tmp_path / "shop.db", "customers")[0][3] == "+47 9=9"
    other = run("dsr", "open", "--right", "know", "--law", "ccpa", "--identity", "email=x", "--json")["id"]
    assert "is due on" in run("dsr", "extend", other, "--reason", "many systems")
    assert "is refused" in run("dsr", "refuse", other, "--reason", "identity_not_shown")
    with pytest.raises(ConflictError):
        run("dsr", "extend", other, "--reason", "more")


@pytest.mark.parametrize("wrong", [["--identity", MARY], ["--identity", "email=a", "--identity", "email=b"]])
def test_an_identity_that_cannot_be_read_is_not_repeated(run: Run, wrong: list[str]) -> None:
    with pytest.raises(InvalidInputError) as caught:
        run("dsr", "open", "--right", "access", *wrong)
    assert MARY not in str(caught.value)


def test_consent_is_given_withdrawn_refused_and_shown(run: Run) -> None:
    run("consent", "give", MARY, "--purpose", "news", "--notice", "v1", "--expires", "2027-01-01")
    run("consent", "give", MARY, "--purpose", "offers", "--notice", "v1")
    run("consent", "withdraw", MARY, "--purpose", "news")
    run("consent", "refuse", MARY, "--purpose", "profiling")
    view = run("consent", "show", MARY, "--json")
    assert view["standings"] == {"news": "withdrawn", "offers": "given", "profiling": "refused"}
    assert len(view["history"]) == 4
    assert view["history"][0]["expires_at"] == "2027-01-01T00:00:00Z"
    text = run("consent", "show", MARY)
    assert "2026-11-24 09:00 UTC" in text
    assert "withdrawn" in text
    assert MARY not in text
    assert "said nothing yet" in run("consent", "show", "john@example.org")


def test_the_retention_plan_shows_conflicts_and_holds_take_two_people(run: Run) -> None:
    text = run("retention", "plan", "--law", "gdpr", "--law", "HIPAA")
    assert "conflict in pii_data" in text
    assert len(run("retention", "plan", "--law", "GDPR", "--json")) == 7
    with pytest.raises(InvalidInputError, match="unknown law"):
        run("retention", "plan", "--law", "LGPD")
    hold = run("retention", "holds", "place", "--matter", "Doe", "--scope", "everything", "--json")["id"]
    assert "second person" in run("retention", "holds", "release", hold)
    assert "released by ada and dora" in run("retention", "holds", "release", hold, "--as", "dora")
    run(
        "retention", "holds", "place", "--matter", "tax", "--scope", "collection:a.b", "--until", "2030-12-31"
    )
    assert "stands until 2030-12-31" in run("retention", "holds", "list")
    minimum = ("--matter", "tax law", "--scope", "collection:shop.orders", "--days", "3650")
    said = run("retention", "holds", "place", *minimum, "--from", "placed")
    assert "stands over collection:shop.orders for 3650 days from `placed` of each row" in said
    assert "keeps rows for 3650 days from `placed`" in run("retention", "holds", "list")


def test_a_record_of_processing_is_registered_listed_and_shown(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "ropa.yaml"
    file.write_text("id: support\nname: Support\nlegal_basis: contract\nagents: [support-assistant]\n")
    assert "missing: purposes (Art. 30(1)(b))" in run("ropa", "register", str(file))
    assert "support" in run("ropa", "list", "--agent", "support-assistant")
    assert run("ropa", "list", "--agent", "other") == "no records yet\n"
    assert "not complete" in run("ropa", "show", "support")
    assert run("ropa", "show", "support", "--json")["complete"] is False


def test_a_request_is_shown_with_what_happened_to_it(run: Run) -> None:
    opened = ("--right", "access", "--identity", f"email={MARY}", "--received-on", "2025-01-07")
    id = run("dsr", "open", *opened, "--json")["id"]
    assert "overdue" in run("dsr", "list")
    run("dsr", "fee", id, "--amount", "3.00 EUR", "--ground", "further_copies")
    run("dsr", "refuse", id, "--reason", "excessive", "--notes", "the ninth this month")
    assert "overdue" not in run("dsr", "list")
    shown = " ".join(run("dsr", "show", id).split())
    for told in (
        "received on 2025-01-07 by cli, taken in by ada",
        "fee asked: 3.00 EUR",
        "refused: excessive (GDPR Art. 12(5)(b))",
        "the ninth this month",
    ):
        assert told in shown


def test_a_restriction_is_lifted_when_the_person_was_told(run: Run) -> None:
    id = run("dsr", "open", "--right", "restriction", "--identity", f"email={MARY}", "--json")["id"]
    run("dsr", "verify-identity", id, "--method", "code by letter")
    run("dsr", "fulfil", id)
    assert "is restricted" in run("consent", "show", MARY)
    assert "is lifted" in run("dsr", "lift", id, "--told", "letter of 2 March")
    assert "restricted" not in run("consent", "show", MARY)


def test_shared_rows_are_shown_and_decided_on(run: Run, stores: tuple[str, ...]) -> None:
    id = run("dsr", "open", "--right", "erasure", "--identity", f"email={MARY}", "--json")["id"]
    run("dsr", "verify-identity", id, "--method", "code by letter")
    assert "wait for somebody to look at them" in " ".join(run("dsr", "plan", id, *stores).split())
    [row] = run("dsr", "review", id, *stores, "--json")
    assert "waits" in run("dsr", "review", id, *stores)
    with pytest.raises(InvalidInputError, match="--collection"):
        run("dsr", "review", id, *stores, "--decision", "act")
    told = (
        "--collection",
        row["collection"],
        "--decision",
        "keep",
        "--because",
        "John stays",
        "--row",
        row["row"],
    )
    assert "1 rows of shop.addresses: keep" in run("dsr", "review", id, *stores, *told)
    assert "John stays" in run("dsr", "show", id)


@pytest.mark.parametrize("store", ["shop", "shop=ftp://x", "shop=sqlite:///a.db|shop=sqlite:///b.db"])
def test_a_wrong_store_is_not_blamed_on_the_data_map(run: Run, stores: tuple[str, ...], store: str) -> None:
    given = [word for one in store.split("|") for word in ("--store", one)]
    with pytest.raises((InvalidInputError, NotFoundError)) as caught:
        run("dsr", "plan", "dsr_1", *stores[:2], *given)
    assert " --store" in str(caught.value) or "there is no SQLite file" in str(caught.value)


def test_the_time_rests_and_what_a_backup_brings_back_goes_again(
    run: Run, stores: tuple[str, ...], tmp_path: Path
) -> None:
    kept = (tmp_path / "shop.db").read_bytes()
    id = run("dsr", "open", "--right", "erasure", "--identity", f"email={MARY}", "--json")["id"]
    assert "rests since" in run("dsr", "pause", id, "--asked", "a letter of ours")
    assert "the time rests since" in " ".join(run("dsr", "show", id).split())
    run("dsr", "verify-identity", id, "--method", "code by letter")
    run("dsr", "plan", id, *stores)
    run("dsr", "approve", id, "--as", "dora")
    run("dsr", "fulfil", id, *stores)
    assert "nothing that was erased is there" in run("dsr", "reapply", *stores)
    (tmp_path / "shop.db").write_bytes(kept)
    assert "found" in run("dsr", "reapply", *stores, "--dry-run")
    assert [row[2] for row in rows_of(tmp_path / "shop.db", "customers")] == ["Mary Miller", "John Jones"]
    assert "erased again" in run("dsr", "reapply", *stores)
    assert [row[2] for row in rows_of(tmp_path / "shop.db", "customers")] == ["John Jones"]


def test_a_page_that_would_never_open_is_not_handed_over_and_a_second_copy_is_told(
    run: Run, stores: tuple[str, ...], tmp_path: Path
) -> None:
    id = ready(run, stores, "access")
    (tmp_path / "word").write_text("a long passphrase\n")
    out = ("--output", str(tmp_path / "out"))
    sealed = (*out, "--passphrase", str(tmp_path / "word"), "--expires")
    with pytest.raises(InvalidInputError, match="--expires"):
        run("dsr", "fulfil", id, *stores, *sealed, "2026-11-23")
    assert "approved" in run("dsr", "show", id)
    assert "nothing was written" not in run("dsr", "fulfil", id, *stores, *sealed, "2026-11-24")
    assert [one.name for one in (tmp_path / "out").iterdir()] == [f"{id}.sealed.html"]
    assert "nothing was written now" in run("dsr", "fulfil", id, *stores, *out)
    assert "nothing was written now" not in run("dsr", "fulfil", id, *stores)


@pytest.mark.parametrize(
    ("law", "right", "told"),
    [("gdpr", "access", "supervisory authority"), ("ccpa", "know", "11 CCR"), ("hipaa", "access", "45 CFR")],
)
def test_a_refusal_says_by_when_the_person_is_told_what(run: Run, law: str, right: str, told: str) -> None:
    opened = run("dsr", "open", "--right", right, "--law", law, "--identity", f"email={MARY}", "--json")
    said = run("dsr", "refuse", opened["id"], "--reason", "identity_not_shown")
    assert f"refused; tell the person by {opened['due']} " in " ".join(said.split())
    assert told in " ".join(said.split())


def test_holidays_count_for_a_household_too(run: Run) -> None:
    members = ("--member", f"email={MARY}", "--member", "email=john@example.org")
    asked = ("--right", "access", *members, "--received-on", "2026-10-24", "--json")
    assert {one["due"] for one in run("dsr", "household", *asked)} == {"2026-11-24"}
    made = run("dsr", "household", *asked, "--holiday", "2026-11-24")
    assert {one["due"] for one in made} == {"2026-11-25"}

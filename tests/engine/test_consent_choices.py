"""Opt-outs, signals, children, texts and renewals over a plane; and that decisions honour them."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256

import pytest

from ephor.engine.plane import Engine
from ephor.kernel.errors import ConflictError, InvalidInputError, NotPermittedError
from ephor.rooms.consent.ages import AGES
from ephor.rooms.consent.choices import Category
from ephor.rooms.consent.statement import GUARDIAN, ConsentState, Standing
from ephor.rooms.decisions.model import Call
from ephor.testing import FrozenClock
from sample_gate import AGENT, ROPA, make_ready
from sample_plane import entries

MARY, KIM = "mary@example.org", "kim@example.org"
PROOF = "sha256:" + "0" * 64
G, W = ConsentState.GIVEN, ConsentState.WITHDRAWN


def give(engine: Engine, purpose: str, subject: str = MARY, **facts: object) -> None:
    engine.consent.state(subject, purpose, G, notice_version="v1", by="dora", **facts)  # type: ignore[arg-type]


def reasons(engine: Engine, purpose: str | None, subject: str = MARY) -> set[str]:
    call = Call(AGENT, "customer_lookup", {"id": 7}, subject=subject, purpose=purpose)
    found = engine.decisions.decide(call)
    return {one.code for one in found.reasons} - {"allowed", "model-not-allowed"}


@pytest.fixture
def ready(engine: Engine) -> Engine:
    return make_ready(engine)


def test_an_opt_out_beats_a_consent_whatever_came_first_and_other_purposes_go_on(ready: Engine) -> None:
    ready.purposes.load([{"name": "partner-audiences", "serves": ["sale", "sharing"]}], by="dora")
    give(ready, "partner-audiences")
    assert reasons(ready, "partner-audiences") == set()
    ready.consent.opt_out(MARY, by="dora")
    give(ready, "partner-audiences")
    assert reasons(ready, "partner-audiences") == {"opted-out-sale", "opted-out-sharing"}
    assert reasons(ready, "Partner-Audiences") == {"opted-out-sale", "opted-out-sharing"}
    assert reasons(ready, "answering customers") == set(), "a purpose of the record of processing"
    assert reasons(ready, "synergies") == {"opt-out-purpose-unknown"}, "another word evades nothing"
    assert reasons(ready, None) == {"purpose-missing"}
    assert reasons(ready, None, KIM) == set()
    ready.consent.opt_in(MARY, Category.SALE, by="dora", notice_version="v1")
    assert reasons(ready, "partner-audiences") == {"opted-out-sharing"}


@pytest.mark.parametrize("purpose", ["sale", "Data Sale", "data-sale", "SELLING"])
def test_a_purpose_that_is_called_a_sale_is_one_without_a_list(ready: Engine, purpose: str) -> None:
    ready.consent.opt_out(MARY, [Category.SALE], by="dora")
    assert "opted-out-sale" in reasons(ready, purpose)


def test_the_signal_is_heeded_once_and_asks_for_nothing(ready: Engine) -> None:
    assert ready.consent.heed(MARY, {"Sec-GPC": "0"}, by="dora") == ()
    first = ready.consent.heed(MARY, {"sec-gpc": "1", "Accept": "*/*"}, by="dora")
    assert [(one.purpose, one.channel) for one in first] == [
        ("sale", "gpc"), ("sharing", "gpc"), ("targeted_advertising", "gpc"),
    ]  # fmt: skip
    assert ready.consent.heed(MARY, {"sec-gpc": "1"}, by="dora") == ()
    assert ready.consent.view(MARY).opted_out == (
        Category.SALE, Category.SHARING, Category.TARGETED_ADVERTISING,
    )  # fmt: skip
    with pytest.raises(NotPermittedError):
        ready.consent.opt_out(MARY, by="eve")


def test_nobody_asks_again_within_twelve_months_and_who_comes_by_themselves_may(
    engine: Engine, clock: FrozenClock
) -> None:
    engine.consent.opt_out(MARY, by="dora")
    with pytest.raises(ConflictError, match="asked again from 2027-11-24"):
        engine.consent.opt_in(MARY, Category.SALE, by="dora", notice_version="v1", asked=True)
    clock.advance(timedelta(days=365))
    engine.consent.opt_in(MARY, Category.SALE, by="dora", notice_version="v1", asked=True)
    engine.consent.opt_in(MARY, Category.SHARING, by="dora", notice_version="v1")
    assert engine.consent.view(MARY).opted_out == (Category.TARGETED_ADVERTISING,)


def test_under_thirteen_a_parent_opts_in_and_up_to_sixteen_they_do_themselves(ready: Engine) -> None:
    for subject, year in (("a@example.org", 2014), ("b@example.org", 2012), ("c@example.org", 2009)):
        ready.consent.record_minor(subject, year, "us-ca", by="dora")
    small, middle, grown = "a@example.org", "b@example.org", "c@example.org"
    assert reasons(ready, "sale", small) == {"minor-not-opted-in"}
    assert reasons(ready, "sale", middle) == {"minor-not-opted-in"}
    assert reasons(ready, "sale", grown) == set()
    with pytest.raises(ConflictError, match="from 13"):
        ready.consent.opt_in(small, Category.SALE, by="dora", notice_version="v1")
    with pytest.raises(InvalidInputError, match="proof"):
        ready.consent.opt_in(small, Category.SALE, by="dora", notice_version="v1", given_by=GUARDIAN)
    ready.consent.opt_in(small, Category.SALE, by="dora", notice_version="v1", given_by=GUARDIAN, proof=PROOF)
    ready.consent.opt_in(middle, Category.SALE, by="dora", notice_version="v1")
    assert reasons(ready, "sale", small) == reasons(ready, "sale", middle) == set()


def test_a_child_in_europe_consents_from_the_age_of_its_country(ready: Engine, clock: FrozenClock) -> None:
    ready.ropa.register(
        ROPA | {"legal_basis": "consent", "basis_details": "asked in the app", "purposes": ["news"]},
        by="dora",
    )
    give(ready, "news", KIM)
    assert reasons(ready, "news", KIM) == set(), "nobody knows yet that Kim is a child"
    ready.consent.record_minor(KIM, 2012, "DE", by="dora")
    assert reasons(ready, "news", KIM) == {"consent-not-by-guardian"}
    with pytest.raises(ConflictError, match="from 16"):
        give(ready, "news", KIM)
    give(ready, "news", KIM, given_by=GUARDIAN, proof=PROOF)
    assert reasons(ready, "news", KIM) == set()
    ready.consent.record_minor(KIM, 2012, "SE", by="dora")
    give(ready, "news", KIM)
    assert reasons(ready, "news", KIM) == set(), "13 is enough there"


def test_what_is_kept_of_a_child_is_a_year_and_the_ledger_holds_it_sealed(engine: Engine) -> None:
    engine.consent.record_minor(KIM, 2012, "DE", by="dora")
    entry = engine.ledger.list({"kind": "consent.minor-recorded/1"}, limit=1)[0].entry
    assert "2012" not in str(entry.get("metadata", {}))
    assert entry["subject"].startswith("sub_")
    for year in (1800, 2030):
        with pytest.raises(InvalidInputError):
            engine.consent.record_minor(KIM, year, by="dora")


def test_every_country_of_the_area_has_its_age_with_a_source() -> None:
    area = [
        "AT",
        "BE",
        "BG",
        "HR",
        "CY",
        "CZ",
        "DK",
        "EE",
        "FI",
        "FR",
        "DE",
        "GR",
        "HU",
        "IE",
        "IT",
        "LV",
        "LT",
        "LU",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SK",
        "SI",
        "ES",
        "SE",
        "IS",
        "LI",
        "NO",
    ]
    assert set(area) <= set(AGES)
    assert all(13 <= one.age <= 16 and one.source for rules in AGES.values() for one in rules)


def test_each_consent_proves_what_was_shown_and_a_version_never_gets_another_text(engine: Engine) -> None:
    text = b"We write to you once a week."
    made = engine.consent.add_text("v1", text, by="dora")
    give(engine, "news")
    assert engine.consent.view(MARY).history[0].shown == made.digest == "sha256:" + sha256(text).hexdigest()
    entry = engine.ledger.list({"kind": "consent.given/1"}, limit=1)[0].entry
    assert entry["refs"]["shown"] == made.digest
    with pytest.raises(ConflictError, match="another version"):
        engine.consent.add_text("v1", b"We write daily.", by="dora")
    with pytest.raises(ConflictError, match="another text"):
        give(engine, "news", text=b"We write daily.")
    assert len(engine.consent.view(MARY).history) == 1


def test_what_ended_ends_is_old_or_rests_on_a_replaced_text_is_due(
    engine: Engine, clock: FrozenClock
) -> None:
    give(engine, "old")
    clock.advance(timedelta(days=700))
    give(engine, "ended", expires_at=clock.at + timedelta(days=1))
    give(engine, "ends", expires_at=clock.at + timedelta(days=20))
    give(engine, "stays", expires_at=clock.at + timedelta(days=400))
    give(engine, "replaced")
    give(engine, "gone")
    engine.consent.state(MARY, "gone", W, by="dora")
    clock.advance(timedelta(days=2))
    engine.consent.add_text("v2", b"new", ["replaced", "gone"], by="dora")
    found = {one.purpose: one.because for one in engine.consent.due()}
    assert found == {
        "ended": "it ran out",
        "ends": "it runs out",
        "old": "it is old",
        "replaced": "text `v2` replaced `v1`, which was shown",
    }


def test_withdrawing_takes_no_notice_no_proof_and_one_step_for_all(engine: Engine) -> None:
    give(engine, "news")
    give(engine, "offers")
    assert [one.purpose for one in engine.consent.withdraw_all(MARY, by="dora")] == ["news", "offers"]
    assert set(engine.consent.view(MARY).standings.values()) == {Standing.WITHDRAWN}
    assert engine.consent.withdraw_all(MARY, by="dora") == ()


@pytest.mark.parametrize(
    "given",
    [
        {"name": "x", "serves": ["money"]},
        {"name": "x", "serves": "sale"},
        {"name": "A B"},
        {"name": "x", "for": []},
    ],
)
def test_what_is_no_purpose_is_refused(engine: Engine, given: dict[str, object]) -> None:
    with pytest.raises(InvalidInputError):
        engine.purposes.load([given], by="dora")


def test_a_decision_about_somebody_who_opted_out_is_replayed_the_same(ready: Engine) -> None:
    ready.consent.opt_out(MARY, by="dora")
    made = ready.decisions.decide(Call(AGENT, "customer_lookup", {"id": 7}, subject=MARY, purpose="sale"))
    found = ready.replays.replay(made.id)
    assert (found.outcome, set(found.reasons)) == (found.recorded, set(found.recorded_reasons))
    assert "opted-out-sale" in found.reasons


def test_a_request_to_opt_out_is_an_opt_out(ready: Engine) -> None:
    request = ready.dsr.open("opt_out", {"email": MARY}, law="ccpa", by="dora", purposes=["sale"])
    ready.dsr.fulfil(request.id, by="dora")
    assert ready.consent.view(MARY).opted_out == (Category.SALE,)
    assert "opted-out-sale" in reasons(ready, "data-sale")
    assert reasons(ready, "sale") == {"opted-out-sale"}, "nobody withdrew a consent"


def test_who_objects_or_opts_out_withdrew_no_consent(ready: Engine) -> None:
    objects = ready.dsr.open("objection", {"email": MARY}, by="dora", purposes=["news"])
    ready.dsr.verify_identity(objects.id, "seen", by="dora")
    assert ready.dsr.fulfil(objects.id, by="dora").verified == ("objected to news: no agent acts for it",)
    limits = ready.dsr.open("limit", {"email": MARY}, law="ccpa", by="dora", purposes=["scoring"])
    assert ready.dsr.fulfil(limits.id, by="dora").verified == ("opted out of scoring: no agent acts for it",)
    assert dict(ready.consent.view(MARY).standings) == {
        "news": Standing.OBJECTED,
        "scoring": Standing.OPTED_OUT,
    }
    assert (reasons(ready, "news"), reasons(ready, "scoring")) == ({"objected"}, {"opted-out"})
    assert (reasons(ready, " News"), reasons(ready, "SCORING")) == ({"objected"}, {"opted-out"}), (
        "no spelling evades"
    )
    give(ready, "news")  # who consents afterwards has said so
    assert "objected" not in reasons(ready, "news")
    kinds = [one["kind"] for one in entries(ready) if one["kind"].startswith("consent.")]
    assert kinds == ["consent.objected/1", "consent.opted-out/1", "consent.given/1"]

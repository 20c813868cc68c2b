"""The guide's governance structure."""

import pytest

from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import REVIEW_PERMISSION, Person, PlaneRole, may
from ephor.rooms.approvals.bodies import BODIES, owner_of, seat


def test_the_guides_five_bodies_from_the_top():
    assert [body.name for body in BODIES] == [
        "Executive Oversight",
        "AI Ethics Committee",
        "Model Governance",
        "Data Governance",
        "Operations Governance",
    ]
    assert [body.reports_to for body in BODIES] == [None, "executive-oversight", *["ai-ethics-committee"] * 3]
    assert all(body.mandate and body.seats for body in BODIES)


@pytest.mark.parametrize("review", list(ReviewType))
def test_every_review_has_one_owner_with_somebody_who_may_give_it(review):
    assert [body for body in BODIES if review in body.reviews] == [owner_of(review)]
    assert any(may(Person("x", "X", (role,)), REVIEW_PERMISSION[review]) for role in owner_of(review).seats)


def test_members_are_whoever_holds_a_seat_by_id():
    people = [
        Person("zoe", "Zoe", (PlaneRole.LEGAL_REVIEWER, PlaneRole.EXECUTIVE)),
        Person("eti", "Eti", (PlaneRole.ETHICS_REVIEWER,)),
        Person("eve", "Eve", (PlaneRole.ENGINEER,)),
    ]
    members = {one.body.id: one.members for one in seat(people)}
    assert members["ai-ethics-committee"] == ("eti", "zoe")
    assert members["executive-oversight"] == ("zoe",)
    assert members["data-governance"] == ()

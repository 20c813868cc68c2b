"""Bodies change: who sits on them matters for the reviews they own, and all of it is recorded."""

import pytest

from conftest import populate
from ephor.edges.sdk import Plane
from ephor.kernel.errors import ConflictError, InvalidInputError, NotFoundError, NotPermittedError
from ephor.kernel.vocabulary import ReviewType
from ephor.rooms.access.people import PlaneRole
from ephor.rooms.approvals.request import RequestStatus, Verdict
from sample_plane import ID, REVIEWERS, entries, manifest, ready, size

OPS, DATA = "operations-governance", "data-governance"
SECURITY = ReviewType.SECURITY


@pytest.fixture
def plane(world):
    return populate(Plane(world))


def asked(plane):
    plane.agents.register(manifest(roles=("customer_service_agent",)), by="eve")
    return plane.approvals.request(ID, "first release", by="eve")


def test_until_somebody_is_named_roles_decide_who_sits(plane):
    one = plane.bodies.show(DATA)
    assert (one.by_role, one.members, one.unanswerable) == (True, ("dora", "pia"), ())
    plane.access.add_person("pip", "Pip", [PlaneRole.PRIVACY_REVIEWER], by="ada")
    assert plane.bodies.show(DATA).members == ("dora", "pia", "pip")


def test_whoever_is_taken_off_gives_the_bodys_reviews_no_more_and_whoever_is_seated_does(plane):
    plane.access.add_person("sue", "Sue", [PlaneRole.SECURITY_REVIEWER], by="ada")
    request = asked(plane)
    left = plane.bodies.remove(OPS, "sam", by="max")
    assert (left.by_role, "sam" in left.members, "sue" in left.members) == (False, False, True)
    with pytest.raises(NotPermittedError, match="does not sit on Operations Governance"):
        plane.approvals.submit_review(request.id, SECURITY, Verdict.APPROVE, by="sam")
    assert {one.review: one.people for one in plane.approvals.due()}[SECURITY] == ("sue",)
    plane.access.add_person("sol", "Sol", [PlaneRole.SECURITY_REVIEWER], by="ada")
    with pytest.raises(NotPermittedError):  # the role alone does not seat anybody where members are named
        plane.approvals.submit_review(request.id, SECURITY, Verdict.APPROVE, by="sol")
    plane.bodies.add(OPS, "sol", by="ada")
    plane.approvals.submit_review(request.id, SECURITY, Verdict.APPROVE, by="sol")
    assert [one.review for one in plane.approvals.due()] == [ReviewType.PRIVACY]


def test_a_seat_without_the_role_gives_no_review(plane):
    request = asked(plane)
    plane.bodies.add(OPS, "pia", by="ada")
    with pytest.raises(NotPermittedError, match="reviews:security"):
        plane.approvals.submit_review(request.id, SECURITY, Verdict.APPROVE, by="pia")


def test_the_last_one_to_go_leaves_reviews_that_nobody_may_give_and_it_is_said(plane):
    request = asked(plane)
    plane.bodies.remove(DATA, "dora", by="ada")
    left = plane.bodies.remove(DATA, "pia", by="ada")
    assert (left.members, left.unanswerable) == ((), (ReviewType.PRIVACY,))
    assert entries(plane, "body.member-removed/1")[-1]["metadata"]["unanswerable"] == ["privacy"]
    assert {one.review: one.people for one in plane.approvals.due()}[ReviewType.PRIVACY] == ()
    for type in (ReviewType.PRIVACY,):
        with pytest.raises(NotPermittedError, match="on it sits: nobody"):
            plane.approvals.submit_review(request.id, type, Verdict.APPROVE, by=REVIEWERS[type])
    assert plane.approvals.show(request.id).status is RequestStatus.PENDING
    assert plane.bodies.by_role(DATA, by="ada").members == ("dora", "pia")


def test_nobody_seats_themselves_by_name_or_by_going_back_to_roles(plane):
    plane.access.add_person("amy", "Amy", [PlaneRole.ADMINISTRATOR, PlaneRole.SECURITY_REVIEWER], by="ada")
    assert "amy" in plane.bodies.remove(OPS, "sam", by="amy").members  # she sat there by role before
    plane.bodies.remove(OPS, "amy", by="ada")
    with pytest.raises(NotPermittedError, match="cannot seat `amy`"):
        plane.bodies.add(OPS, "amy", by="amy")
    with pytest.raises(NotPermittedError, match="cannot see to that alone"):
        plane.bodies.by_role(OPS, by="amy")
    assert "amy" in plane.bodies.by_role(OPS, by="ada").members


def test_only_administrators_and_executives_change_bodies_and_nothing_is_recorded_of_what_is_refused(plane):
    before = size(plane)
    for attempt in (
        lambda: plane.bodies.add(DATA, "sam", by="eve"),
        lambda: plane.bodies.remove(DATA, "pia", by="pia"),
        lambda: plane.bodies.mandate(DATA, ["all"], by="sam"),
    ):
        with pytest.raises(NotPermittedError, match="bodies:write"):
            attempt()
    with pytest.raises(NotFoundError, match="no body"):
        plane.bodies.add("board", "sam", by="ada")
    with pytest.raises(NotFoundError):
        plane.bodies.add(DATA, "ghost", by="ada")
    with pytest.raises(ConflictError, match="does not sit"):
        plane.bodies.remove(DATA, "sam", by="ada")
    with pytest.raises(ConflictError, match="already"):
        plane.bodies.by_role(DATA, by="ada")
    assert size(plane) == before


def test_a_mandate_is_changed_and_goes_back_and_members_stay(plane):
    plane.bodies.add(DATA, "sam", by="max")
    one = plane.bodies.mandate(DATA, ["data catalogue", " vendors "], by="max")
    assert (one.body.mandate, one.members) == (("data catalogue", "vendors"), ("dora", "pia", "sam"))
    with pytest.raises(ConflictError):
        plane.bodies.mandate(DATA, ["data catalogue", "vendors"], by="max")
    with pytest.raises(InvalidInputError):
        plane.bodies.mandate(DATA, [" "], by="max")
    assert plane.bodies.mandate(DATA, [], by="ada").body.mandate[-1] == "retention"
    assert [one["actor"] for one in entries(plane, "body.mandate-changed/1")] == ["person:max", "person:ada"]


def test_who_leaves_the_plane_leaves_the_body_and_does_not_come_back_to_it_under_the_same_name(plane):
    plane.bodies.add(DATA, "sam", by="ada")
    plane.access.remove_person("sam", "left", by="ada")
    plane.access.add_person("sam", "Another Sam", [PlaneRole.SECURITY_REVIEWER], by="ada")
    assert plane.bodies.show(DATA).members == ("dora", "pia")


def test_bodies_and_reviews_hold_together_up_to_an_approval(plane):
    plane.bodies.mandate(OPS, ["everything that runs"], by="max")
    assert ready(plane).agents.show(ID).approval


def test_a_person_is_named_by_account_or_by_name_and_two_of_one_name_are_asked_about(plane):
    plane.access.add_person("sue", "Sue Storm", [PlaneRole.SECURITY_REVIEWER], by="ada")
    plane.access.add_person("sue2", "Sue Storm", [PlaneRole.SECURITY_REVIEWER], by="ada")
    plane.access.add_person("gus", "Gus  Grissom", [PlaneRole.PRIVACY_REVIEWER], by="ada")
    assert "gus" in plane.bodies.add(DATA, "gus grissom", by="ada").members
    assert entries(plane, "body.member-added/1")[-1]["metadata"]["person"] == "gus"
    assert plane.bodies.meant("GUS GRISSOM").id == "gus"
    with pytest.raises(ConflictError, match="`sue`, `sue2`; name one by the account"):
        plane.bodies.add(OPS, "Sue Storm", by="ada")
    with pytest.raises(NotFoundError, match=r"nobody is called `Sid`; there are .*`gus` "):
        plane.bodies.add(OPS, "Sid", by="ada")
    assert "gus" not in plane.bodies.remove(DATA, "Gus Grissom", by="ada").members

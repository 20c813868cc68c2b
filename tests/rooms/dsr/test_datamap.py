"""The data map is read strictly: what would change an erasure and is not supported is refused."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.datamap import Name, is_under, parse_map
from ephor.rooms.dsr.route import plan_route
from sample_shop import field, refers, shop_map

FIDES = {  # the shape that Fides' own examples have, with the keys that only describe
    "dataset": [
        {
            "fides_key": "example",
            "organization_fides_key": "default",
            "name": "Example",
            "description": "a dataset",
            "meta": None,
            "collections": [
                {
                    "name": "customer",
                    "description": None,
                    "data_categories": [],
                    "fides_meta": {"after": ["example.address"]},
                    "fields": [
                        {
                            "name": "email",
                            "data_categories": ["user.contact.email"],
                            "fides_meta": {"identity": "email", "data_type": "string"},
                        },
                        {
                            "name": "id",
                            "data_categories": ["user.unique_id"],
                            "fidesops_meta": {"primary_key": True},
                        },
                        {
                            "name": "address_id",
                            "data_categories": ["system.operations"],
                            "fides_meta": {
                                "references": [
                                    {"dataset": "example", "field": "address.id", "direction": "to"}
                                ]
                            },
                        },
                    ],
                },
                {
                    "name": "address",
                    "fields": [
                        {
                            "name": "id",
                            "data_categories": ["system.operations"],
                            "fides_meta": {"primary_key": True},
                        },
                    ],
                },
            ],
        }
    ]
}


def test_a_map_as_fides_writes_it_is_accepted_as_it_is() -> None:
    read = parse_map(FIDES)
    customer = read.get("example.customer")
    assert customer.is_personal
    assert customer.categories == ("system.operations", "user.contact.email", "user.unique_id")
    assert [one.name for one in customer.fields if one.primary_key] == ["id"]
    assert plan_route(read, ["email"]).reached == (Name("example", "customer"), Name("example", "address"))


def test_what_fides_says_and_changes_no_answer_is_read_over() -> None:
    given: Any = copy.deepcopy(FIDES)
    given["dataset"][0]["fides_meta"] = {"after": ["other"], "namespace": {"project_id": "p"}}
    [one, *_] = given["dataset"][0]["collections"]
    one["fides_meta"] = {
        "skip_processing": False,
        "partitioning": {"field": "created"},
        "after": ["example.address"],
    }
    one["fields"].append(
        {"name": "owners", "fides_meta": {"data_type": "string[]", "return_all_elements": True}}
    )
    assert parse_map(given).get(f"example.{one['name']}").fields[-1].many
    one["fides_meta"]["skip_processing"] = True
    with pytest.raises(InvalidInputError, match="skip_processing"):
        parse_map(given)


Change = tuple[tuple[str | int, ...], object]
FIRST = ("dataset", 0, "collections", 0)


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ((), {}),
        (("dataset",), "shop"),
        (("dataset",), [1]),
        (("datasets",), []),
        (("dataset", 0, "fides_key"), "a.b"),
        (("dataset", 0, "fides_key"), None),
        (("dataset", 0, "collections"), []),
        ((*FIRST, "fides_meta"), {"skip_processing": True}),
        ((*FIRST, "fides_meta"), {"erase_after": ["shop.nothing"]}),
        ((*FIRST, "fides_meta"), "x"),
        ((*FIRST, "name"), "orders"),
        ((*FIRST, "fields", 0, "name"), "email"),
        ((*FIRST, "fields", 0, "name"), "a\0b"),
        ((*FIRST, "fields", 0, "fields"), [{"name": "nested"}]),
        ((*FIRST, "fields", 0, "data_categories"), "user.name"),
        ((*FIRST, "fields", 0, "fides_meta"), {"primary_key": "yes"}),
        ((*FIRST, "fields", 0, "fides_meta"), {"masking_strategy_override": {"strategy": "aes_encrypt"}}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("nothing.id")}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("addresses.nothing")}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("addresses.id", dataset="other")}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("addresses.id", "sideways")}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("addresses")}),
        ((*FIRST, "fields", 0, "fides_meta"), {"references": refers("addresses.geo.lat")}),
    ],
)
def test_a_map_that_cannot_be_followed_to_the_letter_is_refused(
    where: tuple[Any, ...], value: object
) -> None:
    given: Any = copy.deepcopy(dict(shop_map()))
    if not where:
        given = value
    else:
        place = given
        for part in where[:-1]:
            place = place[part]
        place[where[-1]] = value
    with pytest.raises(InvalidInputError):
        parse_map(given)


def test_categories_match_by_segment() -> None:
    assert is_under("user.contact.email", "user")
    assert not is_under("username", "user")


def mapped(*collections: dict[str, Any]) -> Any:
    return parse_map({"dataset": [{"fides_key": "d", "collections": list(collections)}]})


def named(names: tuple[Name, ...]) -> list[str]:
    return [one.collection for one in names]


PEOPLE = {
    "name": "people",
    "fields": [field("id", primary_key=True), field("email", "user.contact.email", identity="email")],
}


def test_circles_of_references_end() -> None:
    ring = [
        {
            "name": one,
            "fields": [
                field("id", primary_key=True),
                field("next", references=refers(f"{other}.id", "to", "d")),
            ],
        }
        for one, other in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    start = {
        "name": "people",
        "fields": [*PEOPLE["fields"], field("a_id", references=refers("a.id", "to", "d"))],
    }
    assert named(plan_route(mapped(start, *ring), ["email"]).reached) == ["people", "a", "b", "c"]


def test_up_and_down_again_takes_a_direction() -> None:
    start = {
        "name": "people",
        "fields": [*PEOPLE["fields"], field("home", references=refers("homes.id", None, "d"))],
    }
    homes = {"name": "homes", "fields": [field("id", primary_key=True)]}
    for direction, reached in ((None, ["people", "homes"]), ("from", ["people", "homes", "pets"])):
        pets = {
            "name": "pets",
            "fields": [
                field("id", primary_key=True),
                field("home", references=refers("homes.id", direction, "d")),
            ],
        }
        route = plan_route(mapped(start, homes, pets), ["email"])
        assert named(route.reached) == reached
        assert named(route.unreachable) == [name for name in ("pets",) if name not in reached]


def test_nobody_is_climbed_to_where_people_are_identified() -> None:
    messages = {
        "name": "messages",
        "fields": [
            field("id", primary_key=True),
            field("sender", references=refers("people.id", "from", "d")),
            field("recipient", references=refers("people.id", "to", "d")),
        ],
    }
    route = plan_route(mapped(PEOPLE, messages), ["email"])
    [up] = [edge for edge in route.edges if edge.climbs]
    assert route.follow(up, climbed=False) is None


def test_an_identity_that_the_map_does_not_carry_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="it has: email"):
        plan_route(mapped(PEOPLE), ["email", "phone"])

"""What a request must say when it is opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError
from ephor.rooms.dsr.rights import Fulfilment, Right, fulfilment_of
from ephor.rooms.dsr.store import Value

_EXAMPLES = {Right.OPT_OUT: "sale --purpose sharing", Right.LIMIT: "sensitive_use"}
"""What the rights of California name (Cal. Civ. Code 1798.120, .121); such words count whatever a purpose is called."""


def check_opening(
    right: Right, identities: Mapping[str, str], purposes: Sequence[str], corrections: Mapping[str, Value]
) -> None:
    """Check that the request says whom it is about and, where the right takes it, what is wanted.

    Raises:
        InvalidInputError: it does not, or it says something that its right has no use for.
    """
    if not identities:
        raise InvalidInputError(
            "a request names its data subject; add an identity, for example `email=mary@example.org`"
        )
    for kind, value in identities.items():
        ids.name(kind, "a kind of identity")
        if not value.strip() or len(value) > 500 or "\0" in value:
            raise InvalidInputError(f"the identity `{kind}` is empty, too long, or holds a NUL", kind=kind)
    way = fulfilment_of(right)
    if (way is Fulfilment.STOP_PURPOSES) != bool(purposes):
        example = _EXAMPLES.get(right, "newsletter")
        what = (
            f"names the purposes it is about; add one, for example `--purpose {example}`"
            if way is Fulfilment.STOP_PURPOSES
            else "takes no purpose"
        )
        raise InvalidInputError(f"a request for {right} {what}")
    for purpose in purposes:
        ids.name(purpose, "a purpose")
    if (way is Fulfilment.CORRECT) != bool(corrections):
        what = (
            "names what is to be corrected; add a field and its value, for example `--set shop.customers.phone=…`"
            if way is Fulfilment.CORRECT
            else "corrects nothing"
        )
        raise InvalidInputError(f"a request for {right} {what}")
    by_collection(corrections)


def by_collection(
    corrections: Mapping[str, Value], known: Sequence[str] = ()
) -> Mapping[str, Mapping[str, Value]]:
    """Return corrections by collection: ``shop.customers.phone`` is a field of ``shop.customers``.

    A collection with a dot in its name is told by the names that are *known*.

    >>> by_collection({"shop.customers.phone": "1", "shop.orders.who.mail": "2"})
    {'shop.customers': {'phone': '1'}, 'shop.orders': {'who.mail': '2'}}

    Raises:
        InvalidInputError: a path without dataset, collection and field.
    """
    grouped: dict[str, dict[str, Value]] = {}
    for path, value in corrections.items():
        first = ".".join(path.split(".")[:2])
        collection = max((one for one in known if path.startswith(f"{one}.")), key=len, default=first)
        name = path[len(collection) + 1 :]
        if not name or not all(collection.partition(".")):
            raise InvalidInputError(f"`{path[:80]}` is no field; write `dataset.collection.field`")
        grouped.setdefault(collection, {})[name] = value
    return grouped

"""Reading a record of processing from what a file says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from ephor.kernel import ids
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import word
from ephor.rooms.ropa.record import Contact, LegalBasis, Part, ProcessingRecord, Safeguard, Transfer

_KNOWN = {one.name for one in fields(ProcessingRecord)} - {"version"}


def parse_record(given: Mapping[str, object]) -> ProcessingRecord:
    """Return the record that a mapping describes; what it does not say stays unsaid.

    Raises:
        InvalidInputError: no id, a field nobody knows, or a value of the wrong shape.
    """
    if unknown := sorted(set(map(str, given)) - _KNOWN):
        raise InvalidInputError(
            f"a record of processing has no field {_ticks(unknown)}; it has {_ticks(sorted(_KNOWN))}"
        )
    basis = given.get("legal_basis")
    return ProcessingRecord(
        id=ids.name(given.get("id"), "a processing activity"),
        name=_text(given, "name"),
        part=word(Part, _text(given, "part") or Part.CONTROLLER.value, "part"),
        controller=_contact(given, "controller"),
        joint_controllers=tuple(
            _as_contact(one, "joint_controllers") for one in _list(given, "joint_controllers")
        ),
        representative=_contact(given, "representative"),
        processor=_contact(given, "processor"),
        dpo=_contact(given, "dpo"),
        no_dpo_because=_text(given, "no_dpo_because"),
        purposes=_texts(given, "purposes"),
        subjects=_texts(given, "subjects"),
        categories=_texts(given, "categories"),
        special_categories=_texts(given, "special_categories"),
        special_condition=_text(given, "special_condition"),
        recipients=None if given.get("recipients") is None else _texts(given, "recipients"),
        transfers=None
        if given.get("transfers") is None
        else tuple(_transfer(one) for one in _list(given, "transfers")),
        erasure=None if given.get("erasure") is None else _limits(given["erasure"]),
        measures=_texts(given, "measures"),
        legal_basis=None if basis is None else word(LegalBasis, str(basis), "legal basis"),
        basis_details=_text(given, "basis_details"),
        automated_decisions=_truth(given, "automated_decisions"),
        agents=tuple(ids.name(one, "an agent") for one in _texts(given, "agents")),
    )


def _text(given: Mapping[str, object], key: str) -> str:
    value = given.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise InvalidInputError(f"`{key}` is not text")
    return value.strip()


def _list(given: Mapping[str, object], key: str) -> Sequence[object]:
    value = given.get(key)
    if value is None:
        return ()
    if not isinstance(value, list | tuple):
        raise InvalidInputError(f"`{key}` is not a list")
    return value


def _texts(given: Mapping[str, object], key: str) -> tuple[str, ...]:
    parts = _list(given, key)
    if not all(isinstance(one, str) and one.strip() for one in parts):
        raise InvalidInputError(f"`{key}` holds something that is not text, or empty text")
    return tuple(str(one).strip() for one in parts)


def _truth(given: Mapping[str, object], key: str) -> bool | None:
    value = given.get(key)
    if value is None or isinstance(value, bool):
        return value
    raise InvalidInputError(f"`{key}` is neither true nor false")


def _contact(given: Mapping[str, object], key: str) -> Contact | None:
    return None if given.get(key) is None else _as_contact(given[key], key)


def _as_contact(value: object, key: str) -> Contact:
    if not isinstance(value, Mapping) or set(value) - {"name", "contact"}:
        raise InvalidInputError(f"`{key}` is not a contact; write `{{name: …, contact: …}}`")
    return Contact(_text(value, "name"), _text(value, "contact"))


def _transfer(value: object) -> Transfer:
    if not isinstance(value, Mapping) or set(value) - {"country", "safeguard", "documentation"}:
        raise InvalidInputError("a transfer is written `{country: …, safeguard: …, documentation: …}`")
    if not (country := _text(value, "country")):
        raise InvalidInputError("a transfer names its country or organisation; add `country`")
    return Transfer(
        country, word(Safeguard, _text(value, "safeguard"), "safeguard"), _text(value, "documentation")
    )


def _limits(value: object) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(
        isinstance(part, str) for pair in value.items() for part in pair
    ):
        raise InvalidInputError("`erasure` is not a mapping from categories of data to time limits in words")
    return {str(category): str(limit) for category, limit in value.items() if limit.strip()}


def _ticks(words: Sequence[str]) -> str:
    return ", ".join(f"`{one[:80]}`" for one in words)

"""Manifests from the bytes of a file: strict YAML, checked against the published JSON Schema, every fault listed at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, TypeAlias

import orjson

from ephor.adapters import strict_yaml
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase
from ephor.rooms.agents.check import Problem, problems, refuse
from ephor.rooms.agents.manifest import (
    Argument,
    ArgumentType,
    AskRule,
    DataStore,
    DataUse,
    Disclosure,
    Fact,
    Manifest,
    OperatorRole,
    Oversight,
    Tool,
)

Invalid: TypeAlias = Any
"""A `jsonschema.ValidationError`; its own types say "or unset" of every field."""

MOST_PROBLEMS = 100
"""Faults listed for one file; a file with more is something else than a manifest."""
_SHOWN = 60

_KINDS: Mapping[type, str] = {
    str: "text",
    int: "a whole number",
    bool: "true or false",
    list: "a list",
    dict: "a mapping",
    type(None): "nothing",
}


def read_manifest(data: bytes, where: str) -> Manifest:
    """Return the manifest in *data*; *where* names the file in errors.

    ``NO`` is Norway, quoted or not. Whether its people, roles and permissions exist is asked when it is registered.

    Raises:
        InvalidInputError: not YAML, not a manifest, or one that contradicts itself; the message lists every fault with
            its line and path and what to write instead, and so does ``problems`` among the error's facts.
    """
    try:
        document, lines = strict_yaml.read(data), strict_yaml.lines(data)
    except InvalidInputError as error:
        raise InvalidInputError(f"`{where}`: {error}", **error.facts) from error
    if not isinstance(document, dict):
        kind = "is empty" if document is None else f"holds {_KINDS[type(document)]} at its top"
        raise InvalidInputError(
            f"`{where}` {kind}; write `key: value` lines, beginning with `schema: ephor/1`"
        )
    refuse(f"`{where}`", islice(_faults(document), MOST_PROBLEMS), lines)
    manifest = _manifest(document)
    refuse(f"`{where}`", islice(problems(manifest), MOST_PROBLEMS), lines)
    return manifest


def schema() -> Mapping[str, Any]:
    """Return the published JSON Schema (draft 2020-12) of a manifest."""
    read: dict[str, Any] = orjson.loads(
        files("ephor.packs").joinpath("manifest", "manifest.schema.json").read_bytes()
    )
    return read


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, validators  # noqa: PLC0415 - costs 100 ms; not on `import ephor`

    extend: Any = validators.extend  # the stubs leave it untyped
    strict = extend(Draft202012Validator, {"pattern": _whole_pattern})
    return strict(schema())


def _whole_pattern(_validator: Any, pattern: str, value: object, _schema: object) -> Iterator[Invalid]:
    """Match like ECMA-262 does, where ``$`` is the very end: Python's also matches before a last line feed."""
    from jsonschema.exceptions import ValidationError  # noqa: PLC0415 - as above

    if isinstance(value, str) and not re.fullmatch(pattern, value):
        yield ValidationError("does not match")


def _faults(document: dict[str, Any]) -> Iterator[Problem]:
    for error in _validator().iter_errors(document):
        yield from _explain(error)


def _explain(error: Invalid) -> Iterator[Problem]:
    path = list(error.absolute_path)
    if error.validator == "additionalProperties":
        yield from _unknown_keys(error, path)
    elif error.validator == "required":
        yield from _missing_keys(error, path)
    else:
        yield Problem(strict_yaml.place(path), f"{_fault(error)}; write {_instead(error)}")


def _unknown_keys(error: Invalid, path: list[str | int]) -> Iterator[Problem]:
    known = list(error.schema["properties"])
    for key in error.instance:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            advice = f"did you mean `{near[0]}`?" if near else f"use one of: {', '.join(known)}"
            yield Problem(strict_yaml.place([*path, key]), f"unknown key {_quoted(key)}; {advice}")


def _missing_keys(error: Invalid, path: list[str | int]) -> Iterator[Problem]:
    """jsonschema reports each missing key by its own error, which names the key only in prose: find it again."""
    for key in error.validator_value:
        if key not in error.instance and error.message.startswith(repr(key)):
            write = error.schema["properties"][key]["x-write"]
            yield Problem(strict_yaml.place(path), f"`{key}` is missing; write {write}")


def _fault(error: Invalid) -> str:
    value, rule = error.instance, error.validator
    if value is None:
        return "nothing is written here"
    if rule in ("type", "enum", "const") and not isinstance(value, str):
        return f"{_quoted(value)} is {_KINDS[type(value)]}"
    if rule == "type":
        return f"{_quoted(value)} is text"
    if rule in ("minLength", "minItems"):
        return "nothing is written here"
    if rule in ("maxLength", "maxItems"):
        what = "characters" if rule == "maxLength" else "items"
        return f"{_quoted(value)} has {len(value)} {what}, and at most {error.validator_value} fit"
    if rule in ("minimum", "maximum"):
        return f"{_quoted(value)} is {'less' if rule == 'minimum' else 'more'} than {error.validator_value}"
    return f"{_quoted(value)} does not fit here"


def _instead(error: Invalid) -> str:
    write = str(error.schema["x-write"])
    if error.validator == "enum" and isinstance(error.instance, str):
        near = difflib.get_close_matches(error.instance.lower(), error.validator_value, 1)
        listed = ", ".join(error.validator_value)
        return f"`{near[0]}`, or another of: {listed}" if near else f"one of: {listed}"
    return write


def _quoted(value: object) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    text = " ".join(text.split())
    return f"`{text if len(text) <= _SHOWN else text[:_SHOWN] + '…'}`"


def _manifest(document: Mapping[str, Any]) -> Manifest:
    oversight, disclosure = document.get("oversight"), document.get("disclosure")
    return Manifest(
        id=document["id"],
        name=document["name"],
        owner=document["owner"],
        purpose=document["purpose"],
        use_case=UseCase(document["use_case"]),
        operator_role=OperatorRole(document["operator_role"]),
        autonomy=document["autonomy"],
        data=_data(document["data"]),
        tools=tuple(_tool(one) for one in document["tools"]),
        models=_words(document, "models"),
        roles=_words(document, "roles"),
        data_stores=tuple(DataStore(**one) for one in document.get("data_stores", ())),
        jurisdictions=_words(document, "jurisdictions"),
        oversight=Oversight(**{**oversight, "people": _words(oversight, "people")}) if oversight else None,
        disclosure=Disclosure(**disclosure) if disclosure else None,
        facts={key: _fact(value) for key, value in document.get("facts", {}).items()},
    )


def _data(part: Mapping[str, Any]) -> DataUse:
    return DataUse(Sensitivity(part["sensitivity"]), _words(part, "categories"), _words(part, "subjects"))


def _tool(part: Mapping[str, Any]) -> Tool:
    return Tool(
        name=part["name"],
        effect=Effect(part["effect"]),
        sensitivity=Sensitivity(part["sensitivity"]),
        description=part.get("description", ""),
        data=_words(part, "data"),
        permissions=_words(part, "permissions"),
        reveals=_words(part, "reveals"),
        ask=tuple(AskRule(**one) for one in part.get("ask", ())),
        masks=_words(part, "masks"),
        arguments=tuple(
            Argument(name, ArgumentType(type)) for name, type in sorted(part.get("arguments", {}).items())
        ),
    )


def _words(part: Mapping[str, Any], key: str) -> tuple[str, ...]:
    return tuple(part.get(key, ()))


def _fact(value: Any) -> Fact:
    return tuple(value) if isinstance(value, list) else value

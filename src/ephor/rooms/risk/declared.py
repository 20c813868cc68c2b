"""From an agent's manifest to the profile its risk is assessed by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ephor.kernel.truth import Truth
from ephor.kernel.vocabulary import Effect, Sensitivity, UseCase, word
from ephor.rooms.agents.manifest import Fact, Manifest, Tool
from ephor.rooms.risk.categories import NOBODY, PERMISSION_KINDS, RANKING, kinds_of
from ephor.rooms.risk.profile import DataKind, Influence, Profile, ToolUse


def profile_of(manifest: Manifest) -> Profile:
    """Return what the manifest states about risk; the order in which it lists things changes nothing.

    A fact left out of ``facts`` is *false* or *none* only where ``complete: true`` says that nothing was left out.

    Raises:
        InvalidInputError: ``decision_influence`` is not one of its four words.
    """
    tools = tuple(sorted((_tool_use(tool) for tool in manifest.tools), key=lambda tool: tool.name))
    words = sorted({*manifest.data.categories, *(one for tool in manifest.tools for one in tool.data)})
    subjects = _subjects(manifest)
    oversight, disclosure = manifest.oversight, manifest.disclosure
    return Profile(
        agent=manifest.id,
        use_case=manifest.use_case,
        autonomy=manifest.autonomy,
        sensitivity=max([manifest.data.sensitivity, *(tool.sensitivity for tool in tools)]),
        tools=tools,
        data=_ordered([*_stated_kinds(manifest, words), *(kind for tool in tools for kind in tool.data)]),
        described=bool(words),
        unrecognised=tuple(text for text in words if kinds_of(text) is None),
        subjects=subjects,
        models=len(manifest.models),
        domain=_text(manifest, "domain"),
        influence=_influence(manifest),
        profiling=_truth(manifest, "profiling"),
        interacts=_truth(manifest, "interacts_with_persons"),
        safety_component=_truth(manifest, "safety_component"),
        discloses=None if disclosure is None else disclosure.tells_people,
        overseen=None if oversight is None else bool(oversight.people),
        stoppable=None if oversight is None else bool(oversight.stop.strip()),
        biometric=_text(manifest, "biometric") or "",
        capabilities=_words(manifest.facts.get("capabilities")),
        generates=_words(manifest.facts.get("generates")),
    )


def _tool_use(tool: Tool) -> ToolUse:
    middles = [permission.split(":")[1] for permission in tool.permissions if permission.startswith("data:")]
    kinds = [kind for text in tool.data for kind in kinds_of(text) or ()]
    kinds += [kind for middle in middles for kind in PERMISSION_KINDS.get(middle, ())]
    return ToolUse(
        name=tool.name,
        effect=tool.effect,
        sensitivity=tool.sensitivity,
        data=_ordered([*kinds, *([DataKind.PERSONAL] if tool.reveals else [])]),
        asks=bool(tool.ask),
        unmasked=bool(tool.reveals),
        powerful="tool:filesystem:execute" in tool.permissions and tool.effect > Effect.READ,
        untrusted="tool:web_search:execute" in tool.permissions,
        delegates=any(permission.startswith("agent:") for permission in tool.permissions),
    )


def _stated_kinds(manifest: Manifest, words: Sequence[str]) -> list[DataKind]:
    """Data about named groups of people is personal, unless it is public and every category is about things."""
    found = [kinds_of(text) for text in words]
    kinds = [kind for one in found for kind in one or ()]
    about_things = bool(found) and all(one == () for one in found)
    harmless = about_things and manifest.data.sensitivity is Sensitivity.PUBLIC
    if set(manifest.data.subjects) - NOBODY and not harmless:
        kinds.append(DataKind.PERSONAL)
    return kinds


def _ordered(kinds: Iterable[DataKind]) -> tuple[DataKind, ...]:
    found = set(kinds)
    return tuple(kind for kind in DataKind if kind in found)


def _subjects(manifest: Manifest) -> tuple[str, ...] | None:
    named = {*manifest.data.subjects, *_words(manifest.facts.get("subjects"))}
    return tuple(sorted(named)) if named or _complete(manifest) else None


def _complete(manifest: Manifest) -> bool:
    return manifest.facts.get("complete") is True


def _truth(manifest: Manifest, fact: str) -> Truth:
    value = manifest.facts.get(fact)
    if isinstance(value, bool):
        return value
    return False if value is None and _complete(manifest) else None


def _text(manifest: Manifest, fact: str) -> str | None:
    value = manifest.facts.get(fact)
    if isinstance(value, str) and value:
        return value
    return "" if value is None and _complete(manifest) else None


def _influence(manifest: Manifest) -> Influence | None:
    """Silence is no answer where the function or the use case itself speaks of decisions about people."""
    stated = manifest.facts.get("decision_influence")
    if stated is not None:
        return word(Influence, str(stated), "decision influence")
    if manifest.facts.get("function") in RANKING:
        return Influence.MATERIAL
    return (
        Influence.NONE if _complete(manifest) and manifest.use_case is not UseCase.DECISION_SUPPORT else None
    )


def _words(value: Fact | None) -> tuple[str, ...]:
    if isinstance(value, str):
        return (value,)
    return tuple(sorted(value)) if isinstance(value, tuple) else ()

"""What a governed function is called, and how its arguments are named: as the function itself will see them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ephor.kernel.errors import InvalidInputError
from ephor.rooms.decisions.arguments import MAX_DEPTH


@dataclass(frozen=True, slots=True)
class Binding:
    """The arguments of one call, by name; a method's ``self`` is not one.

    Lists and mappings among them are copies: nobody can change between the decision and the tool what was decided on.
    """

    bound: inspect.BoundArguments
    itself: str | None
    arguments: Mapping[str, Any]

    def changed(self, arguments: Mapping[str, Any]) -> inspect.BoundArguments:
        """Return the call with other *arguments* of the same names."""
        bound = inspect.BoundArguments(self.bound.signature, self.bound.arguments.copy())
        for name in self.bound.arguments:
            kind = self.bound.signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                known = self.bound.arguments.keys()
                bound.arguments[name] = {key: part for key, part in arguments.items() if key not in known}
            elif name != self.itself:
                bound.arguments[name] = (
                    tuple(arguments[name]) if kind is inspect.Parameter.VAR_POSITIONAL else arguments[name]
                )
        return bound


def binder(
    function: Callable[..., Any], *, of_class: bool = False
) -> Callable[[tuple[Any, ...], dict[str, Any]], Binding]:
    """Return what names every argument, defaults included; with *of_class*, the first is the class."""
    signature = inspect.signature(function)
    first = next(iter(signature.parameters), None)
    itself = first if of_class or _is_method(function) else None

    def bind(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Binding:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        arguments: dict[str, Any] = {}
        seen: dict[int, Any] = {}
        for name, value in bound.arguments.items():
            kind = signature.parameters[name].kind
            if kind is inspect.Parameter.VAR_KEYWORD:
                if twice := sorted(value.keys() & arguments.keys()):
                    raise InvalidInputError(f"two arguments are called `{twice[0]}`; rename the tool's own")
                arguments.update({key: _own(part, seen) for key, part in value.items()})
            elif name != itself:
                part = list(value) if kind is inspect.Parameter.VAR_POSITIONAL else value
                arguments[name] = _own(part, seen)
        return Binding(bound, itself, arguments)

    return bind


def _own(value: Any, seen: dict[int, Any], room: int = MAX_DEPTH + 1) -> Any:
    """Return a copy of lists and mappings, all the way down; what is deeper than a call may be is left for it to refuse."""
    if not isinstance(value, list | tuple | Mapping) or room <= 0:
        return value
    if id(value) in seen:
        return seen[id(value)][0]
    if isinstance(value, Mapping):
        copy: Any = {}
        seen[id(value)] = copy, value  # the original too, so that nothing else gets its id meanwhile
        copy.update({key: _own(part, seen, room - 1) for key, part in value.items()})
        return copy
    parts: list[Any] = []
    seen[id(value)] = parts, value
    parts.extend(_own(part, seen, room - 1) for part in value)
    if type(value) is tuple:
        seen[id(value)] = tuple(parts), value
    return seen[id(value)][0]


def name_of(function: Callable[..., Any], tool: str | None) -> str:
    """Return the tool's name.

    Raises:
        InvalidInputError: there is none, or nothing that can be called.
    """
    name = tool or getattr(function, "__name__", None)
    if not isinstance(name, str):
        raise InvalidInputError(f"a {type(function).__name__} has no name; say which tool it is: `tool=`")
    if not callable(function):
        raise InvalidInputError(f"`{name}` cannot be called; put `governed` on the function itself")
    return name


def is_any(test: Callable[[Any], bool], function: Callable[..., Any]) -> bool:
    """Ask about the function itself, and about how an object that can be called answers."""
    return test(function) or test(getattr(type(function), "__call__", None))  # noqa: B004 - not whether it can be called, but how


def _is_method(function: Callable[..., Any]) -> bool:
    """Tell a function written in a class from one that merely calls its first argument ``self``."""
    if not inspect.isfunction(function):
        return False
    place, _, _ = function.__qualname__.rpartition(".")
    first = next(iter(inspect.signature(function).parameters), None)
    return bool(place) and not place.endswith("<locals>") and first in ("self", "cls")

"""What the guide names, taken out of its text: classes, fields, methods, words of its lists, rows of its tables, ticks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

_PYTHON = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_TICK = re.compile(r"^- \[ \] (.+)$", re.MULTILINE)
_ROW = re.compile(r"^\| \*\*(.+?)\*\* \| (.+) \|$", re.MULTILINE)
_LISTED = ("requirements", "documentation_needed", "transparency_obligations")


def items(guide: str) -> list[str]:
    """Return every item of *guide*, each once, in its order."""
    found = [*_bodies(guide), *(one for block in _PYTHON.findall(guide) for one in _named(ast.parse(block)))]
    found += [_row(*row) for row in _ROW.findall(guide)] + _TICK.findall(guide)
    return list(dict.fromkeys(found))


def _row(name: str, rest: str) -> str:
    cells = rest.split(" | ")
    return f"{name} ({cells[-1]})" if len(cells) == 2 else name  # a document is updated at its own pace


def _bodies(guide: str) -> Iterator[str]:
    drawing = guide.partition("```\n┌")[2].partition("```")[0]
    yield from re.findall(
        r"[A-Z][\w ]+ (?:Oversight|Committee|Governance)\b|Executive Oversight|AI Ethics Committee", drawing
    )
    yield from re.findall(r"- ([A-Z][a-z]+(?: [a-z]+)?)", drawing)


def _named(tree: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.ClassDef):
            yield node.name
            for part in node.body:
                yield from _part(node, part)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield from _constant(node.targets[0].id, node.value)


def _part(owner: ast.ClassDef, part: ast.stmt) -> Iterator[str]:
    if isinstance(part, ast.FunctionDef) and part.name != "__init__":
        yield f"{owner.name}.{part.name}"
        for node in ast.walk(part):
            yield from _inside(owner.name, node)
    elif isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name):
        yield from _constant(f"{owner.name}.{part.target.id}", part.value)
    elif isinstance(part, ast.Assign) and isinstance(part.targets[0], ast.Name):
        if isinstance(part.value, ast.Constant):  # a member of an enumeration, known by its value
            yield f"{owner.name}.{part.value.value}"
        else:
            yield from _constant(f"{owner.name}.{part.targets[0].id}", part.value)


def _inside(owner: str, node: ast.AST) -> Iterator[str]:
    """Name what a method decides by: what it lists, which keys it reads, which requests it knows."""
    match node:
        case ast.keyword(arg=str(name), value=ast.List(elts=parts)) if name in _LISTED:
            yield from (f"{name}: {part.value}" for part in parts if isinstance(part, ast.Constant))
        case ast.Call(
            func=ast.Attribute(value=ast.Name(id="config" | "system_config"), attr="get"),
            args=[ast.Constant(value=key), *_],
        ):
            yield f"{owner} reads {key}"
        case ast.Compare(left=ast.Name(id="request_type"), comparators=[ast.Constant(value=right)]):
            yield f"{owner}.process_dsr: {right}"


def _constant(name: str, value: ast.expr | None) -> Iterator[str]:
    yield name
    keys = value.keys if isinstance(value, ast.Dict) else value.elts if isinstance(value, ast.List) else []
    for key in keys:
        if isinstance(key, ast.Constant):
            yield f"{name}: {key.value}"
        elif isinstance(key, ast.Attribute):
            yield f"{name}: {key.attr.lower()}"

"""Writes docs/reference/*.md from the code: `python3 dev.py run python docs/generate.py`.

A test holds the pages to what this prints, so a page cannot say what the code does not.
"""

from __future__ import annotations

import ast
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import typer

from ephor import settings
from ephor.adapters.packs import BundledPacks
from ephor.edges.cli.app import EXIT, app
from ephor.edges.cli.classify import stateable
from ephor.engine.regulation import AI_ACT
from ephor.kernel import errors
from ephor.rooms.access.people import GRANTS, PlanePermission, PlaneRole
from ephor.rooms.access.roles import STANDARD_ROLES, Permission
from ephor.rooms.decisions.codes import CODES
from ephor.rooms.ledger.kinds import AUDIT, GOVERNANCE, SIGNS
from ephor.rooms.policies.rule_schema import AGENT, ARGUMENT_TYPES, CONTEXT, TOOL, WORDS
from ephor.rooms.policies.rulings import REASONS

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py. Change the code, then run: python3 dev.py run python docs/generate.py -->"
SHARED = ("--json", "--database", "--as")
"""Options that mean the same wherever they appear; described once."""


def cli() -> str:
    """The page of commands."""
    parts = [
        "# Commands",
        "",
        "`ephor --help` and `ephor COMMAND --help` print the same. In a clone, write `python3 dev.py run ephor …`.",
        "",
        "Options that mean the same everywhere:",
        "",
        "- `--json` prints one JSON document on standard output; errors are one JSON line on standard error.",
        "- `--database URL` names the plane. Default: `$EPHOR_DATABASE`, else `sqlite:///ephor.db`.",
        "- `--as PERSON` says who acts. Default: `$EPHOR_PERSON`, else the name of your account.",
        "",
        "Exit codes: see [errors](errors.md).",
    ]
    root = typer.main.get_command(app)
    for words, command in sorted(_commands(root, ())):
        parts += [
            "",
            f"## ephor {' '.join(words)}",
            "",
            *_described(command.help or ""),
            "",
            *_usage(words, command),
        ]
    return _page(parts)


def _commands(node: Any, words: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    children = getattr(node, "commands", None)
    if children is None:
        yield words, node
        return
    if node.invoke_without_command and words:
        yield words, node
    for name, child in children.items():
        if getattr(child, "hidden", False):  # for Ephor's own processes
            continue
        yield from _commands(child, (*words, name))


def _described(text: str) -> list[str]:
    before, mark, example = inspect.cleandoc(text).partition("Example:")
    lines = [before.strip()]
    if mark:
        lines += ["", "```sh", " ".join(example.split()), "```"]
    return lines


def _usage(words: Sequence[str], command: Any) -> list[str]:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    options = [one for one in command.params if one.param_type_name == "option" and "--help" not in one.opts]
    shared = [name for name in SHARED if any(name in one.opts for one in options)]
    rows = [(_cell(f"`{_name(one)}`"), _cell(one.help or "")) for one in arguments]
    for one in options:
        if not set(one.opts) & set(SHARED):
            rows.append((_cell(f"`{_name(one)}`"), _cell(one.help or "") + _default(one)))
    lines = _table(("argument or option", "meaning"), rows) if rows else []
    if shared:
        lines += ["", f"Also takes {', '.join(f'`{one}`' for one in shared)}."]
    return lines or [f"`ephor {' '.join(words)}` takes nothing more."]


def _default(option: Any) -> str:
    """Say what an option must be, or is where nobody says, unless its help does."""
    if option.required:
        return " Required."
    said = isinstance(option.default, str | int) and not option.is_flag and option.default != ""
    return f" Default: {option.default}." if said and "Default" not in (option.help or "") else ""


def _name(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return str(parameter.metavar or parameter.name.upper())
    name = "/".join((*parameter.opts, *parameter.secondary_opts))
    if parameter.is_flag:
        return name
    return f"{name} {parameter.metavar or parameter.name.upper()}"


def manifest() -> str:
    """The page of the manifest's fields."""
    schema = json.loads(
        (files("ephor.packs") / "manifest" / "manifest.schema.json").read_text(encoding="utf-8")
    )
    rows = [
        (f"`{path}`", "yes" if required else "", _cell(said), _cell(write))
        for path, required, said, write in _fields(schema)
    ]
    return _page(
        [
            "# The manifest",
            "",
            "`ephor.yaml` says what an agent is. Its JSON Schema is `src/ephor/packs/manifest/manifest.schema.json`; keys that are",
            "unknown or stand twice are refused, and every fault is told with its line. Words are never guessed: `NO` is Norway.",
            "",
            "What is material, and so needs a new approval when it changes: everything but `name` and `tools[].description`.",
            "",
            "The words for `facts` are listed in [facts](facts.md), and by `ephor classify --facts`. `complete: true` says that a fact",
            f"left out is false, none or empty. {_least()} must be stated all the same: nothing is minimal by omission.",
            "",
            *_table(("key", "required", "what it says", "write"), rows),
        ]
    )


FACTS = """\
operator_role: deployer  # optional: only the obligations of this role
facts:
  complete: true  # a fact left out is false, none or empty
  function: faq
  domain: retail
  subjects: [customers]
  interacts_with_persons: true
  generates: [text]
"""


def facts() -> str:
    """The page of the words in which a system is described."""
    pack = BundledPacks().load(AI_ACT)
    parts = [
        "# Facts",
        "",
        "A system is classified by facts: under `facts:` in a manifest, or in a file of their own. These are the words of the pack",
        f"`{pack.identity.id}` {pack.identity.version}, in the order worth asking. `ephor classify --facts` prints the same.",
        "",
        "- A **text** is one word, a **list** any number of words in brackets, a **boolean** is true or false.",
        "- **open**: another word is kept, but nothing follows from it. Where it matters the class is `needs_review`.",
        "- **claim**: an exception that somebody must invoke. Unstated, it is not invoked: it could only ever lighten the answer.",
        "- A fact left out is unknown. With `complete: true` it is false, none or empty.",
        f"- {_least()} must be stated all the same. Without it the class is `needs_review`, `complete: true` or not: a file that says",
        "  nothing would otherwise make every system minimal, and silence must never be the lightest answer.",
        "- Do not state what you do not know. An unknown fact that cannot change the answer is not asked for.",
        "",
        "A file of facts, for `ephor classify FILE`:",
        "",
        "```yaml",
        *FACTS.splitlines(),
        "```",
        "",
        "In such a file, not in a manifest, `use_case` stands for several facts at once; what is stated beside it wins:",
        f"{', '.join(f'`{one}`' for one in pack.shortcuts)}.",
        "",
        "| fact | type | what it says |",
        "|---|---|---|",
    ]
    words = []
    for one in stateable(pack):
        marks = [one.kind.value, *(["open"] if one.open else []), *(["claim"] if one.claim else [])]
        parts.append(f"| `{one.name}` | {', '.join(marks)} | {_cell(one.means)} |")
        if one.values:
            words += ["", f"### {one.name}", "", ", ".join(f"`{value}`" for value in one.values)]
    return _page([*parts, "", "## The words", "", "A fact that is not here takes true or false.", *words])


def _least() -> str:
    return " and ".join(f"`{name}`" for name in BundledPacks().load(AI_ACT).least)


def _fields(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, bool, str, str]]:
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        here = f"{path}{name}"
        yield here, name in required, one.get("description", ""), one.get("x-write", "")
        if one.get("type") == "object":
            yield from _fields(one, f"{here}.")
        elif one.get("type") == "array":
            yield from _fields(one.get("items", {}), f"{here}[].")


def files_page() -> str:
    """The page of the other files people write, with the examples that come with Ephor in full."""
    lines: list[str] = []
    for line in (FOLDER / "files.template").read_text(encoding="utf-8").splitlines():
        mark, _, name = line.partition("@include ")
        if name and not mark:
            text = files("ephor.examples").joinpath(name).read_text(encoding="utf-8")
            lines += ["```yaml", *text.rstrip().splitlines(), "```"]
        else:
            lines.append(line)
    return _page(lines)


def events() -> str:
    """The page of event kinds."""
    return _page(
        [
            "# Events",
            "",
            "Every entry of the ledger is of one of these kinds. The number after the slash is the version of its shape; a changed",
            "shape is a new version, and readers keep both.",
            "",
            "## What agents and their hosts report",
            "",
            "`ephor ledger append` takes these, with or without the version, and kinds of your own: `x-NAME/1`.",
            "",
            *_table(
                ("kind", "meaning"), [(f"`{kind}`", _cell(said)) for kind, said in {**AUDIT, **SIGNS}.items()]
            ),
            "",
            "An event may carry `source`, a name, and `sequence`, an integer from 1 that grows by one with each event of that source.",
            "The plane keeps the last number of each source as each person hands it in; a number that came already is refused, one",
            "that skips others is taken and the gap is told. `source.heartbeat` says that a source is alive: it needs both, and no agent.",
            "",
            "## What the plane records about itself",
            "",
            "Nobody can hand these in: do the act and it is recorded.",
            "",
            *_table(("kind", "meaning"), [(f"`{kind}`", _cell(said)) for kind, said in GOVERNANCE.items()]),
        ]
    )


def settings_page() -> str:
    """The page of settings."""
    tree = ast.parse(inspect.getsource(settings.Settings)).body[0]
    assert isinstance(tree, ast.ClassDef)  # noqa: S101 - the source of a class is one class
    rows = []
    for field, said in zip(tree.body, tree.body[1:], strict=False):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(said, ast.Expr)
        ):
            text = ast.literal_eval(said.value)
            rows.append((f"`EPHOR_{field.target.id.upper()}`", _cell(text.replace("``", "`"))))
    return _page(
        [
            "# Settings",
            "",
            "Settings come from the environment. Nothing else reads it.",
            "",
            *_table(("variable", "meaning"), rows),
        ]
    )


def errors_page() -> str:
    """The page of errors and exit codes."""
    rows = [
        (f"`{kind.code}`", f"`ephor.{kind.__name__}`", str(code), _cell(_first(kind)))
        for kind, code in EXIT.items()
    ]
    return _page(
        [
            "# Errors and exit codes",
            "",
            "A denial is an answer, not an error. Errors come in six families, by what you can do about them. All derive from",
            f"`ephor.{errors.EphorError.__name__}`; `code` and `facts` are for machines, the message is for people. With `--json` an error is",
            'one line on standard error: `{"error": CODE, "message": TEXT, "facts": {…}}`.',
            "",
            *_table(("code", "exception", "exit", "meaning"), rows),
            "",
            f"Other exit codes: 0, it was done or answered; 1, it was answered and the answer is no ({_answering()}); 130, it was",
            "interrupted; 141, whoever read the output stopped reading: the work was done. 7 with `the answer could not be written` means",
            "the same: a decision was recorded and nobody was told it. Do not act on it; look with `ephor ledger list` before you ask again.",
            "",
            "Two exceptions are answers, and no errors: `ephor.Denied` and `ephor.ApprovalRequired` are raised by functions that",
            "`plane.governed` decorates. `decision` on them is the whole answer.",
        ]
    )


def permissions() -> str:
    """The page of permissions and roles, of agents and of people."""
    agents = [
        (f"`{role.id}`", _cell(", ".join(f"`{one.value}`" for one in role.permissions)), ", ".join(f"`{one}`" for one in role.allowed_tools),
         role.max_data_sensitivity.value)
        for role in STANDARD_ROLES.values()
    ]  # fmt: skip
    people = [
        (
            f"`{role.value}`",
            _cell(
                ", ".join(f"`{one.value}`" for one in PlanePermission if one in GRANTS[role])
                or "none: may look"
            ),
        )
        for role in PlaneRole
    ]
    return _page(
        [
            "# Roles and permissions",
            "",
            "## What agents may be permitted",
            "",
            *[f"- `{one.value}`" for one in Permission],
            "",
            "A tool in a manifest names the permissions it needs; one of the agent's roles must allow the tool and admit its",
            "sensitivity, and the permissions may come from any of its roles.",
            "",
            "## Standard roles of agents",
            "",
            "They cannot be redefined. `ephor roles add` makes your own.",
            "",
            *_table(("role", "permissions", "tools", "data up to"), agents),
            "",
            "## What people may do",
            "",
            "`ephor people add ID --role ROLE`. No role grants everything, and no role lets anyone review what they own or asked for.",
            "",
            *_table(("role", "permissions"), people),
        ]
    )


def rules() -> str:
    """The page of what rules in Cedar can look at, and of the reasons they give."""
    groups = (
        ("Of the call: `context.NAME`", CONTEXT),
        ("Of the agent: `principal.NAME`", AGENT),
        ("Of the tool: `resource.NAME`", TOOL),
    )
    parts = [
        "# Rules",
        "",
        "What [your own rules](../explanation/rules.md) in Cedar can look at. The schema is made from the tools that agents declare.",
    ]
    for title, attributes in groups:
        rows = [
            (f"`{name}`", _cedar_type(one.cedar), "" if one.always else "yes", _cell(one.says))
            for name, one in attributes.items()
        ]
        parts += [
            "",
            f"## {title}",
            "",
            *_table(("attribute", "type", "may be missing", "what it says"), rows),
        ]
    parts += [
        "",
        "## Arguments: `context.arguments.NAME`",
        "",
        "Each argument that a tool's manifest declares; any of them may be missing. Null counts as missing.",
        "",
        *_table(
            ("in the manifest", "in Cedar"),
            [(f"`{name}`", _cedar_type(one)) for name, one in ARGUMENT_TYPES.items()],
        ),
        "",
        "## Words",
        "",
        *_table(
            ("written as", "words"),
            [(f'`{name}::"WORD"`', ", ".join(words)) for name, words in WORDS.items()],
        ),
        "",
        "## Reasons",
        "",
        *_table(("code", "answer", "when"), [(f"`{code}`", *told) for code, told in REASONS.items()]),
    ]
    return _page(parts)


def _cedar_type(cedar: Mapping[str, Any]) -> str:
    """Return a type as people write it in Cedar."""
    if cedar["type"] == "Set":
        return f"Set of {_cedar_type(cedar['element'])}"
    return str(cedar.get("name") or {"Boolean": "Bool"}.get(cedar["type"], cedar["type"]))


def _answering() -> str:
    """Name the commands that answer yes or no by their exit code."""
    there = {words for words, _ in _commands(typer.main.get_command(app), ())}
    answering = (("ledger", "verify"), ("packs", "test"), ("classify",), ("models", "drift"), ("gate",))
    return ", ".join(f"`{' '.join(words)}`" for words in answering if words in there)


def reasons() -> str:
    """The page of reasons: every code that a decision can carry."""
    return _page(
        [
            "# Reasons",
            "",
            "Every decision carries all its reasons, each with a code, the outcome it asks for, and a sentence. Codes are public and never",
            "reused. Deny beats ask beats allow. Rules of your own add theirs.",
            "",
            *_table(("code", "what it means"), [(f"`{code}`", meaning) for code, meaning in CODES.items()]),
        ]
    )


PAGES: Mapping[str, Callable[[], str]] = {
    "rules.md": rules,
    "cli.md": cli,
    "manifest.md": manifest,
    "facts.md": facts,
    "files.md": files_page,
    "events.md": events,
    "settings.md": settings_page,
    "errors.md": errors_page,
    "permissions.md": permissions,
    "reasons.md": reasons,
}


def _first(kind: type) -> str:
    return (inspect.getdoc(kind) or "").split("\n\n")[0]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}", *[f"| {' | '.join(row)} |" for row in rows]]


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _page(lines: Sequence[str]) -> str:
    return "\n".join([NOTE, "", *lines]) + "\n"


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(exist_ok=True)
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), encoding="utf-8")


if __name__ == "__main__":
    main()

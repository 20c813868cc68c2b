"""`ephor tools`: the tool catalogue, which holds for every agent whatever its manifest says."""

from __future__ import annotations

import typer

from ephor.edges.cli.definitions import Laid, commands
from ephor.edges.cli.fields import listed
from ephor.rooms.decisions.catalogue import ToolEntry

app = typer.Typer(
    name="tools", help="The tool catalogue: what each tool does, for every agent.", no_args_is_help=True
)


def _rows(one: ToolEntry) -> list[tuple[str, object]]:
    asks = ["always" if rule.always else f"{rule.argument} above {rule.above}" for rule in one.ask]
    return [
        ("tool", one.id),
        ("effect", one.effect.value),
        ("sensitivity", one.sensitivity.value),
        ("data", listed(one.data)),
        ("permissions", listed(one.permissions)),
        ("reveals", "as manifests say" if one.reveals is None else listed(one.reveals)),
        ("a person approves", listed(asks or (["always"] if one.approvers else []))),
        ("who", listed(one.approvers)),
        ("labels", listed(one.labels)),
        ("description", one.description or "-"),
    ]


commands(
    app,
    Laid(
        key="tools",
        noun="tool",
        load="""Describe the tools in a file, in place of those of the same names. What it says counts at once.

Where a manifest describes the tool as well, the stricter counts: the graver effect, the higher sensitivity, every
permission, every question to a person that either asks for. `approvers` names the roles one of which must approve.
A tool that no agent declares yet is warned of.

Example: ephor tools load tools.yaml""",
        listing="List the tools in the catalogue.\n\nExample: ephor tools list",
        show="Show one tool of the catalogue.\n\nExample: ephor tools show email_send",
        remove="""Take a tool out of the catalogue; what manifests say of it counts alone again.

Example: ephor tools remove email_send""",
        gone=lambda one: f"tool {one.id} is not in the catalogue any more",
        columns=("tool", "effect", "sensitivity", "permissions", "approvers"),
        row=lambda one: (
            one.id,
            one.effect.value,
            one.sensitivity.value,
            listed(one.permissions),
            listed(one.approvers),
        ),
        empty="no tools",
        rows=_rows,
    ),
)

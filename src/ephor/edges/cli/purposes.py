"""`ephor purposes`: what each purpose serves, so that an opt-out reaches it."""

from __future__ import annotations

import typer

from ephor.edges.cli.definitions import Laid, commands
from ephor.edges.cli.fields import listed

app = typer.Typer(
    name="purposes", help="Which purposes serve the sale or sharing of data.", no_args_is_help=True
)

commands(
    app,
    Laid(
        key="purposes",
        noun="purpose",
        load="""Say what the purposes in a file serve: `sale`, `sharing`, `targeted_advertising`, `sensitive_use`, or nothing.

Example: ephor purposes load purposes.yaml""",
        listing="List the purposes and what they serve.\n\nExample: ephor purposes list",
        remove="""Take a purpose off the list; what its name says counts alone again.

Example: ephor purposes remove partner-audiences""",
        gone=lambda one: f"purpose {one.id} is not listed any more",
        columns=("purpose", "serves"),
        row=lambda one: (one.id, listed([each.value for each in one.serves])),
        empty="no purposes",
    ),
)

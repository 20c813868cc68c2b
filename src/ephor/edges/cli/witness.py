"""`ephor witness`: be the witness of other people's logs; no plane is needed."""

from __future__ import annotations

from typing import Annotated

import typer

from ephor.edges.cli.options import Json, given, read_key
from ephor.edges.cli.render import emit
from ephor.edges.door import Door

app = typer.Typer(
    name="witness",
    help="Cosign the checkpoints of other people's logs, so that nobody is shown another history.",
    no_args_is_help=True,
)

Keys = Annotated[
    str,
    typer.Option(
        "--keys", metavar="DIR", help="The witness's own folder, never a plane's key folder.", callback=given
    ),
]


@app.command()
def key(
    context: typer.Context,
    keys: Keys,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", help="Name of a new witness, `HOST/NAME`; leave it out to see the key.", callback=given
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Print the witness's public key, and make the witness first where there is none. Give the key to auditors.

    Example: ephor witness key --keys witness --name witness.example/w1
    """
    door: Door = context.obj
    made = door.witness_key(keys, name)
    emit({"key": made, "folder": keys}, lambda out: out.print(made, soft_wrap=True), json=json)


@app.command()
def serve(
    context: typer.Context,
    keys: Keys,
    log: Annotated[
        list[str],
        typer.Option(
            "--log", metavar="KEY", help="Public key of a log to watch, or a file that holds it; repeat."
        ),
    ],
    host: Annotated[
        str, typer.Option("--host", help="The address to listen on.", callback=given)
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes a free one.")] = 0,
    json: Json = False,
) -> None:
    """Answer logs that ask for a cosignature (C2SP tlog-witness), until told to stop. Prints its URL when ready.

    Keep the folder, and never put an old copy of it back: a witness that forgets cosigns a second history.

    Example: ephor witness serve --keys witness --log signing.pub --port 8420
    """
    door: Door = context.obj

    def ready(url: str) -> None:
        emit({"url": url, "logs": len(logs)}, lambda out: out.print(url, soft_wrap=True), json=json)

    logs = [read_key(door, one) for one in log]
    door.serve_witness(keys, logs, host, port, ready)

"""`ephor dsr`: data subject requests, from receipt to proof."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ephor.edges.cli.dsr_package import into, rendering
from ephor.edges.cli.dsr_view import print_certificate, print_plan, print_requests, print_view
from ephor.edges.cli.options import As, Database, Json, given
from ephor.edges.cli.render import emit
from ephor.kernel.errors import InvalidInputError
from ephor.kernel.time import day
from ephor.rooms.dsr.request import Request
from ephor.rooms.dsr.rights import TELLS

if TYPE_CHECKING:
    from rich.console import Console

    from ephor.engine.plane import Engine
    from ephor.engine.ports_data import DataStore

app = typer.Typer(
    name="dsr",
    help="Data subject requests: opened, planned, approved, carried out, proved.",
    no_args_is_help=True,
)

Id = Annotated[str, typer.Argument(help="The request's id, `dsr_…`.")]
Mandate = Annotated[
    str,
    typer.Option("--mandate", metavar="DIGEST", help="`sha256:…` of the permission that the person signed."),
]
Map = Annotated[str, typer.Option("--map", help="The data map: a Fides dataset, YAML.")]
MaybeMap = Annotated[
    str | None, typer.Option("--map", help="The data map the request was planned with.", callback=given)
]
StoreUrls = Annotated[
    list[str] | None,
    typer.Option("--store", metavar="DATASET=URL", help="The store of a dataset: shop=sqlite:///shop.db."),
]
Texts = list[str] | None
Text = str | None


@app.command("open")
def open_request(
    context: typer.Context,
    right: Annotated[
        str, typer.Option("--right", help="access, erasure, rectification, portability, know, delete, …")
    ],
    identity: Annotated[
        list[str], typer.Option("--identity", metavar="KIND=VALUE", help="email=mary@example.org; sealed.")
    ],
    law: Annotated[str, typer.Option("--law", help="gdpr, ccpa or hipaa.")] = "gdpr",
    subject: Annotated[
        Text,
        typer.Option(
            "--subject",
            help="How consent and decisions know the person. Default: the first identity.",
            callback=given,
        ),
    ] = None,
    channel: Annotated[str, typer.Option("--channel", help="How it came: mail, web, phone.")] = "cli",
    received_on: Annotated[
        Text, typer.Option("--received-on", metavar="DATE", help="Default: today (UTC).", callback=given)
    ] = None,
    purpose: Annotated[Texts, typer.Option("--purpose", help="For objection, opt_out and limit.")] = None,
    correction: Annotated[
        Texts, typer.Option("--set", metavar="FIELD=VALUE", help="shop.customers.phone=…; sealed.")
    ] = None,
    holiday: Annotated[
        Texts, typer.Option("--holiday", metavar="DATE", help="A public holiday that moves the last day.")
    ] = None,
    agent: Annotated[
        Text, typer.Option("--agent", help="Who asks on the person's behalf; sealed.", callback=given)
    ] = None,
    mandate: Mandate = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record a request, seal who it is about, and compute its last day.

    Example: ephor dsr open --right erasure --identity email=mary@example.org
    """
    request = context.obj.open(database).dsr.open(
        right,
        _pairs(identity, "--identity"),
        by=person or context.obj.person,
        law=law,
        subject=subject,
        channel=channel,
        received_on=day(received_on) if received_on else None,
        purposes=purpose or (),
        corrections=_pairs(correction or (), "--set"),
        holidays=[day(text) for text in holiday or ()],
        agent=agent or "",
        mandate=mandate,
    )
    again = f"; {request.duplicate_of} asks for the same" if request.duplicate_of else ""
    said = f"{request.id} for {request.right} is due on {request.due.isoformat()}{again}"
    emit(request, lambda out: out.print(said), json=json)


@app.command("verify-identity")
def verify_identity(
    context: typer.Context,
    id: Id,
    method: Annotated[
        Text, typer.Option("--method", help="How: code sent by letter, passport seen. No personal data.")
    ] = None,
    code: Annotated[Text, typer.Option("--code", help="The code that came back, after `send-code`.")] = None,
    signed_in: Annotated[
        Text,
        typer.Option(
            "--signed-in",
            metavar="KIND=VALUE",
            help="What the account they are signed in to is known by; it must be that of the request.",
        ),
    ] = None,
    mandate: Mandate = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Record that the requester was shown to be the data subject: by a code, by the account they are signed in to, or how you saw it.

    Example: ephor dsr verify-identity dsr_0190… --code 12345678
    """
    if sum(one is not None for one in (method, code, signed_in)) != 1:
        raise InvalidInputError(
            "an identity is verified by --code, by --signed-in, or by what you say with --method; give one"
        )
    engine, by = context.obj.open(database), person or context.obj.person
    if code is not None:
        _moved(engine.dsr_identity.confirm(id, code, by=by, mandate=mandate), json=json)
    elif signed_in is not None:
        [(kind, value)] = _pairs([signed_in], "--signed-in").items()
        _moved(engine.dsr_identity.signed_in(id, kind, value, by=by, mandate=mandate), json=json)
    else:
        _moved(engine.dsr.verify_identity(id, method or "", by=by, mandate=mandate), json=json)


@app.command()
def plan(
    context: typer.Context,
    id: Id,
    map: Map,
    store: StoreUrls = None,
    release_shared: Annotated[
        bool, typer.Option("--release-shared", help="Hand out rows that are somebody else's too.")
    ] = False,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Work out what would be done, where, to how many rows, and what stays and why. Changes nothing in the stores.

    Example: ephor dsr plan dsr_0190… --map shop-map.yaml --store shop=sqlite:///shop.db
    """
    given = context.obj.read_yaml(map)
    with opened_stores(context.obj.connect, store) as stores:
        engine = context.obj.open(database)
        dsr = engine.dsr
        made = dsr.plan(id, given, stores, by=person or context.obj.person, release_shared=release_shared)
    emit(made, lambda out: print_plan(out, made, _matters(engine)), json=json)


@app.command()
def approve(
    context: typer.Context, id: Id, json: Json = False, database: Database = None, person: As = None
) -> None:
    """Release the plan of a request; somebody else than who took it in.

    Example: ephor dsr approve dsr_0190… --as dora
    """
    _moved(context.obj.open(database).dsr.approve(id, by=person or context.obj.person), json=json)


@app.command()
def fulfil(
    context: typer.Context,
    id: Id,
    map: MaybeMap = None,
    store: StoreUrls = None,
    output: Annotated[
        Text,
        typer.Option(
            "--output", metavar="DIR", help="Where the package of an access request goes.", callback=given
        ),
    ] = None,
    form: Annotated[
        Texts,
        typer.Option("--form", help="json (always), csv, html; may be given more than once."),
    ] = None,
    passphrase: Annotated[
        Text,
        typer.Option(
            "--passphrase",
            metavar="FILE",
            help="Seal it into one page, under what FILE says.",
            callback=given,
        ),
    ] = None,
    expires: Annotated[
        Text,
        typer.Option(
            "--expires", metavar="DATE", help="The last day on which the sealed page opens.", callback=given
        ),
    ] = None,
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Carry a request out, or through if it was interrupted, and print the certificate.

    Example: ephor dsr fulfil dsr_0190… --map shop-map.yaml --store shop=sqlite:///shop.db
    """
    given = context.obj.read_yaml(map) if map else None
    if expires and not passphrase:
        raise InvalidInputError("only a sealed page can expire; add --passphrase FILE")
    word = context.obj.read_bytes(passphrase).decode("utf-8", "replace").strip("\r\n") if passphrase else None
    until = day(expires) if expires else None
    if until is not None and until < context.obj.today():
        raise InvalidInputError(
            f"the page would open until {until.isoformat()}, which is over; name a day to come with --expires"
        )
    deliver = rendering(into(Path(output)), form or (), word, until) if output else None
    with opened_stores(context.obj.connect, store) as stores:
        engine = context.obj.open(database)
        dsr = engine.dsr
        again = dsr.show(id).certificate is not None
        done = dsr.fulfil(id, by=person or context.obj.person, given=given, stores=stores, deliver=deliver)
    view = dsr.show(id)

    def human(out: Console) -> None:
        print_certificate(out, done, view, _matters(engine))
        if again and output:
            out.print(
                "nothing was written now: the answer was given before; another copy takes another request"
            )

    emit(done, human, json=json)


@app.command()
def extend(
    context: typer.Context,
    id: Id,
    reason: Annotated[str, typer.Option("--reason", help="What the person was told.")],
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Extend the time once, while the first period runs.

    Example: ephor dsr extend dsr_0190… --reason "data in eleven systems"
    """
    request = context.obj.open(database).dsr.extend(id, reason, by=person or context.obj.person)
    emit(request, lambda out: out.print(f"{request.id} is due on {request.due.isoformat()} now"), json=json)


@app.command()
def refuse(
    context: typer.Context,
    id: Id,
    reason: Annotated[
        str,
        typer.Option(
            "--reason", metavar="GROUND", help="A ground of the law: excessive, legal_obligation, …"
        ),
    ],
    notes: Annotated[str, typer.Option("--notes", help="What the person is told; no personal data.")] = "",
    json: Json = False,
    database: Database = None,
    person: As = None,
) -> None:
    """Refuse a request on a ground that its law lists.

    Example: ephor dsr refuse dsr_0190… --reason excessive --notes "the ninth this month"
    """
    refused = context.obj.open(database).dsr.refuse(id, reason, by=person or context.obj.person, notes=notes)
    tell = f"tell the person by {refused.due.isoformat()} {TELLS[refused.law]}"
    emit(refused, lambda out: out.print(f"{refused.id} is refused; {tell}"), json=json)


@app.command()
def show(context: typer.Context, id: Id, json: Json = False, database: Database = None) -> None:
    """Show a request with its plan and certificate.

    Example: ephor dsr show dsr_0190…
    """
    engine = context.obj.open(database)
    view = engine.dsr.show(id)
    emit(view, lambda out: print_view(out, view, _matters(engine)), json=json)


@app.command("list")
def list_requests(
    context: typer.Context,
    open_only: Annotated[bool, typer.Option("--open", help="Only those not answered yet.")] = False,
    json: Json = False,
    database: Database = None,
) -> None:
    """List the requests with their last days.

    Example: ephor dsr list --open
    """
    dsr = context.obj.open(database).dsr
    found = dsr.requests(open_only=open_only)
    emit(found, lambda out: print_requests(out, found, dsr.today()), json=json)


def _matters(engine: Engine) -> Mapping[str, str]:
    """Return what each legal hold is for, so that whoever reads why something stays need not look it up."""
    return {one.id: one.matter for one in engine.retention.holds()}


def _pairs(texts: Sequence[str], option: str) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInputError(
                f"the option {option} is written NAME=VALUE"
            )  # the text itself may be somebody's name
        if name in pairs:
            raise InvalidInputError(f"the option {option} gives `{name[:80]}` twice")
        pairs[name] = value
    return pairs


@contextmanager
def opened_stores(
    connect: Callable[[str], DataStore], given: Sequence[str] | None
) -> Iterator[Mapping[str, DataStore]]:
    """Open the stores that were given, by dataset, and close them in the end."""
    stores: dict[str, DataStore] = {}
    try:
        for dataset, url in _pairs(given or (), "--store").items():
            stores[dataset] = connect(url)
        yield stores
    finally:
        for store in stores.values():
            store.close()


def _moved(request: Request, *, json: bool) -> None:
    emit(request, lambda out: out.print(f"{request.id} is {request.status}"), json=json)

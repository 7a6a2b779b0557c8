"""fhir-server clients: the apps and systems that may ask, and who of them is let in."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.authorization import chosen, opened
from fhir_server.cli.environment import refused

clients = typer.Typer(
    help="Apps and systems registered at this server, in the database at FHIR_MONGODB_URI.",
    no_args_is_help=True,
    callback=chosen,
)

Id = Annotated[str, typer.Argument(metavar="CLIENT", help="The client's id.")]
Note = Annotated[str, typer.Option(help="Why, for those who come after.")]
Organisation = Annotated[str, typer.Option(help="Id of the Organization it belongs to.")]
Facility = Annotated[
    list[str] | None, typer.Option(help="Code of a facility it sends for; repeatable.")
]
Clearance = Annotated[
    list[str] | None, typer.Option(help="A sensitivity label it may see; repeatable.")
]


@clients.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Its name, as people are shown it.")],
    *,
    scope: Annotated[str, typer.Option(help="The most it may ever be granted.")],
    redirect_uri: Annotated[
        list[str] | None, typer.Option(help="Where users come back to; repeatable.")
    ] = None,
    secret: Annotated[bool, typer.Option("--secret", help="It proves itself by a secret.")] = False,
    jwks: Annotated[
        Path | None, typer.Option(help="File of its public keys.", exists=True, dir_okay=False)
    ] = None,
    jwks_uri: Annotated[str | None, typer.Option(help="Address of its public keys.")] = None,
    launch_url: Annotated[str, typer.Option(help="Where an EHR launches it.")] = "",
    dpop: Annotated[bool, typer.Option("--dpop", help="Bind its tokens to a key.")] = False,
    id_: Annotated[str, typer.Option("--id", help="Its id; one is made without.")] = "",
    organisation: Organisation = "",
    facility: Facility = None,
    clearance: Clearance = None,
) -> None:
    """Register a client that is let in at once; its secret is shown this one time.

    With a redirect URI it is an app that asks its users, without one a system that asks for itself.
    """
    from dataclasses import replace

    from fhir_server.fhir import json
    from fhir_server.oauth import clients as kept
    from fhir_server.oauth import metadata

    if secret and (jwks or jwks_uri):
        raise refused("a client proves itself by --secret or by keys, not by both.")
    is_app = bool(redirect_uri)
    keyed = "private_key_jwt" if jwks or jwks_uri else "none"
    given: dict[str, Any] = {
        "client_name": name,
        "scope": scope,
        "token_endpoint_auth_method": "client_secret_basic" if secret else keyed,
        "grant_types": ["authorization_code"] if is_app else ["client_credentials"],
        "redirect_uris": redirect_uri or None,
        "jwks_uri": jwks_uri,
        "initiate_login_uri": launch_url,
        "dpop_bound_access_tokens": dpop,
    }
    with opened(definitions=True) as oauth:
        if jwks:
            given["jwks"] = json.parse_object(jwks.read_bytes())
        try:
            wanted = metadata.checked(oauth, given)
        except metadata.InvalidMetadata as error:
            raise ValueError(error.description) from None
        named = replace(wanted, id=kept.named(id_), status="active")
        made, told = kept.add(oauth, kept.given(named, organisation, facility, clearance))
    typer.echo(f"client_id {made.id}")
    if told:
        typer.echo(f"client_secret {told}")
        typer.echo("The secret is not shown again.", err=True)


@clients.command("list")
def list_(
    status: Annotated[str, typer.Option(help="Only pending, active, rejected or suspended.")] = "",
) -> None:
    """Show the clients, the newest last."""
    from rich.console import Console
    from rich.table import Table

    from fhir_server.oauth import clients as kept

    shown = Table("client", "name", "kind", "status", "scopes")
    with opened() as oauth:
        for one in sorted(kept.listed(oauth, status), key=lambda client: client.created):
            shown.add_row(one.id, one.name, one.kind, one.status, " ".join(one.scopes))
    Console().print(shown)


@clients.command("show")
def show(id_: Id) -> None:
    """Show all that is registered of a client, but no secret, as JSON."""
    from fhir_server.oauth import clients as kept

    with opened() as oauth:
        _show(kept.known(oauth, id_))


@clients.command("approve")
def approve(
    id_: Id,
    *,
    organisation: Organisation = "",
    facility: Facility = None,
    clearance: Clearance = None,
    note: Note = "",
) -> None:
    """Let a client in, or in again; what it is given replaces what it had, where any is named."""
    from fhir_server.oauth import clients as kept
    from fhir_server.oauth import review

    with opened() as oauth:
        seen = kept.known(oauth, id_)
        wanted = kept.given(seen, organisation, facility, clearance)
        if wanted != seen and not kept.update(oauth, wanted, seen.version):
            raise ValueError("The client was changed meanwhile; look at it again.")
        _show(review.decide(oauth, id_, "approve", note, version=seen.version))


@clients.command("reject")
def reject(id_: Id, note: Note = "") -> None:
    """Turn an application down."""
    _decide(id_, "reject", note)


@clients.command("suspend")
def suspend(id_: Id, note: Note = "") -> None:
    """Let a client in no more; all it was granted ends within a second."""
    _decide(id_, "suspend", note)


@clients.command("rotate-secret")
def rotate_secret(id_: Id) -> None:
    """Give a client a new secret, shown this one time; the one before ends at once."""
    from fhir_server.oauth import clients as kept

    with opened() as oauth:
        typer.echo(f"client_secret {kept.rotate_secret(oauth, id_)}")


def _decide(id_: str, decision: str, note: str) -> None:
    from fhir_server.oauth import review

    with opened() as oauth:
        found = review.decide(oauth, id_, decision, note)
    typer.echo(f"{found.id} is {found.status}")


def _show(client: Any) -> None:
    import json

    from fhir_server.oauth import clients as kept

    told = {
        **kept.told(client),
        "status": client.status,
        "organisation": client.organisation,
        "facilities": list(client.facilities),
        "clearance": list(client.clearance),
        "note": client.note,
    }
    shown = {name: value for name, value in told.items() if value not in ("", [])}
    typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))

"""fhir-server users: those who sign in here with a name and a password."""

import getpass
import sys
from typing import Annotated

import typer

from fhir_server.cli.authorization import chosen, opened
from fhir_server.cli.environment import read_settings

users = typer.Typer(
    help="Users who sign in at this server, in the database at FHIR_MONGODB_URI.",
    no_args_is_help=True,
    callback=chosen,
)

Name = Annotated[str, typer.Argument(help="The name they sign in with.")]


@users.command("add")
def add(
    username: Name,
    *,
    display: Annotated[str, typer.Option(help="How pages greet them.")] = "",
    fhir_user: Annotated[str, typer.Option(help="Such as Patient/1 or Practitioner/2.")] = "",
    proxy: Annotated[list[str] | None, typer.Option(help="RelatedPerson/ID; repeatable.")] = None,
    organisation: Annotated[
        list[str] | None, typer.Option(help="Id of an Organization they work for; repeatable.")
    ] = None,
    role: Annotated[list[str] | None, typer.Option(help="operator reviews apps.")] = None,
    clearance: Annotated[
        list[str] | None, typer.Option(help="A sensitivity label they may see; repeatable.")
    ] = None,
    citizen: Annotated[
        bool, typer.Option("--citizen", help="Ask for a citizen number before the password.")
    ] = False,
) -> None:
    """Add a user; the password is asked for, or read from standard input."""
    from fhir_server.oauth import users as kept

    with opened() as oauth:
        number = _read("Citizen number") if citizen else ""
        user = kept.User(
            username,
            display=display,
            fhir_user=fhir_user,
            proxies=tuple(proxy or ()),
            organisations=tuple(organisation or ()),
            roles=tuple(role or ()),
            clearance=tuple(clearance or ()),
            citizen=kept.citizen_hash(oauth.records, number, read_settings().citizen_secret())
            if number
            else "",
        )
        made = kept.add(oauth.records, user, _new_password())
    typer.echo(f"added {made.username}, known to apps as {made.sub}")


@users.command("list")
def list_() -> None:
    """Show the users: who they are and what they may, nothing of passwords."""
    from rich.console import Console
    from rich.table import Table

    from fhir_server.oauth import users as kept

    shown = Table("user", "fhirUser", "organisations", "roles", "clearance", "state")
    with opened() as oauth:
        for one in kept.listed(oauth.records):
            lists = [" ".join(some) for some in (one.organisations, one.roles, one.clearance)]
            state = "disabled" if one.disabled else "active"
            shown.add_row(one.username, one.fhir_user, *lists, state)
    Console().print(shown)


@users.command("disable")
def disable(
    username: Name,
    undo: Annotated[bool, typer.Option("--undo", help="Let them sign in again.")] = False,
) -> None:
    """Let a user in no more; sessions and connected apps end at once."""
    from fhir_server.oauth import users as kept

    with opened() as oauth:
        _known(kept.disable(oauth, username, disabled=not undo), username)
    typer.echo(f"{'enabled' if undo else 'disabled'} {username}")


@users.command("password")
def password(username: Name) -> None:
    """Give a user another password; sessions and connected apps end at once."""
    from fhir_server.oauth import users as kept

    with opened() as oauth:
        _known(kept.set_password(oauth, username, _new_password()), username)
    typer.echo(f"changed the password of {username}")


def _known(found: object, username: str) -> None:
    if not found:
        raise ValueError(f"There is no user {username}.")


def _new_password() -> str:
    """Give a password typed twice, or a line of standard input; never an argument others see."""
    first = _read("Password", hidden=True)
    if sys.stdin.isatty() and first != _read("Password again", hidden=True):
        raise ValueError("The two passwords are not the same.")
    return first


def _read(label: str, *, hidden: bool = False) -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    return getpass.getpass(f"{label}: ") if hidden else input(f"{label}: ").strip()

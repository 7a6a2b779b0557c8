"""fhir-server book: one person's e-health book as a readable timeline."""

from collections.abc import Iterator
from typing import Annotated, Any
from urllib.parse import quote, urlsplit

import typer

from fhir_server.cli.client import Token, connected, told

_STYLES = {
    "title": "bold",
    "visit": "bold cyan",
    "label": "bold",
    "alert": "bold red",
    "follow-up": "yellow",
    "plain": "",
}


def book(
    identifier: Annotated[
        str, typer.Argument(help="Citizen id, insurance number, SYSTEM|VALUE, or Patient/ID.")
    ],
    from_: Annotated[str, typer.Option("--from", help="Base URL.")] = "http://127.0.0.1:8080/fhir",
    token: Token = None,
    pages: Annotated[int, typer.Option(min=1, help="Pages of visits, newest first.")] = 5,
) -> None:
    """Print a citizen's book; exit 1 when nobody, or more than one person, has this identifier."""
    with connected(from_, token) as client:
        path = f"{_patient(client, identifier)}/$ehealth-book"
        for number, page in enumerate(_pages(client, path, pages)):
            _print(page, first=number == 0)


def _patient(client: Any, identifier: str) -> str:
    """Give Patient/id of the one person who has this identifier."""
    if identifier.startswith("Patient/"):
        return f"Patient/{quote(identifier.removeprefix('Patient/'), safe='')}"
    found = _get(client, "Patient", {"identifier": _escaped(identifier), "_count": "10"})
    people = [entry["resource"] for entry in found.get("entry", ()) if _counts(entry)]
    if len(people) != 1:
        who = "Nobody has" if not people else f"{len(people)} people have"
        raise _failed(f"{who} the identifier {identifier}.")
    return f"Patient/{people[0]['id']}"


def _escaped(identifier: str) -> str:
    r"""Keep a comma inside the value: a bare one would ask for several identifiers.

    https://hl7.org/fhir/R4/search.html#escaping
    """
    return identifier.replace("\\", "\\\\").replace(",", "\\,").replace("$", "\\$")


def _counts(entry: dict[str, Any]) -> bool:
    """Say whether the entry is a person of their own, not a record merged into another."""
    links = entry["resource"].get("link", ())
    return entry.get("search", {}).get("mode") == "match" and not any(
        link.get("type") == "replaced-by" for link in links
    )


def _pages(client: Any, path: str, pages: int) -> Iterator[dict[str, Any]]:
    from mappings.ehealth_book.timeline import older_page

    page = _get(client, path, {})
    for left in range(pages - 1, -1, -1):
        yield page
        older = older_page(page)
        if older is None:
            return
        if not left:
            typer.echo(f"\nOlder visits: --pages {pages + 1}")
            return
        # Only the query is followed, so that a token never goes to another server.
        page = _get(client, f"{path}?{urlsplit(older).query}", None)


def _get(client: Any, path: str, parameters: dict[str, str] | None) -> dict[str, Any]:
    from fhir_server.fhir import json
    from fhir_server.fhir.errors import Invalid

    answer = client.get(path, params=parameters) if parameters else client.get(path)
    if not answer.is_success:
        raise _failed(f"{answer.status_code}: {told(answer.content)}")
    try:
        bundle = json.parse_object(answer.content)
    except Invalid:
        bundle = {}
    if bundle.get("resourceType") != "Bundle":
        raise _failed(f"{client.base_url} does not answer as a FHIR server.")
    return bundle


def _print(page: dict[str, Any], *, first: bool) -> None:
    """Print styled lines; where the output is no terminal, plain text that never wraps."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from mappings.ehealth_book.timeline import plain, timeline

    lines = timeline(page, first=first)
    console = Console(highlight=False)
    if not console.is_terminal:
        typer.echo(plain(lines))
        return
    for line in lines:
        text = Text(line.text, style=_STYLES[line.style])
        console.print(Padding(text, (0, 0, 0, 2 * line.indent), expand=False))


def _failed(reason: str) -> typer.Exit:
    typer.echo(f"fhir-server: {' '.join(reason.split())}", err=True)
    return typer.Exit(1)

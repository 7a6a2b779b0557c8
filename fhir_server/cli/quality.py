"""fhir-server quality: how good what hospitals sent is, as a table."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from fhir_server.cli.client import Token, connected, told

_COLUMNS = (
    "facility", "day", "visits", "refused", "complete", "fresh < 24 h", "median hours",
    "issues per 1,000", "repeated", "doubled",
)  # fmt: skip


def quality(
    *,
    facility: Annotated[str, typer.Option(help="MA_CSKCB; all unless told.")] = "",
    first: Annotated[str, typer.Option("--from", help="First day of arrival, 2026-11-28.")] = "",
    last: Annotated[str, typer.Option("--to", help="Last day of arrival; today unless told.")] = "",
    profile: Annotated[str, typer.Option(help="The field profile to show.")] = "skdt-46",
    missing: Annotated[int, typer.Option(min=0, help="How many missing fields to name.")] = 10,
    server: Annotated[
        str, typer.Option("--server", help="Base URL.")
    ] = "http://127.0.0.1:8080/fhir",
    token: Token = None,
) -> None:
    """Print completeness, freshness, correctness and duplicates by facility and day."""
    asked = {"facility": facility, "from": first, "to": last}
    with connected(server, token) as client:
        given = {name: text for name, text in asked.items() if text}
        answer = client.get("$data-quality", params=given)
    if not answer.is_success:
        typer.echo(f"fhir-server: {answer.status_code}: {told(answer.content)}", err=True)
        raise typer.Exit(1)
    rows = [_parts(one["part"]) for one in answer.json().get("parameter", ())]
    _print(rows, profile, missing)


def _parts(listed: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    """Give the values of parts by name; a part with parts of its own is such a table again."""
    found: dict[str, list[Any]] = {}
    for one in listed:
        value: Any = next((value for key, value in one.items() if key != "name"), None)
        found.setdefault(one["name"], []).append(_parts(value) if "part" in one else value)
    return found


def _print(rows: Sequence[Mapping[str, list[Any]]], profile: str, missing: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    if not rows:
        typer.echo("Nothing arrived in these days.")
        return
    table = Table(title=f"Data quality ({profile})")
    for number, name in enumerate(_COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right")  # noqa: PLR2004 (names, then figures)
    for row in rows:
        table.add_row(*_cells(row, profile))
    console.print(table)
    if missing:
        _print_missing(console, rows, profile, missing)


def _cells(row: Mapping[str, list[Any]], profile: str) -> list[str]:
    filled = _of_profile(row, profile)
    hours = _one(row, "freshness")
    return [
        str(_one(row, "facility")["value"]),
        str(_one(row, "day")),
        str(_one(row, "visits")),
        str(_one(row, "refused")),
        _share(_one(filled, "share")),
        _share(_one(row, "fresh")),
        f"{hours['value']:.1f}" if hours else "-",
        f"{_one(row, 'issues-per-thousand'):.0f}",
        str(_one(row, "repeated")),
        str(_one(row, "doubled")),
    ]


def _print_missing(
    console: Any, rows: Sequence[Mapping[str, list[Any]]], profile: str, most: int
) -> None:
    from collections import Counter

    counted: Counter[str] = Counter()
    for row in rows:
        for part in _of_profile(row, profile).get("missing", ()):
            field = _one(part, "field")
            counted[f"{field['code']} {field.get('display', '')}"] += _one(part, "visits")
    if counted:
        console.print("Missing most often:")
    for name, times in counted.most_common(most):
        console.print(f"  {times:>8}  {name}", highlight=False)


def _of_profile(row: Mapping[str, list[Any]], profile: str) -> Mapping[str, list[Any]]:
    completeness = row.get("completeness", ())
    return next((one for one in completeness if profile in one.get("profile", ())), {})


def _one(parts: Mapping[str, list[Any]], name: str) -> Any:
    return next(iter(parts.get(name, ())), None)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"

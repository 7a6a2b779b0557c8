"""fhir-server synth: plausible citizens and visits, nobody real."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Format(StrEnum):
    """What a synthetic visit is written as."""

    envelope = "envelope"
    bundle = "bundle"
    ndjson = "ndjson"


def synth(
    citizens: Annotated[int, typer.Option(min=1, help="How many citizens.")],
    out: Annotated[Path, typer.Option(help="Folder to write to.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 4750,
    format: Annotated[Format, typer.Option(help="What is written.")] = Format.envelope,  # noqa: A002 the option's name is a contract
) -> None:
    """Write the visits of CITIZENS synthetic citizens; ids are from unassigned ranges only."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    from mappings.synthetic.writer import write

    columns = ("Citizens", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=citizens)
        written = write(out, citizens, seed, format.value, advance=lambda: progress.advance(task))
    typer.echo(f"{written} files in {out}")

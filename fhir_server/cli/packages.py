"""fhir-server packages: implementation guides from disk, compiled once; nothing is downloaded."""

from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server.cli.environment import read_settings

packages = typer.Typer(help="Add, list and remove FHIR packages.", no_args_is_help=True)


@packages.command()
def add(
    paths: Annotated[list[Path], typer.Argument(help="A package as .tgz, or its unpacked folder.")],
) -> None:
    """Compile packages into FHIR_PACKAGES; exit 1 where one cannot be used."""
    from functools import partial

    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from fhir_server import main
    from fhir_server.spec import archive, installed
    from fhir_server.spec.tables import SpecError

    settings = read_settings()
    failed = 0
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}"))
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as progress:
        for path in paths:
            task = progress.add_task(path.name, total=None)
            try:
                # What was added before is what the next one may be built on.
                spec = main.definitions(main.plugins(settings), settings.packages)
                types = {one.url for one in spec.structures.by_name.values()}
                with archive.opened(path) as package:
                    added = installed.add(
                        settings.packages,
                        package,
                        spec.canonicals,
                        types.__contains__,
                        partial(_advanced, progress, task),
                    )
            except SpecError as error:
                progress.console.print(f"fhir-server: {error}", style="red", markup=False)
                failed += 1
                continue
            counts = ", ".join(f"{n} {type_}" for type_, n in sorted(added.counts.items()))
            typer.echo(f"{added.label}: {counts or 'no definitions'}")
            for label in added.missing:
                typer.echo(f"  warning: it is built on {label}, which is not here: add that too.")
    if failed:
        raise typer.Exit(1)
    typer.echo("A server that is running serves them after its next start.")


def _advanced(progress: Any, task: Any, _file: str) -> None:
    progress.advance(task)


@packages.command(name="list")
def list_() -> None:
    """List the packages of FHIR_PACKAGES."""
    from fhir_server.spec import installed

    guides = installed.guides(read_settings().packages)
    for label, guide in guides.items():
        typer.echo(f"{label}  {guide['url']}  {guide['description']}")
    if not guides:
        typer.echo("No packages here: fhir-server packages add FILE.tgz")


@packages.command()
def remove(label: Annotated[str, typer.Argument(help="NAME#VERSION")]) -> None:
    """Remove a package; exit 1 where it is not there."""
    from fhir_server.spec import installed

    if not installed.remove(read_settings().packages, label):
        typer.echo(f"fhir-server: there is no package {label}; see: packages list", err=True)
        raise typer.Exit(1)
    typer.echo(f"{label} is removed.")

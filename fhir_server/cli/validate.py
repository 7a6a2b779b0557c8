"""fhir-server validate: files checked without a server or a database."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from fhir_server.cli.environment import read_settings, refused

if TYPE_CHECKING:
    from fhir_server.cli.offline.judge import Judge, Judged
    from fhir_server.cli.offline.pieces import Piece
    from fhir_server.cli.offline.reports import FailOn

# A further process is worth its start from so many bytes on.
_BYTES_A_JOB = 1024 * 1024


def validate(
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders: .json, .xml, .ndjson.", exists=True)
    ],
    *,
    profile: Annotated[
        list[str] | None, typer.Option(help="A profile every resource has to meet; repeatable.")
    ] = None,
    format_: Annotated[
        Literal["table", "json", "junit"], typer.Option("--format", help="How to report.")
    ] = "table",
    fail_on: Annotated[
        Literal["error", "warning"], typer.Option(help="The severity that makes the exit code 1.")
    ] = "error",
    output: Annotated[
        Path | None, typer.Option(help="Where to report, instead of the screen.", dir_okay=False)
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 is one for each processor.")] = 0,
) -> None:
    """Check resources; exit 1 where something is wrong, 2 where nothing can be checked."""
    from fhir_server.cli.offline.pieces import files
    from fhir_server.cli.offline.processes import EndedError
    from fhir_server.cli.offline.reports import REPORTS

    named = tuple(profile or ())
    if unknown := [*_judge(named).unknown()]:
        told = "bring it with its package: fhir-server packages add FILE.tgz"
        raise refused(f"the profile {unknown[0]} is not known here; {told}")
    listed = files(paths, output)
    if not listed:
        raise refused("there is no .json, .xml or .ndjson file here")
    tally = _Tally(fail_on)
    seen = output is not None or format_ == "table" or not sys.stdout.isatty()
    with _opened(output) as out:
        try:
            found = tally.counted(_judged(listed, named, jobs, seen=seen))
            REPORTS[format_](out, found, fail_on)
        except EndedError:
            told = "a process was ended from outside, perhaps for want of memory"
            raise refused(f"{told}; try --jobs 1") from None
    typer.echo(tally.told(len(listed)), err=True)
    if tally.failed:
        raise typer.Exit(1)


@dataclass(slots=True)
class _Tally:
    """How many resources were looked at, and how many fail."""

    fail_on: "FailOn"
    resources: int = 0
    failed: int = 0

    def counted(self, found: "Iterable[Judged]") -> "Iterator[Judged]":
        """Yield what is found, counted."""
        from fhir_server.cli.offline.reports import fails

        for one in found:
            self.resources += 1
            self.failed += fails(one, self.fail_on)
            yield one

    def told(self, files: int) -> str:
        """Give the last line."""
        worst = "an error" if self.fail_on == "error" else "an error or a warning"
        seen = f"{_counted(files, 'file')}, {_counted(self.resources, 'resource')}"
        return f"{seen}: {self.failed} with {worst}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


@lru_cache(maxsize=1)
def _judge(profiles: tuple[str, ...]) -> "Judge":
    """Give what judges in this process, with the packages and settings of a server here."""
    from fhir_server import main
    from fhir_server.cli.offline.judge import Judge
    from fhir_server.validation.validator import Strictness

    settings = read_settings()
    try:
        spec = main.definitions(main.plugins(settings), settings.packages)
    except ValueError as error:
        # A package, or what a guest was given, that cannot be used.
        raise refused(str(error)) from None
    strict = Strictness(settings.unknown_profile, settings.unknown_extension)
    limit = settings.max_body_bytes
    return Judge(spec, profiles, settings.required_profiles, strict, limit)


def _work(profiles: tuple[str, ...], piece: "Piece") -> "tuple[int, list[Judged]]":
    return piece.size, _judge(profiles).of(piece)


def _judged(
    listed: Sequence[Path], profiles: tuple[str, ...], jobs: int, *, seen: bool
) -> "Iterator[Judged]":
    """Yield what is found, in the order of the files; a bar on stderr tells how far it is."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    from fhir_server.cli.offline.pieces import pieces
    from fhir_server.cli.offline.processes import side_by_side

    limit = _judge(profiles).limit
    total = sum(map(_size, listed))
    processes = min(jobs or os.cpu_count() or 1, 1 + total // _BYTES_A_JOB)
    console = Console(stderr=True)
    columns = ("Checking", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    progress = Progress(*columns, console=console, disable=not (seen and console.is_terminal))
    task = progress.add_task("", total=total)
    given = (piece for file in listed for piece in pieces(file, limit))
    prepare, work = partial(_judge, profiles), partial(_work, profiles)
    try:
        for size, found in side_by_side(processes, work, prepare, given):
            # It has a thread: not before the processes are there.
            progress.start()
            progress.advance(task, size)
            yield from found
    finally:
        progress.stop()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _opened(output: Path | None) -> AbstractContextManager[BinaryIO]:
    if output is None:
        return nullcontext(typer.get_binary_stream("stdout"))
    try:
        return output.open("wb")
    except OSError as error:
        raise refused(f"{output} cannot be written: {error.strerror}") from None

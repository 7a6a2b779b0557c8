"""fhir-server keys: the file that seals the legal base; change its key, destroy a subject's."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from fhir_server.cli.authorization import beside
from fhir_server.cli.environment import read_settings, refused

if TYPE_CHECKING:
    from fhir_server.store.encryption import Encryption

File = Annotated[
    Path | None, typer.Argument(help="The key file; without it keys.json in FHIR_LEGAL_FOLDER.")
]

keys = typer.Typer(help="Keep the keys that seal the legal base.", no_args_is_help=True)


@keys.command()
def new(file: File = None) -> None:
    """Make the key file, or put a new current key into it; those before stay known."""
    import secrets

    from fhir_server.store.key_file import keep, keys_of, renewed

    path = file or _named()
    id_ = f"{datetime.now(UTC):%Y-%m-%d}-{secrets.token_hex(4)}"
    try:
        kept = renewed(keys_of(path) if path.exists() else None, id_)
        path.parent.mkdir(parents=True, exist_ok=True)
        keep(kept, path)
    except ValueError as error:
        raise refused(str(error)) from None
    except OSError as error:
        raise refused(f"{path} cannot be written: {error.strerror}.") from None
    typer.echo(f"{path}: {id_} is the current key of {len(kept.keys)}.")
    if len(kept.keys) > 1:
        typer.echo("Now run `fhir-server keys rotate`; until it has ended no key may be taken out.")


@keys.command()
def rotate(file: File = None) -> None:
    """Wrap every data key of the legal base by the current key, while it is served."""
    from rich.progress import Progress

    with _opened(file) as encryption, Progress() as progress:
        task = progress.add_task("Wrapping data keys", total=None)
        moved = encryption.rewrap(
            lambda done, total: progress.update(task, completed=done, total=total)
        )
    typer.echo(f"{moved} data keys were wrapped anew; all are under the current key.")


@keys.command()
def forget(
    subject: Annotated[str, typer.Argument(help="Whose key, such as Person/1.")],
    file: File = None,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask whether that is meant.")] = False,
) -> None:
    """Destroy the data key of a subject for good: what it seals opens no more."""
    if not yes:
        typer.confirm(f"Nothing of {subject} can ever be read again. Go on?", abort=True)
    with _opened(file) as encryption:
        known = encryption.forget(subject)
    typer.echo("Its data key is destroyed." if known else "It had no data key, and gets none.")


@contextmanager
def _opened(file: Path | None) -> Iterator["Encryption"]:
    """Give what seals the legal base; end in one line where something is wrong."""
    from fhir_server.fhir.errors import FhirError
    from fhir_server.store.encryption import Encryption
    from fhir_server.store.key_file import keys_of

    settings, path = read_settings(), file or _named()
    uri = settings.legal_uri() or beside(legal=True)
    if uri is None:
        raise refused("set FHIR_LEGAL_MONGODB_URI to the database that is sealed.")
    try:
        opened = Encryption.over(uri, settings.legal_name(), partial(keys_of, path))
        with closing(opened) as encryption:
            yield encryption
    except ValueError as error:
        raise refused(str(error)) from None
    except FhirError as error:
        typer.echo(f"fhir-server: {error}", err=True)
        raise typer.Exit(1) from None


def _named() -> Path:
    return read_settings().legal_folder / "keys.json"

"""The issuing system opened from its folder: keys, bodies, signing keys.

| file | what it is |
|---|---|
| `keys.json` | seals the database: see `fhir-server keys` |
| `bodies.json` | who issues, may ask, is told: `bodies.schema.json` says what stands there |
| `signing/` | the issuers' private keys, each encrypted |
| `passphrase` | opens them |

For trying out, what is missing is made; otherwise it is an error that says what to do.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from extensions.judicial_record.office import Body, Issuer, Office, Officer
from extensions.judicial_record.paper import authority
from extensions.judicial_record.proof.keys import KeyRing
from extensions.judicial_record.proof.signer import FileSigner
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.store.clock import wall
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import keep, keys_of, renewed
from fhir_server.store.records import Records

_SCHEMA = json.parse_object((Path(__file__).parent / "bodies.schema.json").read_bytes())
_SAMPLE = Path(__file__).parent / "bodies.sample.json"
# What the folder needs, and where it comes from.
_NEEDED = {
    "keys.json": "`fhir-server keys new` makes it",
    "passphrase": "a line nobody can guess, in a file for the server's user alone",
    "bodies.json": "extensions/judicial_record/bodies.schema.json says what stands in it",
}


@contextmanager
def opened(
    uri: str,
    database: str,
    folder: Path,
    public_url: str,
    *,
    trying: bool,
    clock: Callable[[], int] = wall,
) -> Iterator[Office]:
    """Open the office over a database; `trying` makes what the folder lacks.

    Synchronous. Raises ValueError, with what to do, for a folder that cannot be used.
    """
    ready(folder, trying=trying)
    told = _bodies(folder / "bodies.json")
    encryption = Encryption.over(uri, database, lambda: keys_of(folder / "keys.json"))
    records = Records.open(uri, database)
    signer = FileSigner(folder / "signing", (folder / "passphrase").read_bytes)
    issuers = {one["organisation"]: _issuer(one) for one in told["issuers"]}
    try:
        yield Office(
            records,
            issuers,
            public_url,
            encryption=encryption,
            ring=KeyRing(records, signer, clock),
            credentials=authority.credentials(
                records, signer, issuers, clock, sample=told["sample"]
            ),
            clock=clock,
            sample=told["sample"],
            bodies={one["organisation"]: Body(**one) for one in told.get("bodies", ())},
            subscribers={one["client"]: one["url"] for one in told.get("subscribers", ())},
        )
    finally:
        records.close()
        encryption.close()


def ready(folder: Path, *, trying: bool) -> None:
    """Make, for trying out, what the folder lacks; ValueError says what it lacks otherwise.

    ValueError names a file that is not as it has to be, too.

    Several processes may: each file is made once, and is there whole or not at all.
    """
    if not trying:
        lost = [f"{name} ({how})" for name, how in _NEEDED.items() if not (folder / name).is_file()]
        if lost:
            raise ValueError(f"FHIR_LEGAL_FOLDER, {folder}, lacks {'; '.join(lost)}.")
    else:
        _made(folder)
    keys_of(folder / "keys.json")
    _bodies(folder / "bodies.json")


def _made(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _once(folder / "keys.json", partial(keep, renewed(None, "1")))
    _once(folder / "passphrase", partial(_written, secrets.token_urlsafe(32).encode()))
    _once(folder / "bodies.json", partial(_written, _SAMPLE.read_bytes()))


def _once(file: Path, write: Callable[[Path], None]) -> None:
    if file.exists():
        return
    beside = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    write(beside)
    with suppress(FileExistsError):
        file.hardlink_to(beside)
    beside.unlink()


def _written(content: bytes, file: Path) -> None:
    file.touch(mode=0o600)
    file.write_bytes(content)


def _issuer(told: dict[str, Any]) -> Issuer:
    return Issuer(**{**told, "officers": tuple(Officer(**one) for one in told["officers"])})


def _bodies(file: Path) -> dict[str, Any]:
    try:
        told = json.parse_object(file.read_bytes())
    except OSError as error:
        raise ValueError(f"{file} cannot be read: {error.strerror}.") from None
    except FhirError:
        raise ValueError(f"{file} is no JSON object; {_NEEDED[file.name]}.") from None
    for wrong in Draft202012Validator(_SCHEMA).iter_errors(told):
        what = f"{wrong.json_path} {wrong.message}"
        raise ValueError(f"{file}: {what}; {_NEEDED[file.name]}.")
    return told

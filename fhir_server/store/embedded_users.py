"""The embedded MongoDB with a user for each base: none reads what is another's.

Their passwords are made at the first start and kept beside the data, in a file for the owner alone.
"""

import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from fhir_server.fhir import json
from fhir_server.store.embedded import running

FILE = "users.json"


def known(data: Path) -> bool:
    """Say whether the database in this folder has users, and is to be run with them."""
    return (data / FILE).exists()


@contextmanager
def apart(
    data: Path, users: Mapping[str, Sequence[str]], *, port: int = 0
) -> Iterator[Mapping[str, str]]:
    """Run the server over the folder `data` and give each user's URI: see `embedded.running`.

    `users` are the databases of each by name. The file `uri` of the folder holds the first one's
    address, `<name>-uri` each other's. Where users are new the server is started twice.
    """
    kept = _kept(data)
    databases = {name: [*found] for name, found in users.items()}
    if {name: one["databases"] for name, one in kept.items()} != databases:
        kept = {
            name: {"databases": found, "password": secrets.token_urlsafe(32)}
            for name, found in databases.items()
        }
        with running(data) as uri, MongoClient[dict[str, Any]](uri) as client:
            for name, one in kept.items():
                _keep(client, name, one)
        _write(data / FILE, json.dump(kept))
    with running(data, port=port, auth=True) as uri:
        found = {name: _signed_in(uri, name, one["password"]) for name, one in kept.items()}
        files = [data / (f"{name}-uri" if number else "uri") for number, name in enumerate(found)]
        try:
            for file, one in zip(files, found.values(), strict=True):
                _write(file, one.encode() + b"\n")
            yield found
        finally:
            for file in files:
                file.unlink(missing_ok=True)


def _keep(client: MongoClient[dict[str, Any]], name: str, user: Mapping[str, Any]) -> None:
    roles = [{"role": "readWrite", "db": one} for one in user["databases"]]
    there = client.admin.command("usersInfo", name)["users"]
    command = "updateUser" if there else "createUser"
    client.admin.command(command, name, pwd=user["password"], roles=roles)


def _signed_in(uri: str, name: str, password: str) -> str:
    scheme, _, place = uri.partition("://")
    return f"{scheme}://{name}:{password}@{place}&authSource=admin"


def _kept(data: Path) -> dict[str, Any]:
    return json.parse_object((data / FILE).read_bytes()) if known(data) else {}


def _write(file: Path, text: bytes) -> None:
    beside = file.with_name(f".{file.name}")
    beside.unlink(missing_ok=True)
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as new:
        new.write(text)
    beside.replace(file)

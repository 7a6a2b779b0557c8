"""The keys that seal a database, as one JSON file holds them; they are never in the database.

`{"current": id, "keys": {id: base64 of 32 bytes}, "blind": base64 of 32 bytes}`: `keys` wrap the
data keys (store/encryption), `current` names the one that wraps new ones, `blind` keys what stands
in an index in place of a text.
"""

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError

BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Key-encryption keys by id, the id of the current one, and the secret of the blind index."""

    current: str
    keys: Mapping[str, bytes]
    blind: bytes

    def __repr__(self) -> str:
        """Tell which keys there are, and none of them."""
        return f"Keys(current={self.current!r}, ids={sorted(self.keys)!r})"


def keys_of(path: Path) -> Keys:
    """Read the file; ValueError names it, what is wrong with it, and nothing of what is in it."""
    try:
        told = json.parse_object(path.read_bytes())
    except OSError as error:
        raise ValueError(f"The key file {path} cannot be read: {error.strerror}.") from None
    except FhirError:
        raise _wrong(path, "is no JSON object") from None
    try:
        return _read(told)
    except ValueError as error:
        raise _wrong(path, str(error)) from None


def _wrong(path: Path, told: str) -> ValueError:
    return ValueError(f"The key file {path} {told}. Put back the copy of it you keep.")


def _read(told: Mapping[str, Any]) -> Keys:
    keys, current = told.get("keys"), told.get("current")
    if not isinstance(keys, dict) or not isinstance(current, str) or current not in keys:
        raise ValueError("needs `keys`, and a `current` that is one of them")
    return Keys(current, {id_: _key(text) for id_, text in keys.items()}, _key(told.get("blind")))


def renewed(old: Keys | None, id_: str) -> Keys:
    """Give keys with a new current one of this id; ValueError where there is one of it.

    Those before stay known, and what is blinded stays as it is.
    """
    if old is None:
        return Keys(id_, {id_: secrets.token_bytes(BYTES)}, secrets.token_bytes(BYTES))
    if id_ in old.keys:
        raise ValueError("There is a key of this id already.")
    return replace(old, current=id_, keys={**old.keys, id_: secrets.token_bytes(BYTES)})


def keep(keys: Keys, path: Path) -> None:
    """Write the file, readable by its owner alone, in one step: a reader sees the old or the new.

    Raises OSError.
    """
    told = {
        "current": keys.current,
        "keys": {id_: _text(key) for id_, key in keys.keys.items()},
        "blind": _text(keys.blind),
    }
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(json.dump(told) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()


def _key(text: Any) -> bytes:
    try:
        key = base64.b64decode(text, validate=True) if isinstance(text, str) else b""
    except binascii.Error:
        key = b""
    if len(key) != BYTES:
        raise ValueError(f"has a key that is not base64 of {BYTES} bytes")
    return key

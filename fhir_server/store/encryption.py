"""Sealing at rest: AES-256-GCM under a key of each subject's own, and keyed hashes to find by.

A data key is made where a subject is first met, and kept in `data_keys` wrapped by the current
key-encryption key: `{_id: subject, kek, wrapped}`, or `{_id: subject, forgotten: true}`. The latter
stand in a file (store/key_file) that is read again where a key is made or an unknown one is named.
So keys change while serving goes on.

https://csrc.nist.gov/pubs/sp/800/38/d/final
"""

import hmac
import logging
import os
import time
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Mapping
from typing import Any, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pymongo import MongoClient, UpdateOne
from pymongo.database import Database
from pymongo.errors import BulkWriteError

from fhir_server.fhir.errors import Gone, Unavailable, Unreadable
from fhir_server.store.client import OPTIONS, reachable, taken
from fhir_server.store.documents import portions
from fhir_server.store.key_file import Keys

COLLECTION = "data_keys"
# How long a data key is used without asking again, in seconds: as soon a forgotten one is nowhere.
FRESH = 60.0

Document = dict[str, Any]

_FORMAT, _NONCE, _TAG = b"\x01", 12, 16
_HASH = 16
_MOST, _BATCH = 10_000, 100
_log = logging.getLogger("fhir_server")


class Encryption:
    """Seals what one database keeps. Synchronous; Unavailable where the database is away.

    `keys` gives the key-encryption keys as they are now. May be used by several threads.
    """

    def __init__(
        self,
        database: Database[Document],
        keys: Callable[[], Keys],
        fresh: float = FRESH,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Use `Encryption.over`. Raises what `keys` raises; nothing is sent yet."""
        self._rows = database[COLLECTION]
        self._ask, self._keys = keys, keys()
        self._fresh, self._clock = fresh, clock
        self._known: dict[str, tuple[AESGCM, float]] = {}
        derived = HKDF(SHA256(), 32, salt=None, info=b"fhir-server blind index")
        self._blind = derived.derive(self._keys.blind)

    @classmethod
    def over(cls, uri: str, database: str, keys: Callable[[], Keys]) -> Self:
        """Give what seals a database; its data keys are kept there. Raises what `keys` raises."""
        client = MongoClient[Document](uri, **OPTIONS)
        try:
            return cls(client[database], keys)
        except ValueError:
            client.close()
            raise

    def close(self) -> None:
        """Give back the connections."""
        self._rows.database.client.close()

    def shut(self, subject: str, place: str, plain: bytes) -> bytes:
        """Seal bytes for one place with the subject's data key, made where there is none.

        Raises Gone for a subject that was forgotten.
        """
        key, nonce = self._data_key(subject, self._one_made), os.urandom(_NONCE)
        return _FORMAT + nonce + key.encrypt(nonce, plain, place.encode())

    def open(self, subject: str, place: str, sealed: bytes) -> bytes:
        """Give the bytes that were sealed for this subject and place.

        Raises Gone for a subject that was forgotten, Unreadable for anything else.
        """
        sealed = bytes(sealed)
        if sealed[:1] != _FORMAT or len(sealed) < 1 + _NONCE + _TAG:
            raise _unreadable("it is not sealed as this server seals")
        nonce, inner = sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :]
        try:
            return self._data_key(subject, _none).decrypt(nonce, inner, place.encode())
        except InvalidTag:
            raise _unreadable("it was changed or moved, or its key was") from None

    def blind(self, kind: str, value: str) -> str:
        """Give what stands for a text in an index: the same for the same kind and text (NFC).

        22 characters of base64url: HMAC-SHA-256, cut to 16 bytes.
        """
        told = f"{kind}\0{unicodedata.normalize('NFC', value)}".encode("utf-8", "surrogatepass")
        mac = hmac.digest(self._blind, told, "sha256")[:_HASH]
        return urlsafe_b64encode(mac).rstrip(b"=").decode()

    def secret(self, name: str) -> bytes:
        """Give a key of this name, 32 bytes, the same for good: for what is signed, not sealed."""
        return hmac.digest(self._blind, f"\0secret {name}".encode(), "sha256")

    def unknown(self, subjects: Collection[str]) -> set[str]:
        """Give those of the subjects whose key is not at hand: to `load` ahead."""
        now = self._clock()
        return {one for one in subjects if one not in self._known or self._known[one][1] < now}

    def load(self, subjects: Collection[str]) -> None:
        """Have the keys of these subjects at hand, in one question, where there are any."""
        for some in portions(subjects):
            with reachable():
                rows = list(self._rows.find({"_id": {"$in": some}}))
            for row in rows:
                if "forgotten" not in row:
                    self._keep(row["_id"], self._unwrapped(row))

    def ready(self, subjects: Collection[str]) -> None:
        """Have the keys of these subjects at hand, made where there are none; Gone as `shut`."""
        self.load(subjects)
        if new := self.unknown(subjects):
            for subject, row in self._made(new).items():
                self._used(subject, row)

    def rewrap(self, progress: Callable[[int, int], None] = lambda *_: None) -> int:
        """Wrap every data key by the current key-encryption key; give how many were not.

        `progress` gets how many are done, and of how many. The keys they are wrapped by now have
        to be known still, and no sealed body is touched.
        """
        self._look()
        current, done = self._keys.current, 0
        late = {"kek": {"$exists": True, "$ne": current}}
        with reachable():
            total = self._rows.count_documents(late)
            while rows := list(self._rows.find(late, limit=_BATCH)):
                self._rows.bulk_write([self._moved(row) for row in rows], ordered=False)
                done += len(rows)
                progress(done, max(total, done))
        return done

    def forget(self, subject: str) -> bool:
        """Destroy a subject's data key for good; False where there was none.

        Nothing sealed with it opens again, here at once and elsewhere within `FRESH` seconds.
        """
        with reachable():
            old = self._rows.find_one_and_replace(
                {"_id": subject}, {"forgotten": True}, upsert=True
            )
        self._known.pop(subject, None)
        return old is not None and "forgotten" not in old

    def _data_key(self, subject: str, otherwise: Callable[[str], Mapping[str, Any]]) -> AESGCM:
        known = self._known.get(subject)
        if known is not None and known[1] >= self._clock():
            return known[0]
        with reachable():
            row = self._rows.find_one({"_id": subject}) or otherwise(subject)
        return self._used(subject, row)

    def _used(self, subject: str, row: Mapping[str, Any]) -> AESGCM:
        if "forgotten" in row:
            self._known.pop(subject, None)
            raise Gone("What was kept here was erased for good.")
        return self._keep(subject, self._unwrapped(row))

    def _keep(self, subject: str, key: bytes) -> AESGCM:
        if len(self._known) >= _MOST:
            self._known.clear()
        made = AESGCM(key)
        self._known[subject] = (made, self._clock() + self._fresh)
        return made

    def _one_made(self, subject: str) -> Mapping[str, Any]:
        return self._made([subject])[subject]

    def _made(self, subjects: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Make the subjects' keys; of several that do at once, all get the first one's."""
        self._look()
        rows = {one: self._wrapped(one, AESGCM.generate_key(256)) for one in subjects}
        with reachable():
            try:
                self._rows.insert_many(rows.values(), ordered=False)
            except BulkWriteError as error:
                ids = [*rows]
                for some in portions([ids[index] for index in taken(error)]):
                    rows |= {row["_id"]: row for row in self._rows.find({"_id": {"$in": some}})}
        return rows

    def _wrapped(self, subject: str, key: bytes) -> Document:
        kek, nonce = self._keys.current, os.urandom(_NONCE)
        inner = AESGCM(self._keys.keys[kek]).encrypt(nonce, key, _place(subject))
        return {"_id": subject, "kek": kek, "wrapped": nonce + inner}

    def _unwrapped(self, row: Mapping[str, Any]) -> bytes:
        if row["kek"] not in self._keys.keys:
            self._look()
        kek, wrapped = self._keys.keys.get(row["kek"]), bytes(row["wrapped"])
        if kek is None:
            raise _unreadable("its data key is wrapped by a key that is not in the key file")
        try:
            return AESGCM(kek).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], _place(row["_id"]))
        except (InvalidTag, ValueError):
            raise _unreadable("its data key is not wrapped by the key it names") from None

    def _look(self) -> None:
        """Read the key-encryption keys anew."""
        try:
            self._keys = self._ask()
        except ValueError as error:
            _log.error("keys", {"reason": str(error)})
            raise Unavailable("The keys of this base cannot be read.") from None

    def _moved(self, row: Document) -> UpdateOne:
        new = self._wrapped(row["_id"], self._unwrapped(row))
        return UpdateOne({"_id": row["_id"], "wrapped": row["wrapped"]}, {"$set": new})


def _place(subject: str) -> bytes:
    return b"data-key\0" + subject.encode()


def _none(_: str) -> Mapping[str, Any]:
    raise _unreadable("there is no data key of its subject")


def _unreadable(why: str) -> Unreadable:
    _log.error("unreadable", {"reason": why})
    return Unreadable("What is kept here cannot be opened; the server's log says more.")

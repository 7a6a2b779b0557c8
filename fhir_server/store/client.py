"""The driver's options, and its exceptions turned into FHIR's errors."""

from functools import lru_cache
from types import TracebackType
from typing import Any

import pymongo
from bson.errors import BSONError
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import (
    BulkWriteError,
    ConnectionFailure,
    DocumentTooLarge,
    ExecutionTimeout,
    OperationFailure,
    PyMongoError,
)

from fhir_server.fhir.errors import FhirError, Invalid, TooLarge, Unavailable, Unprocessable
from fhir_server.store.lane import Lanes

Client = AsyncMongoClient[dict[str, Any]]
Database = AsyncDatabase[dict[str, Any]]

_TOO_LARGE = (10334, 17419, 17420)
_DUPLICATE = 11000

# Connections of the driver's pool that carry finds past it: half, so that writes have the rest.
LANES = 24


# Writes are acknowledged by a majority and journaled, reads see only such writes. One operation
# takes at most 3.5 s, finding the server included, so that a dead database is told within 5 s.
# https://www.mongodb.com/docs/manual/reference/connection-string-options/
OPTIONS: dict[str, Any] = {
    "appname": "fhir-server",
    "w": "majority",
    "journal": True,
    "readConcernLevel": "majority",
    "readPreference": "primary",
    "retryReads": True,
    "serverSelectionTimeoutMS": 2000,
    "connectTimeoutMS": 2000,
    "waitQueueTimeoutMS": 2000,
    "timeoutMS": 3500,
    "maxPoolSize": 50,
}


class Laned(AsyncMongoClient[dict[str, Any]]):
    """The driver's client, and the lanes beside it: see store/lane."""

    def __init__(self, uri: str, lanes: int) -> None:
        """Nothing is sent."""
        super().__init__(uri, **OPTIONS)
        self.lanes = Lanes(self, lanes)

    async def close(self) -> None:
        """Close lanes and driver."""
        await self.lanes.close()
        await super().close()


def connect(uri: str, lanes: int = LANES) -> Client:
    """Give a client that promises what a health record needs; nothing is sent yet."""
    return Laned(uri, lanes)


class Collections(AsyncDatabase[dict[str, Any]]):
    """A database whose collections are kept: the driver makes one each time it is asked for it."""

    def __init__(self, client: Client, name: str) -> None:
        """Nothing is sent."""
        super().__init__(client, name)
        self._collection = lru_cache(maxsize=1024)(super().__getitem__)

    def __getitem__(self, name: str) -> AsyncCollection[dict[str, Any]]:
        """Give a collection by its name."""
        return self._collection(name)


def opened(uri: str, name: str, lanes: int = LANES) -> Database:
    """Give a database of such a client, with at most so many lanes."""
    return Collections(connect(uri, lanes), name)


class reachable:  # noqa: N801 - as contextlib names its own
    """Turn what the driver raises inside, `with` or `async with`: Unavailable, TooLarge, Invalid.

    A class, as `bounded`: contextlib's generators are a tenth of what a search costs.
    """

    __slots__ = ()

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise the FHIR error of what was raised."""
        if error is None:
            return
        if isinstance(error, PyMongoError):
            raise told(error) from error
        if isinstance(error, DocumentTooLarge):
            raise TooLarge("The resource is too large to be stored.") from error
        if isinstance(error, BSONError | OverflowError):
            raise Invalid("A value cannot be kept in the database.", code="value") from error

    async def __aenter__(self) -> None:
        """Begin."""

    async def __aexit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raise the FHIR error of what was raised."""
        self.__exit__(_, error, __)


class bounded:  # noqa: N801 - as above
    """Give what is asked inside this many seconds; Unprocessable (too-costly) where that is short.

    Only a database that answers took too long; a silent one is told as Unavailable, a second later.
    https://pymongo.readthedocs.io/en/stable/api/pymongo/
    """

    __slots__ = ("_database", "_seconds", "_time")

    def __init__(self, database: Database, seconds: float) -> None:
        """Nothing is asked yet."""
        self._database, self._seconds = database, seconds
        self._time = pymongo.timeout(seconds)

    async def __aenter__(self) -> None:
        """Let the time begin."""
        self._time.__enter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell a search that took too long."""
        self._time.__exit__(kind, error, trace)
        if not isinstance(error, PyMongoError) or not error.timeout:
            return
        if await _answers(self._database):
            raise Unprocessable(
                f"The search takes longer than {self._seconds:g} s. Narrow it, by a patient, an "
                "identifier, a code or a date, or sort by what an index is in the order of.",
                code="too-costly",
            ) from error


async def _answers(database: Database) -> bool:
    try:
        with pymongo.timeout(1):
            await database.command("ping")
    except PyMongoError:
        return False
    return True


def taken(error: BulkWriteError) -> list[int]:
    """Give which writes, from 0 on, met an `_id` that was there; raise what stopped any other."""
    failed = (error.details or {}).get("writeErrors", [])
    if not failed or any(one["code"] != _DUPLICATE for one in failed):
        raise error
    return [one["index"] for one in failed]


def told(error: PyMongoError) -> FhirError:
    """Give the FHIR error for a driver's exception; its text never holds the driver's."""
    match error:
        case ConnectionFailure():
            return Unavailable("The database does not answer.")
        case ExecutionTimeout():
            return Unavailable("The database took too long to answer.")
        case OperationFailure(code=code) if code in _TOO_LARGE:
            return TooLarge("The resource is too large to be stored.")
        case _:
            return Unavailable("The database refused the operation.")

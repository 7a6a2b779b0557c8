"""What lanes use of the driver's inside, in one place: a connection out of its pool.

A driver that has other names gives no lane and asks everything itself, as it did before there were
lanes; tests/store/test_borrowed.py tells it when it comes.
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import pymongo
from pymongo import AsyncMongoClient, ReadPreference

# To these a read from the primary says nothing of where it may be read.
# https://github.com/mongodb/specifications/blob/master/source/server-selection/server-selection.md
_TYPES = ("RSPrimary", "Standalone", "Mongos")


class Wire(NamedTuple):
    """A connection to the primary or a mongos, encrypted and authenticated, that nobody else uses.

    `server`: which it leads to. `read(number, most)` gives the bytes behind the header and the
    opcode of the message that answers this number; `current`: still to what the driver takes for
    the primary or a mongos; `left`: the seconds the caller has, None without end. `write` and
    `read` raise what they like.
    """

    server: Hashable
    write: Callable[[bytes], Awaitable[None]]
    read: Callable[[int, int], Awaitable[tuple[bytes, int]]]
    abort: Callable[[], None]
    current: Callable[[], bool]
    left: Callable[[], float | None]


@asynccontextmanager
async def borrowed(client: AsyncMongoClient[Any]) -> AsyncIterator[Wire | None]:
    """Give a connection out of the client's pool and close it afterwards.

    None where none may be used beside the driver: to a secondary, a load balancer, and where
    somebody listens to commands. Raises PyMongoError, and AttributeError, TypeError or
    ValueError when the driver is not the one this was written for.
    """
    checkout = await client._conn_for_reads(ReadPreference.PRIMARY, None, "find")  # type: ignore[attr-defined,unused-ignore]  # noqa: SLF001 - this file is for that
    server, csot = checkout._server, pymongo._csot  # noqa: SLF001 - as above
    heard = client._event_listeners.enabled_for_commands  # type: ignore[union-attr,unused-ignore]  # noqa: SLF001 - as above
    heard = heard or logging.getLogger("pymongo.command").isEnabledFor(logging.DEBUG)
    async with checkout as (conn, _):
        protocol, pool, otherwise = conn.conn.get_conn, server.pool, client.options.timeout
        given, remaining = csot.get_timeout, csot.remaining

        def current() -> bool:
            stale: bool = pool.stale_generation(conn.generation, conn.service_id)
            return not stale and server.description.server_type_name in _TYPES

        def left() -> float | None:
            return otherwise if given() is None else remaining()

        wire = Wire(
            server.description.address,
            protocol.write,
            protocol.read,
            protocol.transport.abort,
            current,
            left,
        )
        try:
            yield wire if current() and not heard else None
        finally:
            await conn.close_conn(None)

"""HTTP/1.1 as uvicorn speaks it, with bounds to a head, and an end that fails nobody's request.

httptools waits for ever for the end of a header, and keeps all of it. uvicorn closes idle
connections when it ends, and a request that is on its way then is lost.
"""

import asyncio
import math
import socket
from asyncio.events import TimerHandle
from collections.abc import Sequence
from typing import Any

from uvicorn import Config, Server
from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)
from uvicorn.server import ServerState

# What the application asks for by the same name (docs/adr/0057-whole-answers.md).
WHOLE = "fhir_server.whole"
HEAD_SECONDS, HEAD_BYTES = 15.0, 64 * 1024
_ANSWER, _CONTINUE = b"HTTP/1.1 ", b"HTTP/1.1 100 "
_LATE, _LARGE = b"408 Request Timeout", b"431 Request Header Fields Too Large"
_LAST = b"connection: close"
# To copy more than this costs more than a second piece for the system to gather.
_COPIED = 16 * 1024


class Leaving(ServerState):
    """What the connections of a process share; `now` once it takes no new ones."""

    now = False


class Gentle(Server):
    """A server that ends when its connections have: each is told so, or was idle for its time."""

    def __init__(self, config: Config) -> None:
        """Take what uvicorn is to do; nothing is opened yet."""
        super().__init__(config)
        self.server_state = self._leaving = Leaving()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Take no more connections, and wait until those there are have ended."""
        self._leaving.now = True
        await super().shutdown(sockets)


class Joined:
    """A transport that keeps the head of an answer for its first bytes: one packet instead of two.

    So ASGI has it: no head before there is a body
    (https://asgi.readthedocs.io/en/latest/specs/www.html#response-start-send-event).
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        """Nothing is kept yet."""
        self._transport = transport
        self._head = b""
        self.is_closing = transport.is_closing
        self.whole, self.writelines = transport.write, transport.writelines

    def __getattr__(self, name: str) -> Any:
        """Be the transport, but for what is written."""
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write what is kept and this, or keep it where it is a head."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.writelines((head, data))
        elif data.startswith(_ANSWER) and not data.startswith(_CONTINUE):
            self._head = data
        else:
            self._transport.write(data)

    def flush(self) -> None:
        """Write what is kept: an answer to HEAD has no other bytes."""
        if self._head:
            self.write(b"")

    def close(self) -> None:
        """Write what is kept, and no more."""
        self.flush()
        self._transport.close()


class Bounded(HttpToolsProtocol):
    """One connection. What is whole is judged by the application; this ends what never is.

    A process that leaves answers what still comes with `Connection: close`, and closes no idle
    connection before its time: a client may be sending its next request (RFC 9112, 9.5 and 9.6).

    What is waited for, a head or the next request, has its end noted; one timer looks at it now
    and then. A timer for each would be made and cancelled with every request.
    """

    # Whose turn it is: of requests that came together one is answered after the other.
    _answered: RequestResponseCycle
    transport: Joined  # type: ignore[assignment]  # what uvicorn needs of one
    _until = math.inf
    _head: int | None = None  # bytes of a head that is not whole
    _timer: TimerHandle | None = None

    def __init__(self, config: Config, server_state: Leaving, *more: Any, **named: Any) -> None:
        """Take what uvicorn gives each connection."""
        super().__init__(config, server_state, *more, **named)
        self._leaving = server_state
        # Not one for each request: that would name it and be named by it, and wait for a collector.
        self._extensions: dict[str, Any] = {WHOLE: self._whole}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        """Wait for the first request, but not for ever."""
        super().connection_made(Joined(transport))  # type: ignore[arg-type]  # as above
        self._wait()
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)
        self._extensions.clear()

    def data_received(self, data: bytes) -> None:
        """Count what comes while a head is not whole."""
        super().data_received(data)
        if self._head is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._end(_LARGE)

    def on_message_begin(self) -> None:
        """Wait for the head of a request."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more; the body has its own limits."""
        self._head, self._until = None, math.inf
        super().on_headers_complete()
        if self._leaving.now:
            self.shutdown()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        """Let the application answer, in one piece where it has all of it."""
        self._answered = cycle
        cycle.scope["extensions"] = self._extensions
        task = self.loop.create_task(cycle.run_asgi(app))
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _whole(self, status: int, lines: Sequence[bytes], body: bytes) -> None:
        """Send a whole answer, as uvicorn's cycle does in two steps and header by header.

        `lines` are headers as they stand on the wire.
        """
        cycle = self._answered
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        if cycle.response_started:
            raise RuntimeError("An answer is sent once.")
        always = [b"%b: %b" % one for one in cycle.default_headers]
        last = () if cycle.keep_alive else (_LAST,)
        head = (*always, *lines, *last, b"")
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        if len(body) < _COPIED:
            self.transport.whole(STATUS_LINE[status] + b"\r\n".join((*head, body)))
        else:
            self.transport.writelines((STATUS_LINE[status] + b"\r\n".join((*head, b"")), body))
        cycle.message_event.set()
        if not cycle.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def on_response_complete(self) -> None:
        """Answer what came meanwhile or wait for the next one: as uvicorn, without its timer."""
        self.transport.flush()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._head is None:
            self._until = self.loop.time() + self.timeout_keep_alive

    def shutdown(self) -> None:
        """Let the answer that has not begun yet be the last."""
        if self.cycle is not None and not self.cycle.response_started:
            self.cycle.keep_alive = False

    def _unset_keepalive_if_required(self) -> None:
        """Wait for the next request no more: it comes."""
        if self._head is None:
            self._until = math.inf

    def _wait(self) -> None:
        self._head, self._until = 0, self.loop.time() + HEAD_SECONDS

    def _look(self) -> None:
        """End what has come too late; look again when the next may."""
        left = self._until - self.loop.time()
        if left > 0:
            soon = min(left, self.timeout_keep_alive)
            self._timer = self.loop.call_later(soon, self._look)
        elif self._head is None:
            self.timeout_keep_alive_handler()
        else:
            self._end(_LATE)

    def _end(self, status: bytes) -> None:
        self._head, self._until = None, math.inf
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.close()

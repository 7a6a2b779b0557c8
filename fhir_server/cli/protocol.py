"""HTTP/1.1 as uvicorn speaks it, with an end to how long and how large a head may become.

httptools waits for ever for the end of a header, and keeps all of it.
"""

import asyncio
from asyncio.events import TimerHandle

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS, HEAD_BYTES = 15.0, 64 * 1024
_LATE, _LARGE = b"408 Request Timeout", b"431 Request Header Fields Too Large"


class Bounded(HttpToolsProtocol):
    """One connection. What is whole is judged by the application; this ends what never is."""

    _head = 0
    _timer: TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn's own
        """Wait for the first request, but not for ever."""
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self._come()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Count what comes while a head is not whole."""
        super().data_received(data)
        if self._timer is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._end(_LARGE)

    def on_message_begin(self) -> None:
        """Wait for the head of a request."""
        super().on_message_begin()
        self._wait()

    def on_headers_complete(self) -> None:
        """Wait no more; the body has its own limits."""
        self._come()
        super().on_headers_complete()

    def _wait(self) -> None:
        self._come()
        self._timer = self.loop.call_later(HEAD_SECONDS, self._end, _LATE)

    def _come(self) -> None:
        self._head = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _end(self, status: bytes) -> None:
        self._come()
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            )
            self.transport.close()

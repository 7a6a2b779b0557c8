"""The one client for servers of others: where it may go, how long, how much; no redirects.

Strangers are asked only by https on port 443, at a public address that is looked up once and then
held. Origins that the settings name are asked as they are written.
https://cheatsheetseries.owasp.org/cheatsheets/Server_Side_Request_Forgery_Prevention_Cheat_Sheet.html
"""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Self
from urllib.parse import urlencode

import httpx2

from fhir_server.outbound.address import Address, is_public, parsed

# Host and port → IP addresses.
Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Form = Sequence[tuple[str, str]]


class NotFetched(Exception):
    """Nothing came that can be used; the text never says what was found behind a name."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer of any status; `headers` have lower-case names."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def resolved(host: str, port: int) -> Sequence[str]:
    """Give the addresses of a name; OSError where there are none."""
    loop = asyncio.get_running_loop()
    # Not the loop's own threads: `asyncio.run` would wait for a name server that does not answer.
    rows = await loop.run_in_executor(
        _threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    )
    return [str(row[4][0]) for row in rows]


_threads = ThreadPoolExecutor(4, "resolve")


@dataclass(frozen=True, slots=True)
class Outbound:
    """`origins`, such as `http://127.0.0.1:9000`, are asked whatever their address.

    `seconds` and `max_bytes` bound one answer. `client`, where there is one, keeps connections to
    the origins; a stranger always gets a connection of its own.
    """

    origins: frozenset[str] = frozenset()
    seconds: float = 5.0
    max_bytes: int = 64 * 1024
    resolve: Resolve = resolved
    transport: Any = None
    client: httpx2.AsyncClient | None = field(default=None, repr=False)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[Self]:
        """Give one that keeps its connections to the origins, until the context ends."""
        async with self._new() as client:
            yield replace(self, client=client)

    def may(self, url: str) -> bool:
        """Say whether a URL would be asked, as far as that is seen from the URL itself."""
        try:
            self._admitted(url)
        except NotFetched:
            return False
        return True

    def get(self, url: str, **given: Any) -> Fetched:
        """Fetch, for a thread that has no event loop."""
        return asyncio.run(self.fetch(url, **given))

    async def fetch(
        self, url: str, *, form: Form | None = None, headers: Mapping[str, str] | None = None
    ) -> Fetched:
        """GET a URL, or POST a form to it; NotFetched for whatever goes wrong."""
        address = self._admitted(url)
        try:
            async with asyncio.timeout(self.seconds):
                if address.origin in self.origins and self.client is not None:
                    return await self._sent(self.client, address, form, headers or {})
                async with self._new() as client:
                    return await self._sent(client, address, form, headers or {})
        except (OSError, TimeoutError, ValueError, httpx2.HTTPError, httpx2.InvalidURL):
            raise NotFetched("The server did not answer, or not in a form to be used.") from None

    def _admitted(self, url: str) -> Address:
        try:
            address = parsed(url)
        except ValueError as error:
            raise NotFetched(str(error)) from None
        if address.origin in self.origins:
            return address
        if address.scheme != "https" or address.port != 443 or not address.is_named:  # noqa: PLR2004 - port of https
            raise NotFetched("Asked are only https addresses with a domain name, on port 443.")
        return address

    async def _sent(
        self,
        client: httpx2.AsyncClient,
        address: Address,
        form: Form | None,
        headers: Mapping[str, str],
    ) -> Fetched:
        host = address.authority if address.origin in self.origins else await self._pinned(address)
        sent = {**headers, "Host": address.authority, "Accept-Encoding": "identity"}
        content = None
        if form is not None:
            content = urlencode(form).encode()
            sent["Content-Type"] = "application/x-www-form-urlencoded"
        async with client.stream(
            "GET" if form is None else "POST",
            f"{address.scheme}://{host}{address.target}",
            headers=sent,
            content=content,
            # The certificate is the name's, not the held address's.
            extensions={"sni_hostname": address.host},
        ) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise NotFetched("The server answered compressed, which was not asked for.")
            return Fetched(response.status_code, dict(response.headers), await self._body(response))

    async def _pinned(self, address: Address) -> str:
        """Give the one address asked; NotFetched where any of the name's is not public."""
        found = await self.resolve(address.host, address.port)
        if not found or not all(map(is_public, found)):
            raise NotFetched("The server did not answer, or not in a form to be used.")
        return f"[{found[0]}]" if ":" in found[0] else found[0]

    async def _body(self, response: httpx2.Response) -> bytes:
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > self.max_bytes:
                raise NotFetched(f"The answer has more than {self.max_bytes} bytes.")
        return bytes(body)

    def _new(self) -> httpx2.AsyncClient:
        """Give a client; the environment's proxies are not used: they could go anywhere."""
        return httpx2.AsyncClient(
            timeout=self.seconds, follow_redirects=False, trust_env=False, transport=self.transport
        )

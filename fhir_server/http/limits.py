"""How often a network, and a client, may ask; how large the head of a request may be.

Each process counts for itself. https://www.rfc-editor.org/rfc/rfc6585
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from time import monotonic

from fhir_server.access.caller import Caller
from fhir_server.base import Asked, Authenticate
from fhir_server.fhir.errors import HeadTooLarge, TooManyRequests
from fhir_server.http.exchange import Scope
from fhir_server.oauth.lockout import network

MOST_HEADERS, MOST_BYTES = 100, 32 * 1024
# Nobody is counted who asks how the server is.
UNCOUNTED = ("/health/", "/metrics")
# Who was quiet may ask at once for as much as these seconds give.
_BURST_SECONDS = 5.0
_MOST_KEYS = 20_000
# Sums of fractions are not quite what they should be.
_GRAIN = 1e-6


# Whoever asks often is told apart once.
_network = lru_cache(maxsize=4096)(network)


class Bucket:
    """Requests of one kind by key: so many a second, and a burst after a pause.

    A key costs one number, the time its bucket is full again
    (https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm); those longest unseen are forgotten.
    """

    def __init__(self, per_second: float, clock: Callable[[], float] = monotonic) -> None:
        """`per_second` 0 lets everything through."""
        self._interval = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._full: OrderedDict[str, float] = OrderedDict()

    def take(self, key: str) -> None:
        """Count a request of this key; raise TooManyRequests, uncounted, where it is one too many.

        Retry-After says when the next is taken.
        """
        if not self._interval:
            return
        now = self._clock()
        full = max(self._full.get(key, now), now) + self._interval
        over = full - now - max(_BURST_SECONDS, self._interval)
        if over > _GRAIN:
            wait = str(math.ceil(over))
            raise TooManyRequests(
                f"Too many requests. Ask again in {wait} s, and less often.",
                headers=[("Retry-After", wait)],
            )
        self._full[key] = full
        self._full.move_to_end(key)
        if len(self._full) > _MOST_KEYS:
            self._full.popitem(last=False)


@dataclass(frozen=True, slots=True)
class Limits:
    """Buckets by network: of FHIR requests, and of all others (OAuth, pages), which cost more."""

    fhir: Bucket
    other: Bucket

    def check(self, scope: Scope, *, fhir: bool) -> None:
        """Raise TooManyRequests for a network that asks too often."""
        if scope["path"].startswith(UNCOUNTED):
            return
        client = scope.get("client")
        bucket = self.fhir if fhir else self.other
        bucket.take(_network(client[0]) if client else "")


def check_head(scope: Scope) -> None:
    """Raise HeadTooLarge for more, or larger, headers than any caller of ours sends."""
    headers = scope["headers"]
    size = sum(map(len, chain.from_iterable(headers)))
    if len(headers) > MOST_HEADERS or size > MOST_BYTES:
        raise HeadTooLarge(
            f"A request has at most {MOST_HEADERS} headers and {MOST_BYTES} bytes of them."
        )


def per_client(authenticate: Authenticate, bucket: Bucket) -> Authenticate:
    """Give `authenticate` that counts, too: a client has one bucket wherever it asks from."""

    async def counted(asked: Asked) -> Caller:
        caller = await authenticate(asked)
        bucket.take(caller.client)
        return caller

    return counted

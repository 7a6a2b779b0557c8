"""Remote: a terminology server of somebody else, asked where nothing here can tell.

Only codes and canonical URLs go there, only to the address in the settings. Whatever goes wrong,
the answer is that it cannot be told. https://hl7.org/fhir/R4/terminology-service.html
"""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlencode

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid
from fhir_server.outbound.address import parsed
from fhir_server.outbound.client import NotFetched, Outbound
from fhir_server.terminology.value_set import value_set_of

MAX_BYTES = 8 * 1024 * 1024
# After so many failures in a row nobody is asked for so many seconds.
FAILURES, PAUSE = 3, 30.0

Question = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How long one question may take, how long an answer is good for, how many are kept."""

    seconds: float = 3.0
    cache_seconds: float = 3600.0
    cache_size: int = 10_000


class Remote:
    """Questions to one server; answers and refusals are kept, failures are not."""

    def __init__(
        self,
        base: str,
        outbound: Outbound,
        bounds: Bounds,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        """Ask at `base`, the server's address, which `outbound` may ask; see `opened`."""
        self._base = base.rstrip("/")
        self._outbound = outbound
        self._bounds = bounds
        self._clock = clock
        self._kept: OrderedDict[Question, tuple[float, Mapping[str, Any]]] = OrderedDict()
        self._failures = 0
        self._paused = 0.0

    async def member(self, value_set: str, system: str, code: str) -> bool | None:
        """Say whether a code is in a ValueSet; None where that cannot be told.

        https://hl7.org/fhir/R4/valueset-operation-validate-code.html
        """
        url, _, version = value_set.partition("|")
        asked = {"url": url, "valueSetVersion": version, "system": system, "code": code}
        return _result(await self._asked("ValueSet/$validate-code", asked))

    async def code(self, system: str, code: str) -> bool | None:
        """Say whether this is a code of a system; None where that cannot be told.

        https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
        """
        url, _, version = system.partition("|")
        asked = {"url": url, "version": version, "code": code}
        return _result(await self._asked("CodeSystem/$validate-code", asked))

    async def expand(self, value_set: str, limit: int) -> frozenset[tuple[str, str]] | None:
        """Give (system, code) of all codes of a ValueSet; None where it cannot be told, or is more.

        https://hl7.org/fhir/R4/valueset-operation-expand.html
        """
        url, _, version = value_set.partition("|")
        asked = {"url": url, "valueSetVersion": version, "count": str(limit + 1)}
        answer = await self._asked("ValueSet/$expand", asked)
        try:
            found = value_set_of({"url": url, "expansion": answer.get("expansion", {})})
        except (Invalid, TypeError, AttributeError, KeyError):
            return None
        codes = frozenset((one.system, code) for one in found.include for code in one.codes or ())
        return codes if len(codes) <= limit else None

    async def _asked(self, path: str, parameters: Mapping[str, str]) -> Mapping[str, Any]:
        """Give the answer, as it was kept or is given now; empty where there is none."""
        question = (path, tuple((name, value) for name, value in parameters.items() if value))
        now = self._clock()
        until, kept = self._kept.get(question, (0.0, {}))
        if until > now:
            self._kept.move_to_end(question)
            return kept
        if self._paused > now:
            return {}
        answer = await self._sent(question)
        if answer is None:
            self._failures += 1
            if self._failures >= FAILURES:
                self._paused = self._clock() + PAUSE
            return {}
        self._failures = 0
        self._kept[question] = (now + self._bounds.cache_seconds, answer)
        while len(self._kept) > self._bounds.cache_size:
            self._kept.popitem(last=False)
        return answer

    async def _sent(self, question: Question) -> Mapping[str, Any] | None:
        """Give the answer, empty where the server knows none; None where it did not answer well."""
        path, parameters = question
        url = f"{self._base}/{path}?{urlencode(parameters)}"
        try:
            answer = await self._outbound.fetch(url, headers={"Accept": "application/fhir+json"})
            if answer.status in (400, 404, 422):
                return {}
            return json.parse_object(answer.body) if answer.status == 200 else None  # noqa: PLR2004 - HTTP's OK
        except (NotFetched, Invalid):
            return None


@asynccontextmanager
async def opened(base: str, bounds: Bounds, transport: Any = None) -> AsyncIterator[Remote]:
    """Give what asks the server at this address, until the context ends."""
    outbound = Outbound(
        frozenset({parsed(base).origin}), bounds.seconds, MAX_BYTES, transport=transport
    )
    async with outbound.kept() as kept:
        yield Remote(base, kept, bounds)


def _result(answer: Mapping[str, Any]) -> bool | None:
    rows = answer.get("parameter")
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("name") == "result":
            found = row.get("valueBoolean")
            return found if isinstance(found, bool) else None
    return None

"""The operation `GET /fhir/$data-quality`: how good what hospitals sent is, by facility and day."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from msgspec import structs

from fhir_server.access.facilities import own
from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import paging
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only, searched
from fhir_server.search.condition import both
from mappings.quality.field_profile import FieldProfile
from mappings.quality.report import Report
from mappings.quality.rows import parameters
from mappings.terms.identifiers import HL7_VIETNAM, Systems

NAME = "$data-quality"
MAX_DAYS = 366
MAX_DOCUMENTS = 200_000
_PAGE = 1_000
_FACILITY = re.compile(r"[0-9A-Za-z]{1,20}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """The days, both included; one facility, or all where it is empty."""

    first: date
    last: date
    facility: str = ""


def operation(systems: Systems = HL7_VIETNAM, profiles: tuple[FieldProfile, ...] = ()) -> Operation:
    """Give the operation; facilities are known by the identifiers of these systems."""

    async def handler(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        wish = _wish(request, _day(context.now(), context.zone))
        report = Report()
        async for document in _documents(context, wish, systems):
            day = _day(dates.parse_instant(document["date"]), context.zone)
            report.add(document, day.isoformat())
        return FhirResponse(200, json.dump(parameters(report.rows(), profiles, systems)))

    return Operation(
        name="data-quality",
        level="system",
        handler=handler,
        definition="http://fhir-server.vn/OperationDefinition/data-quality",
        documentation="Completeness, freshness, correctness and duplicates of submitted visits.",
    )


def _wish(request: FhirRequest, today: date) -> Wish:
    given = only(request, "facility", "from", "to")
    last = _date(given["to"], "to") if "to" in given else today
    first = _date(given["from"], "from") if "from" in given else last
    if not 0 <= (last - first).days < MAX_DAYS:
        raise Invalid(
            f"from and to are days, from not after to, at most {MAX_DAYS} of them.", code="value"
        )
    facility = given.get("facility", "")
    if "facility" in given and not _FACILITY.fullmatch(facility):
        raise Invalid(f"facility is a code as 99001, not {facility[:20]!r}.", code="value")
    return Wish(first, last, facility)


def _date(text: str, name: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise Invalid(f"{name} is a day as 2026-11-28, not {text[:20]!r}.", code="value") from None


def _day(ts: int, zone: tzinfo) -> date:
    """Give the day a time in µs falls on here."""
    return (datetime.fromtimestamp(0, UTC) + timedelta(microseconds=ts)).astimezone(zone).date()


async def _documents(
    context: Context, wish: Wish, systems: Systems
) -> AsyncIterator[dict[str, Any]]:
    """Give the DocumentReferences that arrived in these days, as far as the caller may see them.

    A facility's client sees those of its own facilities.
    """
    allow = both(context.allow(NAME, "DocumentReference"), own(context.caller))
    asked = [("date", f"ge{wish.first}"), ("date", f"le{wish.last}")]
    if wish.facility:
        asked.append(("author:identifier", f"{systems.sid('ma-cskcb')}|{wish.facility}"))
    query = structs.replace(searched(context, "DocumentReference", asked), count=_PAGE)
    read = 0
    while True:
        found = await paging.page(context, query, allow)
        read += len(found.rows)
        if read > MAX_DOCUMENTS:
            raise Unprocessable(
                f"More than {MAX_DOCUMENTS} documents arrived in these days: ask for fewer days, "
                "or for one facility.",
                code="too-costly",
            )
        for row in found.rows:
            yield json.reload(row.body or b"{}")
        if found.next is None:
            return
        query = structs.replace(query, after=found.next)

"""The operation `GET /legal/fhir/$sla-report`: what was done in time, what was not, how fast."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import msgspec

from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.office import Office
from extensions.judicial_record.terms.figures import COUNTS, Figures, Key, Report
from extensions.judicial_record.terms.walk import dossiers
from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import Forbidden, Invalid, Unprocessable
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from fhir_server.search.condition import AnyOf, both

NAME = "$sla-report"
MAX_DAYS = 366
MAX_DOSSIERS = 200_000
_TOO_MANY = f"More than {MAX_DOSSIERS} dossiers came in these days; ask for fewer days."

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Span:
    """Days in Viet Nam, both included."""

    first: date
    last: date


def operation(office: Office) -> Operation:
    """Give the operation; officers see the dossiers of the bodies they work for."""

    async def handler(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        span, now = _span(request, day_of(office.clock())), office.clock()
        owners = AnyOf("x.owner", _owners(context.caller))
        allow = both(context.allow(NAME, "Task"), owners)
        report, read = Report(), 0
        asked = [("authored-on", f"ge{span.first}"), ("authored-on", f"le{span.last}")]
        async for one in dossiers(context, allow, asked=asked):
            read += 1
            if read > MAX_DOSSIERS:
                raise Unprocessable(_TOO_MANY, code="too-costly")
            report.add(one, now)
        return FhirResponse(200, json.dump(parameters(report)))

    return Operation(
        name="sla-report",
        level="system",
        handler=handler,
        definition=f"{DEFINITION}/sla-report",
        documentation="Dossiers received, done in time, late and open, by issuer, lane and rule.",
    )


def parameters(report: Report) -> Json:
    """Give the report as Parameters: a `row` for each issuer, lane and rule."""
    rows = [{"name": "row", "part": _row(key, row)} for key, row in report.sorted()]
    return {"resourceType": "Parameters", **({"parameter": rows} if rows else {})}


def _row(key: Key, row: Figures) -> list[Json]:
    told: list[Json] = [
        {"name": "issuer", "valueReference": {"reference": key.issuer}},
        {"name": "lane", "valueCode": key.lane},
        {"name": "rule", "valueString": key.rule},
        *({"name": name, "valueInteger": row.counts[name]} for name in COUNTS),
    ]
    for name, days in (("median-days", row.median), ("p95-days", row.p95)):
        if days is not None:
            told.append({"name": name, "valueDecimal": _number(days)})
    return told


def _number(value: float) -> msgspec.Raw:
    """Give a figure with two decimals as FHIR's JSON has it."""
    return msgspec.Raw(str(Decimal(value).quantize(Decimal("0.01"))).encode())


def _owners(caller: Caller) -> tuple[str, ...]:
    """Give the bodies an officer works for; Forbidden for anybody else."""
    if not caller.user.startswith("Practitioner/") or not caller.organisations:
        raise Forbidden("The report is for officers of a body that issues certificates.")
    return tuple(f"Organization/{one}" for one in sorted(caller.organisations))


def _span(request: FhirRequest, today: date) -> Span:
    given = only(request, "from", "to")
    last = _date(given["to"], "to") if "to" in given else today
    first = _date(given["from"], "from") if "from" in given else last
    if not 0 <= (last - first).days < MAX_DAYS:
        told = f"from and to are days, from not after to, at most {MAX_DAYS} of them."
        raise Invalid(told, code="value")
    return Span(first, last)


def _date(text: str, name: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise Invalid(f"{name} is a day as 2026-11-28, not {text[:20]!r}.", code="value") from None

"""The public page: scan a code or type it, fill in five fields, read valid or not valid."""

from typing import Any

from extensions.judicial_record.pages import acts
from extensions.judicial_record.verifying import lookup
from extensions.judicial_record.verifying.gate import TYPE
from extensions.judicial_record.verifying.verify import LONGEST
from fhir_server.fhir.dates import SECOND, parse_instant
from fhir_server.fhir.errors import FhirError, TooManyRequests
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.visit import Visit
from fhir_server.pages.words import day, moment

NAMES = ("code", *lookup.FIELDS)
GENDERS = ("male", "female", "other", "unknown")


async def show(visit: Visit) -> Answer:
    """Give the form; the code of the address is filled in."""
    return _form(visit)


async def answer(visit: Visit) -> Answer:
    """Give the verdict, big; what was typed is not shown again."""
    given = [{"name": name, "valueString": visit.form.one(name).strip()} for name in NAMES]
    try:
        told = await acts.act(visit, f"{TYPE}/$verify", given)
    except TooManyRequests:
        return _form(visit, "verify.wait", 429)
    except FhirError:
        return _form(visit, "verify.incomplete", 400)
    return Page("verified", _told(visit, {one["name"]: one for one in told["parameter"]}))


def _told(visit: Visit, verdict: dict[str, Any]) -> dict[str, Any]:
    updated = verdict.get("updated", {}).get("valueInstant")
    seconds = parse_instant(updated) / SECOND if updated else 0
    zone = visit.site.base.context.zone
    return {
        "valid": verdict["valid"]["valueBoolean"],
        "issued": day(visit.language, verdict.get("issued", {}).get("valueDate", "")),
        "issuer": verdict.get("issuer", {}).get("valueString", ""),
        "updated": moment(visit.language, seconds, zone) if updated else "",
    }


def _form(visit: Visit, problem: str = "", status: int = 200) -> Page:
    code = visit.parts.get("code", "")
    told = {
        "code": code if lookup.CODE.fullmatch(code) else "",
        "genders": GENDERS,
        "longest": LONGEST,
        "problem_key": problem,
    }
    return Page("verify", told, status)

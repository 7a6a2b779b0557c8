"""Apply for a certificate: the fields of the application's own table, in parts a person reads."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from extensions.judicial_record.dossier.application import ROWS, Row
from extensions.judicial_record.pages import acts, inputs
from fhir_server.fhir.errors import FhirError
from fhir_server.pages.answers import Answer, Goto, Page
from fhir_server.pages.visit import Visit

# Files are sent by apps, or brought to the counter; the rest is asked for here.
PARTS: Mapping[str, Sequence[str]] = {
    "request": (
        *("form", "prohibition-info", "purpose", "purpose-text", "legal-basis", "copies"),
        *("fee-group", "delivery", "delivery-address"),
    ),
    "person": (
        *("name", "other-name", "gender", "birth-date", "birth-place", "nationality", "ethnicity"),
        *("identity-document", "phone", "email", "permanent-address", "temporary-address"),
    ),
    "family": (
        *("father-name", "father-birth-year", "mother-name", "mother-birth-year"),
        *("spouse-name", "spouse-birth-year"),
    ),
    "history": ("residence", "declared-conviction"),
}


async def show(visit: Visit) -> Answer:
    """Give the form."""
    return _form(visit)


async def answer(visit: Visit) -> Answer:
    """Send the application; what is wrong is told beside the form, which keeps its values."""
    given = inputs.parameters(_rows(), visit.form, {})
    channel = {"name": "channel", "valueCode": "online"}
    try:
        made = await acts.act(visit, "Task/$submit", [*given, channel])
    except FhirError as error:
        return _form(visit, error)
    return Goto(f"dossier/{quote(made['id'])}")


def _rows() -> list[Row]:
    return [ROWS[name] for names in PARTS.values() for name in names]


def _form(visit: Visit, error: FhirError | None = None) -> Page:
    parts: dict[str, Any] = {
        part: inputs.inputs([ROWS[name] for name in names], visit.form, {})
        for part, names in PARTS.items()
    }
    problems = [issue.diagnostics for issue in error.issues] if error else []
    return Page("apply", {"parts": parts, "problems": problems}, error.status if error else 200)

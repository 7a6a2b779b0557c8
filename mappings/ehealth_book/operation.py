"""The operation `GET /fhir/Patient/{id}/$ehealth-book`: one page of a person's book."""

from fhir_server.fhir import dates
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.parameters import only
from fhir_server.interactions.write import check_id
from mappings.ehealth_book.document import document
from mappings.ehealth_book.gather import Wish, gather
from mappings.terms.identifiers import HL7_VIETNAM, Systems

DEFAULT_COUNT = 20
MAX_COUNT = 100


def operation(systems: Systems = HL7_VIETNAM) -> Operation:
    """Give the operation; the book's identifiers are of these systems."""

    async def handler(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
        return await ehealth_book(context, request, target, systems)

    return Operation(
        name="ehealth-book",
        level="instance",
        handler=handler,
        definition="http://fhir-server.vn/OperationDefinition/ehealth-book",
        types=("Patient",),
        documentation="A person's e-health book, newest visits first, as a document Bundle.",
    )


async def ehealth_book(
    context: Context, request: FhirRequest, target: Target, systems: Systems = HL7_VIETNAM
) -> FhirResponse:
    """Answer with a document Bundle; 400 for a parameter it does not know, 404, or 410.

    Parameters: `_count` visits a page, `_since` a date or instant, `_before` from relatesTo.
    """
    if request.method == "POST" and request.body:
        raise Invalid("Ask for the book by GET; its parameters stand in the URL.")
    page = await gather(context, _wish(context, request, target.id or ""))
    body = document(
        page,
        identities=(context.new_id(), context.new_id()),
        base_url=context.base_url,
        date=dates.instant(context.now()),
        systems=systems,
    )
    return FhirResponse(200, body)


def _wish(context: Context, request: FhirRequest, patient: str) -> Wish:
    check_id(patient)
    given = only(request, "_count", "_since", "_before")
    since = given.get("_since", "")
    return Wish(
        patient,
        _count(given.get("_count", str(DEFAULT_COUNT))),
        since=dates.date_range(since, context.zone)[0] if "_since" in given else None,
        since_text=since,
        before=given.get("_before"),
    )


def _count(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and int(text) > 0):  # noqa: PLR2004 (an int32)
        raise Invalid(
            f"_count is a number of visits from 1 to {MAX_COUNT}, not {text[:20]!r}.", code="value"
        )
    return min(int(text), MAX_COUNT)

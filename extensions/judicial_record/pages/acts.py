"""What somebody signed in does on these pages: by the same road as every request to the base.

Which operation takes what is the dossier's own table; the forms are drawn from it.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from extensions.judicial_record.certificate.correction import TAKES as CORRECTION
from extensions.judicial_record.certificate.revoke import TAKES as REVOCATION
from extensions.judicial_record.dossier.application import Row
from extensions.judicial_record.dossier.check import PROPOSAL
from extensions.judicial_record.dossier.decide import DECISIONS
from extensions.judicial_record.dossier.sign import DELIVERY
from extensions.judicial_record.reaching import PAGES
from fhir_server.access.caller import Caller
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError, Unavailable
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Context, Origin
from fhir_server.interactions.dispatch import dispatch
from fhir_server.pages.refusals import Refused
from fhir_server.pages.site import is_a
from fhir_server.pages.visit import Visit

Json = dict[str, Any]
# What the audit calls these pages: the client that asks.
_UNAVAILABLE = 503
_GONE = 404

# What each operation takes; the inputs of `pay` are made by the page of the stub.
TAKES: Mapping[str, Sequence[Row]] = {
    **{one.name: one.takes for one in DECISIONS},
    "pay": (),
    "check-sources": (),
    "propose": PROPOSAL,
    "sign": (),
    "deliver": DELIVERY,
    "revoke": REVOCATION,
    "propose-correction": CORRECTION,
    "correct": (),
}
# Who of the officers is offered which; the operation itself decides.
_SIGNER = ("sign", "deliver", "revoke", "correct")
_READS = ("Task", "Person", "Organization", "JudicialRecordCertificate", "DocumentReference")
_HOLDER = ("submit", "pay", "supplement", "withdraw", "passcode")


def offered(visit: Visit, operation: str) -> bool:
    """Say whether an operation has a form for this user."""
    user = visit.signed_in.user
    if is_a(user, "Practitioner"):
        return is_a(user, "signer" if operation in _SIGNER else "clerk")
    return operation in _HOLDER


def scopes(visit: Visit) -> tuple[str, ...]:
    """Give what the user's role gives: reading, and the operations that have a form."""
    reads = (*(f"legal/{one}.rs" for one in _READS), "legal/Binary.r")
    known = (*TAKES, "submit", "passcode")
    return ("legal/$verify", *reads, *(f"legal/${one}" for one in known if offered(visit, one)))


def caller(visit: Visit) -> Caller:
    """Give who asks: the user, by what his role gives."""
    user = visit.signed_in.user
    return Caller(
        name=f"{PAGES}/{user.sub}",
        client=PAGES,
        user=user.fhir_user,
        scopes=scopes(visit),
        organisations=user.organisations,
    )


def context(visit: Visit) -> Context:
    """Give the base as the user sees it, or as anybody does before a sign-in."""
    base = visit.site.base.context
    who = caller(visit) if visit.session else base.caller
    return base.but(caller=who, origin=Origin(peer=visit.address))


async def read(visit: Visit, path: str) -> Json:
    """Give a resource as the user may see it; Refused, with one text, where he may not."""
    try:
        return await _asked(visit, FhirRequest("GET", path))
    except FhirError as error:
        raise _refused(error) from None


async def search(visit: Visit, type_: str, *asked: tuple[str, str]) -> list[Json]:
    """Give the resources found that the user may see."""
    found, _ = await pages(visit, type_, *asked, most=1)
    return found


async def pages(
    visit: Visit, type_: str, *asked: tuple[str, str], most: int
) -> tuple[list[Json], bool]:
    """Give the resources found on at most so many pages, and whether there are more pages."""
    found: list[Json] = []
    after: Sequence[tuple[str, str]] = ()
    for _ in range(most):
        try:
            request = FhirRequest("POST", f"{type_}/_search", (*asked, *after))
            page = await _asked(visit, request)
        except FhirError as error:
            raise _refused(error) from None
        found += [one["resource"] for one in page.get("entry", ())]
        after = [
            pair
            for link in page.get("link", ())
            if link["relation"] == "next"
            for pair in parse_qsl(urlsplit(link["url"]).query)
            if pair[0] == "_page"
        ]
        if not after:
            return found, False
    return found, True


async def act(visit: Visit, path: str, parameters: Sequence[Json] = ()) -> Json:
    """Give what an operation answers; raises what it raises, Refused where nobody is there."""
    body = json.dump({"resourceType": "Parameters", "parameter": [*parameters]})
    if not parameters:
        body = json.dump({"resourceType": "Parameters"})
    try:
        return await _asked(visit, FhirRequest("POST", path, body=body))
    except Unavailable as error:
        raise _refused(error) from None


async def _asked(visit: Visit, request: FhirRequest) -> Json:
    answer = await dispatch(visit.site.base.routes, context(visit), request)
    return json.parse_object(answer.body)


def _refused(error: FhirError) -> Refused:
    if error.status == _UNAVAILABLE:
        return Refused(_UNAVAILABLE, "refused.unavailable")
    return Refused(_GONE, "refused.nothing")

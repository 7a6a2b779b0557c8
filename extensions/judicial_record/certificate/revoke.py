"""The operation `$revoke`: a certificate is recalled or annulled, and nobody is told it is good.

Law 28/2009/QH12, article 50.
"""

from functools import partial
from typing import Any, Final

from extensions.judicial_record.certificate import ending
from extensions.judicial_record.certificate.forms import TYPE
from extensions.judicial_record.dossier import record, road
from extensions.judicial_record.dossier.lifecycle import OFFICER
from extensions.judicial_record.dossier.words import word, words
from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.office import Office
from extensions.judicial_record.proof import status_list
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir.errors import Conflict
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.store.documents import Change, Stored
from fhir_server.store.transact import Transaction

Json = dict[str, Any]
# How the certificate ends, by the kind of decision.
ENDS: Final = {"recall": "revoked", "annul": "annulled"}
TAKES: Final = (
    word("kind", "code", 1, codes=tuple(ENDS)),
    word("decisionNumber", "string", 1, longest=64),
    word("decisionDate", "date", 1),
    word("reason", "string", 1, longest=2000),
)
_GOOD = ("issued", "superseded")


async def revoke(
    office: Office, context: Context, request: FhirRequest, target: Target
) -> FhirResponse:
    """Revoke a certificate of the caller's own body; the same decision again is the same answer.

    Raises Unprocessable for what is not as TAKES says, NotFound for a certificate of others,
    Conflict for one that was ended otherwise.
    """
    told = words(await road.parameters(context, request), TAKES, "")
    given = {name: value for name, (value,) in told.items()}
    id_ = road.identity(target)
    standing = await ending.signers(office, context, id_)
    if standing["status"] in _GOOD:
        await ending.announced(office, standing, status_list.REVOKED, ENDS[given["kind"]])
    made = await _committed(office, context, id_, given)
    return FhirResponse(200, made.body or b"", respond.version_headers(made))


async def _committed(office: Office, context: Context, id_: str, given: Json) -> Stored:
    found: list[Stored] = []

    async def plan(transaction: Transaction) -> list[Change]:
        stored = await transaction.read(TYPE, id_)
        assert stored is not None, "a certificate is never deleted"
        found[:] = [stored]
        made = await ending.ended(context, transaction, id_, partial(_ended, given))
        if made:
            at, whom = office.clock(), [f"{TYPE}/{id_}"]
            made.append(record.of(context, "revoke", OFFICER, whom, now=at))
        return made

    made = await context.store.transact(OFFICE, plan)
    return next(iter([*made, *found]))


def _ended(given: Json, before: Json) -> Json:
    status = ENDS[given["kind"]]
    revocation = {
        "kind": given["kind"],
        "decisionNumber": given["decisionNumber"],
        "decisionDate": given["decisionDate"],
        "authority": {"reference": before["issuer"]["reference"]},
        "reason": given["reason"],
    }
    if before.get("revocation") == revocation:
        return before
    if before["status"] not in _GOOD:
        raise Conflict(
            f"The certificate is {before['status']} already.", expression=f"{TYPE}.status"
        )
    return {**before, "status": status, "revocation": revocation}


def operation(office: Office) -> Operation:
    """Give the operation of an issuing system."""

    async def handler(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
        return await revoke(office, context, request, target)

    return Operation(
        name="revoke",
        level="instance",
        handler=handler,
        definition=f"{DEFINITION}/certificate-revoke",
        types=(TYPE,),
        affects_state=True,
        documentation="Recalls or annuls a certificate, by a decision.",
    )

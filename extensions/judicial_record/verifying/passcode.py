"""Six digits with which a holder lets one organisation see one certificate once, for one purpose.

They are made here, told once, kept as an argon2 hash, and good for a day and five tries.
"""

import asyncio
import hashlib
import re
import secrets
from typing import Final

from extensions.judicial_record.names import DEFINITION
from extensions.judicial_record.verifying.gate import TYPE, Gate, certificate_of
from fhir_server.fhir import dates, json
from fhir_server.fhir.dates import SECOND
from fhir_server.fhir.errors import Forbidden, Invalid, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.operation import Operation
from fhir_server.oauth import passwords
from fhir_server.operations.current import key
from fhir_server.operations.inputs import inputs

KIND, TRIES = "passcodes", "passcode_tries"
DIGITS, MOST_TRIES, LASTS = 6, 5, 24 * 3600
PURPOSE = re.compile(r"[a-z][a-z0-9-]{0,63}", re.ASCII)
_INPUTS: Final = {"purpose": "valueCode"}


def renew(gate: Gate, certificate: str, purpose: str) -> tuple[str, int]:
    """Give a new passcode and its end, in seconds since the epoch; the one before ends now."""
    digits = f"{secrets.randbelow(10**DIGITS):0{DIGITS}}"
    records, expires = gate.office.records, gate.seconds + LASTS
    row = {
        "serial": secrets.token_hex(16),
        "hash": passwords.hashed(digits),
        "used": False,
        "expires": expires,
    }
    id_ = _id(certificate, purpose)
    if not records.insert(KIND, {"_id": id_, **row}):
        records.change(KIND, {"_id": id_}, row)
    return digits, expires


def spend(gate: Gate, certificate: str, purpose: str, digits: str) -> bool:
    """Say whether these digits open the certificate, once; a wrong try counts before it is judged.

    Of many who try at once no more than five are judged, and no more than one gets in. Nothing,
    used, expired and locked cost what a wrong one costs.
    """
    records, now = gate.office.records, gate.seconds
    row = records.get(KIND, _id(certificate, purpose)) if certificate else None
    if row is None or row["used"] or row["expires"] <= now:
        passwords.dummy()
        return False
    if records.count_up(TRIES, row["serial"], row["expires"]) > MOST_TRIES:
        passwords.dummy()
        return False
    if not passwords.holds(row["hash"], digits):
        return False
    one = {"_id": row["_id"], "serial": row["serial"], "used": False}
    return records.change(KIND, one, {"used": True}) is not None


async def given(gate: Gate, context: Context, id_: str, purpose: str) -> tuple[str, int]:
    """Give the holder who asks a new passcode for his certificate, and its end in seconds.

    Raises NotFound for a certificate that is not his, as for none, and Forbidden for Form 2.
    """
    if not PURPOSE.fullmatch(purpose):
        told = "Say the purpose as a code: small letters, digits and dashes."
        raise Invalid(told, code="required")
    certificate = await certificate_of(context, id_)
    holder = context.caller.user
    if not certificate or not holder or certificate["subject"].get("reference") != holder:
        raise NotFound(f"{TYPE}/{id_} is not known.")
    if certificate["form"] != "form-1":
        raise Forbidden("Nobody may ask you to show Form 2, so there is no passcode for it.")
    return await asyncio.to_thread(renew, gate, id_, purpose)


def operation(gate: Gate) -> Operation:
    """Give the operation of an issuing system."""

    async def handler(context: Context, request: FhirRequest, target: Target) -> FhirResponse:
        _, id_ = key(context, target)
        purpose = inputs(context, request, _INPUTS).get("purpose", "")
        digits, expires = await given(gate, context, id_, purpose)
        told = [
            {"name": "passcode", "valueString": digits},
            {"name": "until", "valueInstant": dates.instant(expires * SECOND)},
        ]
        body = {"resourceType": "Parameters", "parameter": told}
        return FhirResponse(200, json.dump(body), [("Cache-Control", "no-store")])

    return Operation(
        name="passcode",
        level="instance",
        handler=handler,
        definition=f"{DEFINITION}/certificate-passcode",
        types=(TYPE,),
        affects_state=True,
        documentation="Gives the holder six digits that open his certificate once.",
    )


def _id(certificate: str, purpose: str) -> str:
    return hashlib.sha256(f"{certificate} {purpose}".encode()).hexdigest()

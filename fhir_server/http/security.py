"""From the headers of a request to who asks."""

from fhir_server.access.caller import Caller
from fhir_server.base import Asked, Base
from fhir_server.fhir.errors import Invalid, Unauthorized
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.http.exchange import Scope
from fhir_server.interactions.audit import noting
from fhir_server.interactions.context import Context, Origin, Target

_TOLD = frozenset({b"authorization", b"dpop"})


async def known(
    base: Base, scope: Scope, request: FhirRequest, code: str, target: Target, *, request_id: bytes
) -> Context:
    """Give the base's context as the one who asks sees it; raise Unauthorized for nobody known.

    A token that was good once is noted as refused.
    """
    peer = (scope.get("client") or ("",))[0]
    noted = peer if base.context.limits.audit_addresses else ""
    origin = Origin(request_id.decode(), noted, peer)
    if code in base.open:
        return base.context.but(origin=origin)
    told = [(name, value.decode("latin-1")) for name, value in scope["headers"] if name in _TOLD]
    sent = dict(told)
    if len(sent) < len(told) or b"access_token=" in scope["query_string"]:
        raise Invalid("Who asks is told once, in the header Authorization; never in the URL.")
    asked = Asked(
        sent.get(b"authorization", ""),
        sent.get(b"dpop", ""),
        scope["method"],
        base.context.base_url + scope["path"].removeprefix(base.path),
    )
    try:
        caller = await base.authenticate(asked)
        return base.context.but(caller=caller, origin=origin)
    except Unauthorized as failure:
        if failure.client:
            late = Caller(failure.client, client=failure.client)
            context = base.context.but(caller=late, origin=origin)
            note = noting(context, code, request, target)
            if note:
                await note.refused(failure)
        raise

"""What is remembered of each move: a Provenance, of the dossier or of the work.

https://hl7.org/fhir/R4/provenance.html
"""

from collections.abc import Sequence
from typing import Any

from extensions.judicial_record.dossier.task import CLIENT, RULE, coded
from extensions.judicial_record.law.policy import Rule
from extensions.judicial_record.names import LEGAL
from fhir_server.fhir import dates
from fhir_server.interactions.context import Context
from fhir_server.interactions.write import built, change, of_the_server
from fhir_server.store.documents import Change

ACTIVITY, ROLE = f"{LEGAL}/CodeSystem/dossier-operation", f"{LEGAL}/CodeSystem/dossier-role"
PERSON = f"{LEGAL}/sid/person"


def of(
    context: Context,
    operation: str,
    role: str,
    targets: Sequence[str],
    *,
    now: int,
    rules: Sequence[Rule] = (),
) -> Change:
    """Give the Change that remembers who moved `targets`, and by which rules of law."""
    told = {
        "resourceType": "Provenance",
        "target": [{"reference": one} for one in targets],
        "recorded": dates.instant(now),
        "activity": coded(ACTIVITY, operation),
        "agent": [{"role": [coded(ROLE, role)], "who": who(context)}],
    }
    if rules:
        told["policy"] = [f"{RULE}/{rule.key}" for rule in rules]
    whole = built(context, "Provenance", told)
    identity = context.new_id()
    made = change(context, "Provenance", identity, whole, method="create", must_not_exist=True)
    return of_the_server(made)


def who(context: Context) -> dict[str, Any]:
    """Give who acts; R4 lets no Person stand there, so he is named by an identifier.

    https://hl7.org/fhir/R4/provenance-definitions.html#Provenance.agent.who
    """
    caller = context.caller
    if caller.user.startswith("Practitioner/"):
        return {"reference": caller.user}
    if caller.user:
        return {"identifier": {"system": PERSON, "value": caller.user.partition("/")[2]}}
    return {"identifier": {"system": CLIENT, "value": caller.client}}

"""The one place that says what a caller may do.

Every read and write carries the Condition given here; the store refuses to run without one.
"""

from fhir_server.access.caller import Caller
from fhir_server.fhir.errors import Forbidden
from fhir_server.search.condition import Condition, Everything


def decide(caller: Caller, interaction: str, type_: str | None) -> Condition:
    """Give the Condition that narrows this interaction on this type; raise Forbidden if none.

    `interaction` is a code of http://hl7.org/fhir/R4/valueset-type-restful-interaction.html, or
    `$name` for an operation; `type_` is None at system level. `--auth none` is one caller that
    may do everything, and only from loopback.
    """
    if caller.unrestricted:
        return Everything()
    raise Forbidden(f"{interaction} on {type_ or 'the whole system'} is not allowed to you.")

"""The code an operation is asked about: code and system, a Coding, or a CodeableConcept.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.verdict import Coding

# Codings of one CodeableConcept.
MAX_CODINGS = 20
_FORMS = ("code", "coding", "codeableConcept")


def asked(given: Mapping[str, Any], system: str = "", version: str = "") -> Sequence[Coding]:
    """Give what is asked about; `code` goes with the `system` and `version` given here.

    Raises Invalid where there is none, or one in more than one form.
    """
    forms = [name for name in _FORMS if name in given]
    if len(forms) != 1:
        told = f"Give one of {', '.join(_FORMS)}, not {' and '.join(forms) or 'none'}."
        raise Invalid(told, code="required" if not forms else "invalid")
    if "display" in given and "code" not in given:
        raise Invalid("A display goes with a code; a Coding has its own.")
    if "code" in given:
        return (Coding(system, given["code"], version, given.get("display", "")),)
    rows = [given["coding"]] if "coding" in given else given["codeableConcept"].get("coding", ())
    if len(rows) > MAX_CODINGS:
        raise Invalid(f"More than {MAX_CODINGS} codings are too many.", code="too-costly")
    found = tuple(coding(row) for row in rows if row.get("code"))
    if not found:
        raise Invalid(f"The {forms[0]} has no code.", code="required")
    return found


def coding(row: Mapping[str, Any]) -> Coding:
    """Give a Coding as JSON has it."""
    return Coding(
        row.get("system", ""), row.get("code", ""), row.get("version", ""), row.get("display", "")
    )

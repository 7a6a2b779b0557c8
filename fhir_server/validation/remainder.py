"""The remainder: what of a badly built resource can be judged by rules and profiles all the same.

So that whoever sends it is told everything at once: https://hl7.org/fhir/R4/validation.html
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_server.fhir.errors import Issue
from fhir_server.spec.spec import Spec
from fhir_server.validation.structure import structural_issues

# The first step of a location: `Patient.contact[0].name` → contact.
_FIRST = re.compile(r"[A-Za-z]+\.([A-Za-z_][A-Za-z0-9_]*)", re.ASCII)


def remainder(
    spec: Spec, resource: Mapping[str, Any], found: Sequence[Issue]
) -> dict[str, Any] | None:
    """Give a resource without the properties that faults of its structure were found in.

    None where what is left is not well built either, but for elements that are missing.
    """
    type_, names = resource.get("resourceType"), _names(found)
    if not isinstance(type_, str) or type_ not in spec.types or "" in names:
        return None
    keys = spec.structures.keys(type_)
    kept = {
        name: value
        for name, value in resource.items()
        if (key := keys.get(name.removeprefix("_"))) and key.element.name not in names
    }
    whole = {"resourceType": type_, **kept}
    left = structural_issues(spec, whole)
    missing = all(one.code == "required" and one.expression.count(".") == 1 for one in left)
    return whole if missing else None


def apart(issues: Iterable[Issue], found: Sequence[Issue]) -> list[Issue]:
    """Give the issues of a remainder that tell of what is in it.

    What is said of the resource as a whole may come from what was left out.
    """
    names = _names(found)
    return [one for one in issues if _name(one) not in {*names, ""}]


def _names(found: Iterable[Issue]) -> set[str]:
    return {_name(one) for one in found}


def _name(issue: Issue) -> str:
    """Give the element of the resource an issue is in; '' for one of the whole."""
    step = _FIRST.match(issue.expression)
    return step[1] if step else ""

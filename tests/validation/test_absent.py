"""A primitive may be absent with an extension that says why: no rule may count on its value."""

from copy import deepcopy
from pathlib import Path

import pytest

from fhir_server.fhir.json import parse_object
from fhir_server.interactions.judging import definitions
from fhir_server.validation.questions import Questions
from fhir_server.validation.structure import structural_issues
from fhir_server.validation.validator import rule_issues

EXAMPLES = Path(__file__).parents[1] / "conformance" / "r4_examples"
# Types with rules of their own.
TYPES = (
    "Bundle", "CapabilityStatement", "MeasureReport", "Questionnaire", "QuestionnaireResponse",
    "SearchParameter", "StructureDefinition",
)  # fmt: skip
WHY = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
ABSENT = {"extension": [{"url": WHY, "valueCode": "unknown"}]}
MOST = 60


class Everything(dict):
    """Answers with the first example of a type, whatever is asked for."""

    def __contains__(self, question):
        return question[0] in ("questionnaire", "measure")

    def __getitem__(self, question):
        return first(question[0].capitalize())


def first(type_):
    file = next(file for file in sorted(EXAMPLES.iterdir()) if file.name.startswith(f"{type_}-"))
    return parse_object(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))


def holders(value, path=()):
    """Yield the path of each object and the names of its primitives."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(inner, dict | list):
            yield from holders(inner, (*path, key))
        elif isinstance(key, str) and key != "resourceType":
            yield (*path, key)


def without(resource, path):
    changed = holder = deepcopy(resource)
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    holder[f"_{path[-1]}"] = ABSENT
    return changed


@pytest.mark.parametrize("type_", TYPES)
def test_a_resource_is_judged_whatever_is_absent(spec, type_):
    resource = first(type_)
    judged = 0
    paths = list(holders(resource))
    for path in paths[:: max(1, len(paths) // MOST)]:
        changed = without(resource, path)
        if not structural_issues(spec, changed):
            rule_issues(definitions(spec), changed, (), Questions(Everything()))
            judged += 1
    assert judged

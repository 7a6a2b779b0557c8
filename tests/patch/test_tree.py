"""Editing shares what it does not change, and what a patch costs is bounded in every format."""

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Unprocessable
from fhir_server.patch import tree
from fhir_server.patch.apply import read_patch
from fhir_server.patch.tree import Effort, edited
from tests.patch.written import operation, patient

WIDE = patient(name=[{"family": f"n{place}"} for place in range(100)])


def test_what_is_not_edited_is_shared():
    value = {"a": {"b": [1]}, "c": {"d": 2}}
    found = edited(value, ("a", "b"), lambda items: items.append(2), Effort())
    assert found == {"a": {"b": [1, 2]}, "c": {"d": 2}}
    assert value == {"a": {"b": [1]}, "c": {"d": 2}}
    assert found["c"] is value["c"]


def parameters(*operations):
    return json.dump({"resourceType": "Parameters", "parameter": list(operations)})


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (
            "application/json-patch+json",
            json.dump([{"op": "replace", "path": "/name/0/family", "value": "x"}] * 20),
        ),
        ("application/fhir+json", parameters(*[operation("delete", "Patient.name[0]")] * 20)),
        ("application/fhir+json", parameters(operation("delete", "Patient.name.where(use = 'x')"))),
        (
            "application/fhir+json",
            parameters(*[operation("move", "Patient.name", source=1, destination=0)] * 20),
        ),
        (
            "application/xml-patch+xml",
            b"<diff>" + b'<remove sel="Patient/name[1]"/>' * 20 + b"</diff>",
        ),
        (
            "application/xml-patch+xml",
            b"<diff><remove sel=\"Patient/name[family/@value='x']\"/></diff>",
        ),
    ],
)
def test_a_patch_that_looks_at_too_much_is_stopped(spec, monkeypatch, media_type, body):
    monkeypatch.setattr(tree, "MAX_EFFORT", 10_000)
    with pytest.raises(Unprocessable) as refused:
        read_patch(spec, media_type, body, None).apply(WIDE)
    assert refused.value.issues[0].code == "too-costly"

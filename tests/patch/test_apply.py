"""A patch as it comes by HTTP or in a Bundle: read once, applied without changing its input."""

import base64

import pytest

from fhir_server.fhir import json
from fhir_server.fhir.errors import Invalid, Unprocessable, UnsupportedMediaType
from fhir_server.patch.apply import MEDIA_TYPES, read_patch

PATIENT = {
    "resourceType": "Patient",
    "id": "a",
    "meta": {"versionId": "3", "lastUpdated": "2026-01-01T00:00:00Z", "source": "http://s"},
    "name": [{"family": "An"}],
}
JSON_PATCH = "application/json-patch+json"


def operations(*given):
    return json.dump(list(given))


def patched(spec, *given, resource=PATIENT):
    return read_patch(spec, JSON_PATCH, operations(*given), None).apply(resource)


def test_a_patch_is_read_once_and_applied_often(spec):
    patch = read_patch(
        spec, JSON_PATCH, operations({"op": "add", "path": "/active", "value": True}), None
    )
    assert patch.apply(PATIENT) == PATIENT | {"active": True}
    assert patch.apply({"resourceType": "Patient"}) == {"resourceType": "Patient", "active": True}


def test_an_array_that_loses_its_last_item_goes(spec):
    found = patched(spec, {"op": "remove", "path": "/name/0/family"})
    assert "name" not in found
    assert PATIENT["name"] == [{"family": "An"}]


def test_an_array_may_be_empty_in_between(spec):
    found = patched(
        spec,
        {"op": "remove", "path": "/name/0"},
        {"op": "add", "path": "/name/-", "value": {"family": "Bo"}},
    )
    assert found["name"] == [{"family": "Bo"}]


@pytest.mark.parametrize(
    ("operation", "where"),
    [
        ({"op": "replace", "path": "/id", "value": "b"}, "Patient.id"),
        ({"op": "remove", "path": "/id"}, "Patient.id"),
        ({"op": "replace", "path": "/resourceType", "value": "Person"}, "Patient.resourceType"),
        ({"op": "move", "from": "/resourceType", "path": "/x"}, "Patient.resourceType"),
        ({"op": "replace", "path": "", "value": {}}, "Patient.resourceType"),
    ],
)
def test_the_type_and_the_id_do_not_change(spec, operation, where):
    with pytest.raises(Unprocessable) as refused:
        patched(spec, operation)
    assert refused.value.issues[0].expression == where


def test_a_patch_that_leaves_no_object_is_refused(spec):
    with pytest.raises(Unprocessable):
        patched(spec, {"op": "replace", "path": "", "value": []})


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/meta"},
        {"op": "replace", "path": "/meta", "value": {"versionId": "9", "source": "http://t"}},
        {"op": "remove", "path": "/meta/versionId"},
    ],
)
def test_version_and_time_stay(spec, operation):
    meta = patched(spec, operation)["meta"]
    assert (meta["versionId"], meta["lastUpdated"]) == ("3", "2026-01-01T00:00:00Z")


def test_in_a_bundle_a_json_patch_comes_in_a_binary(spec):
    data = base64.b64encode(operations({"op": "remove", "path": "/name"})).decode()
    binary = {"resourceType": "Binary", "contentType": JSON_PATCH, "data": data}
    patch = read_patch(spec, "application/fhir+json", b"", binary)
    assert "name" not in patch.apply(PATIENT)


@pytest.mark.parametrize(
    "binary",
    [
        {},
        {"contentType": JSON_PATCH},
        {"contentType": JSON_PATCH, "data": "%"},
        {"contentType": JSON_PATCH, "data": "é"},
        {"contentType": JSON_PATCH, "data": 1},
        {"contentType": JSON_PATCH, "data": "AAAA"},
    ],
)
def test_a_binary_that_holds_no_patch_is_refused(spec, binary):
    with pytest.raises(Invalid):
        read_patch(spec, "application/fhir+json", b"", {"resourceType": "Binary", **binary})


def test_another_media_type_is_told_which_are_accepted(spec):
    with pytest.raises(UnsupportedMediaType) as refused:
        read_patch(spec, "application/text", b"{}", None)
    assert dict(refused.value.headers)["Accept-Patch"] == ", ".join(MEDIA_TYPES)


def test_the_media_type_may_have_parameters(spec):
    assert read_patch(spec, "Application/JSON-Patch+json; charset=utf-8", b"[]", None)

"""What a version says of itself."""

from fhir_server.fhir import json
from fhir_server.store.documents import Change, portions, stamped


def test_the_stamp_replaces_what_the_client_said_of_version_and_time():
    meta = {"lastUpdated": "1999-01-01T00:00:00Z", "profile": ["p"], "versionId": "7"}
    resource = {"active": True, "id": "other", "resourceType": "Other", "meta": meta}
    body = stamped(Change("Patient", "p1", "update", resource), 3, 0)
    assert body == (
        b'{"resourceType":"Patient","id":"p1","meta":{"versionId":"3",'
        b'"lastUpdated":"1970-01-01T00:00:00.000000Z","profile":["p"]},"active":true}'
    )


def test_the_resource_itself_is_left_as_it_was():
    resource = {"meta": {"tag": []}}
    stamped(Change("Patient", "p1", "create", resource), 1, 0)
    assert resource == {"meta": {"tag": []}}
    assert json.dump(resource) == b'{"meta":{"tag":[]}}'


def test_portions_give_everything_once_in_its_order():
    listed = [str(number) for number in range(250)]
    parts = list(portions(listed))
    assert [one for part in parts for one in part] == listed
    assert max(map(len, parts)) <= 100
    assert list(portions([])) == []

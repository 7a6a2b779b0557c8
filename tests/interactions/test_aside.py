"""What is judged for long is judged in a thread: the loop is there for others meanwhile."""

from threading import current_thread, main_thread

import pytest

from fhir_server.interactions import judging, write
from fhir_server.interactions.aside import LARGE
from fhir_server.operations import validate
from fhir_server.spec.spec import load
from fhir_server.spec.xml import to_xml
from tests.client import issues

SMALL = {"resourceType": "Basic", "id": "b", "code": {"text": "small"}}
BIG = {**SMALL, "code": {"text": "big", "coding": [{"code": "c" * 60}] * (LARGE // 60)}}
# It breaks a rule and has an element that is not known.
BROKEN = {"extension": [{"url": "http://example.org/none"}], "unknown": 1}
XML = {"Content_Type": "application/fhir+xml"}


@pytest.fixture
def places(monkeypatch):
    """Note for each look at a resource whether it is aside."""
    noted = []

    def watch(module, name):
        work = getattr(module, name)

        def watched(*args, **kwargs):
            noted.append(current_thread() is not main_thread())
            return work(*args, **kwargs)

        monkeypatch.setattr(module, name, watched)

    watch(write.fast, "parsed")
    watch(write, "structural_issues")
    watch(validate, "structural_issues")
    watch(judging, "rule_issues")
    return noted


@pytest.mark.parametrize(("resource", "aside"), [(SMALL, False), (BIG, True)])
async def test_what_is_large_is_looked_at_aside(fhir, places, resource, aside):
    assert (await fhir.put("Basic/b", resource)).status_code == 201
    assert set(places) == {aside}
    places.clear()
    body = to_xml(load().structures, resource)
    assert (await fhir.put("Basic/b", body, **XML)).status_code == 200
    assert set(places) == {aside}
    places.clear()
    refused = await fhir.put("Basic/b", {**resource, **BROKEN})
    assert {one["code"] for one in issues(refused)} >= {"structure", "invariant"}
    assert set(places) == {aside}
    places.clear()
    answer = await fhir.post("Basic/$validate", {**resource, **BROKEN})
    assert answer.status_code == 200
    assert set(places) == {aside}

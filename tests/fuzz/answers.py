"""What every answer is, whatever was asked: FHIR, below 500, and clear where it is a no."""

from fhir_server.fhir import json
from fhir_server.spec.xml import from_xml

SEVERITIES = {"fatal", "error", "warning", "information"}
FHIR_JSON = "application/fhir+json"
STAMPS = ("versionId", "lastUpdated")


def assert_fhir(answer, structures):
    """Refuse a 5xx, a refusal that is no OperationOutcome, and a 5xx inside a Bundle."""
    assert answer.status_code < 500, answer.text[:2000]
    if not answer.request.url.path.startswith("/fhir"):
        return  # `/fhir/..` was made `/` by the client
    if answer.status_code >= 400:
        if answer.request.method != "HEAD":
            assert_outcome(told(answer, structures))
    elif answer.content and is_json(answer):
        assert_bundle(json.parse(answer.content))


def is_json(answer):
    """Say so of FHIR in JSON; a Binary is answered as what it holds, whatever that says it is."""
    type_ = answer.headers["content-type"]
    return type_.startswith(FHIR_JSON) and "/Binary" not in answer.request.url.path


def told(answer, structures):
    """Give the resource of an answer in either format."""
    if "xml" in answer.headers["content-type"]:
        return from_xml(structures, answer.content)
    return json.parse_object(answer.content)


def assert_outcome(resource):
    assert resource["resourceType"] == "OperationOutcome"
    assert resource["issue"]
    for issue in resource["issue"]:
        assert issue["severity"] in SEVERITIES
        assert issue["code"]
        assert issue["diagnostics"].isprintable()
        assert len(issue["diagnostics"]) <= 501


def assert_bundle(resource):
    entries = resource.get("entry", []) if resource["resourceType"] == "Bundle" else []
    for response in (entry["response"] for entry in entries if "response" in entry):
        assert response["status"][0] in "234", response
        if response["status"][0] == "4":
            assert_outcome(response["outcome"])


def unstamped(resource):
    """Give the resource without what a server puts in: id, version and time; its type first."""
    meta = {name: one for name, one in resource.get("meta", {}).items() if name not in STAMPS}
    rest = {name: one for name, one in resource.items() if name not in ("id", "meta")}
    return {"resourceType": resource["resourceType"], **rest, **({"meta": meta} if meta else {})}

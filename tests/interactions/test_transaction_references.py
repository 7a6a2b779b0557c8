"""What the references of a transaction become."""

from fhir_server.fhir.reference import reference_texts
from fhir_server.interactions.entry import Entry
from fhir_server.interactions.links import Targets, linked
from fhir_server.store import matching
from tests.client import issues
from tests.interactions.bundles import (
    CCCD,
    OTHER,
    SELF,
    bundle,
    entry,
    local,
    observation,
    parameters_patch,
    practitioner,
    statuses,
    stored_at,
)


def performer(query):
    return observation("Patient/p1", performer=[{"reference": query}])


async def test_a_conditional_reference_becomes_the_one_it_matches(her):
    await her.put("Practitioner/dr", {**practitioner("099070000001"), "id": "dr"})
    query = f"Practitioner?identifier={CCCD}|099070000001"
    answer = await her.post(
        "", bundle("transaction", entry("POST", "Observation", performer(query)))
    )
    assert statuses(answer) == ["201"]
    made = await stored_at(her, answer, 0)
    assert made["performer"] == [{"reference": "Practitioner/dr"}]


async def test_a_conditional_reference_sees_what_the_bundle_creates(her):
    query = f"Practitioner?identifier={CCCD}|099070000002"
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", performer(query)),
            entry("POST", "Practitioner", practitioner("099070000002")),
        ),
    )
    assert statuses(answer) == ["201", "201"]
    made = await stored_at(her, answer, 0)
    doctor = local(answer.json()["entry"][1]["response"]["location"])
    assert made["performer"] == [{"reference": doctor}]


async def test_a_conditional_reference_does_not_see_what_the_bundle_deletes(her):
    await her.put("Practitioner/dr", {**practitioner("099070000001"), "id": "dr"})
    query = f"Practitioner?identifier={CCCD}|099070000001"
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Observation", performer(query)),
            entry("DELETE", "Practitioner/dr"),
        ),
    )
    assert answer.status_code == 412
    assert await her.stored() == 2


async def test_a_conditional_reference_that_matches_several_is_refused(her):
    for name in ("a", "b"):
        await her.put(f"Practitioner/{name}", {**practitioner("099070000001"), "id": name})
    query = f"Practitioner?identifier={CCCD}|099070000001"
    answer = await her.post(
        "", bundle("transaction", entry("POST", "Observation", performer(query)))
    )
    assert answer.status_code == 412
    [issue] = issues(answer)
    assert issue["code"] == "multiple-matches"
    assert issue["expression"] == ["Bundle.entry[0].resource.performer[0].reference"]


async def test_a_conditional_reference_without_criteria_is_refused(her):
    answer = await her.post(
        "", bundle("transaction", entry("POST", "Observation", observation("Patient?")))
    )
    assert answer.status_code == 400
    assert "search criteria" in issues(answer)[0]["diagnostics"]


async def test_conditional_references_are_asked_in_one_query_a_type(her, monkeypatch):
    for number in range(20):
        one = practitioner(f"0990700001{number:02}")
        await her.put(f"Practitioner/d{number}", {**one, "id": f"d{number}"})
    asked = []
    real = matching._together

    async def counted(find, field, group, most):
        asked.append(len(group))
        return await real(find, field, group, most)

    monkeypatch.setattr(matching, "_together", counted)
    urls = [f"Practitioner?identifier={CCCD}|0990700001{number:02}" for number in range(20)]
    entries = [entry("POST", "Observation", performer(url)) for url in urls]
    answer = await her.post("", bundle("transaction", *entries))
    assert statuses(answer) == ["201"] * 20
    assert asked == [20]
    doctors = [(await stored_at(her, answer, n))["performer"][0]["reference"] for n in range(20)]
    assert doctors == [f"Practitioner/d{number}" for number in range(20)]


async def test_a_relative_reference_is_looked_up_beside_the_entrys_own_url(her):
    away = "http://other.example/fhir"
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Practitioner", practitioner("1"), fullUrl=f"{away}/Practitioner/77"),
            entry(
                "POST",
                "Observation",
                performer("Practitioner/77"),
                fullUrl=f"{away}/Observation/1",
            ),
        ),
    )
    assert statuses(answer) == ["201", "201"]
    made = await stored_at(her, answer, 1)
    doctor = local(answer.json()["entry"][0]["response"]["location"])
    assert made["performer"] == [{"reference": doctor}]


async def test_references_are_rewritten_wherever_they_stand(her):
    resource = {
        "resourceType": "DocumentReference",
        "status": "current",
        "content": [{"attachment": {"url": SELF}}],
        "description": SELF,
        "extension": [
            {"url": "http://example.org/uri", "valueUri": SELF},
            {"url": "http://example.org/canonical", "valueCanonical": SELF},
            {"url": "http://example.org/markdown", "valueMarkdown": f"see [it]({SELF})"},
            {"url": "http://example.org/string", "valueString": SELF},
        ],
        "text": {
            "status": "generated",
            "div": f'<div xmlns="http://www.w3.org/1999/xhtml"><img src="{SELF}"/></div>',
        },
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": SELF}],
    }
    binary = {"resourceType": "Binary", "contentType": "text/plain", "data": "QQ=="}
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry("POST", "Binary", binary, fullUrl=SELF),
            entry("POST", "DocumentReference", resource),
        ),
    )
    assert statuses(answer) == ["201", "201"]
    made = await stored_at(her, answer, 1)
    target = local(answer.json()["entry"][0]["response"]["location"])
    assert made["content"][0]["attachment"]["url"] == target
    values = [one[name] for one in made["extension"] for name in one if name != "url"]
    assert values == [target, target, f"see [it]({target})", SELF]
    assert f'src="{target}"' in made["text"]["div"]
    assert made["identifier"][0]["value"] == SELF


async def test_what_a_patch_refers_to_is_rewritten_too(her):
    patch = parameters_patch("Patient.managingOrganization.reference", valueString=OTHER)
    await her.put("Organization/o1", {"resourceType": "Organization", "id": "o1", "name": "a"})
    before = (await her.get("Patient/p1")).json()
    held = {**before, "managingOrganization": {"reference": "Organization/o1"}}
    await her.put("Patient/p1", held)
    answer = await her.post(
        "",
        bundle(
            "transaction",
            entry(
                "POST", "Organization", {"resourceType": "Organization", "name": "b"}, fullUrl=OTHER
            ),
            entry("PATCH", "Patient/p1", patch),
        ),
    )
    assert statuses(answer) == ["201", "200"], answer.text
    target = local(answer.json()["entry"][0]["response"]["location"])
    assert (await her.get("Patient/p1")).json()["managingOrganization"]["reference"] == target


def test_the_references_told_are_those_that_then_stand():
    targets = Targets({SELF: "Practitioner/1", "http://a.org/Patient/p1": "Patient/9"})
    resource = observation("Patient/p1", performer=[{"reference": SELF}, {"reference": "#x"}])
    of_a, of_b = (
        Entry(0, "POST", "Observation", (), f"http://{host}.org/Observation/o1")
        for host in ("a", "b")
    )
    for entry_, patient in ((of_a, "Patient/9"), (of_b, "Patient/p1"), (of_a, "Patient/9")):
        made, told = linked(entry_, resource, targets)
        assert set(told) == reference_texts(made) == {patient, "Practitioner/1", "#x"}

"""$everything: a compartment page by page, and what supports it."""

import pytest

from fhir_server.access import decide
from fhir_server.fhir.errors import Forbidden
from fhir_server.interactions import respond
from fhir_server.search.condition import Everything
from tests.client import health, issues
from tests.operations.persons import observation, parameters, patient, put


async def record(fhir):
    """Store two patients; the first with a visit, results, a doctor, a clinic and a medicine."""
    for one in ("gp", "doctor", "stranger"):
        await put(fhir, "Practitioner", one)
    await patient(fhir, "p", generalPractitioner=[{"reference": "Practitioner/gp"}])
    await patient(fhir, "q")
    await put(fhir, "Organization", "clinic")
    await put(fhir, "Medication", "pill")
    about = {"subject": {"reference": "Patient/p"}}
    await put(
        fhir,
        "Encounter",
        "e",
        status="finished",
        period={"start": "2026-03-05", "end": "2026-03-07"},
        serviceProvider={"reference": f"{fhir.context.base_url}/Organization/clinic"},
        **{"class": {"code": "AMB"}},
        **about,
    )
    await put(
        fhir,
        "MedicationRequest",
        "m",
        status="active",
        intent="order",
        authoredOn="2026-03-06",
        medicationReference={"reference": "Medication/pill"},
        encounter={"reference": "Encounter/e"},
        **about,
    )
    performer = [{"reference": "Practitioner/doctor"}]
    await observation(fhir, "a", "p", effectiveDateTime="2026-01-10", performer=performer)
    visit = {"reference": "Encounter/e"}
    await observation(fhir, "b", "p", effectiveDateTime="2026-03-06", encounter=visit)
    await observation(fhir, "c", "p")
    await observation(fhir, "other", "q", performer=[{"reference": "Practitioner/stranger"}])


def told(response):
    """Give `Type/id` of the entries by mode."""
    assert response.status_code == 200, response.text
    found = {"match": [], "include": []}
    for entry in response.json().get("entry", ()):
        resource = entry["resource"]
        name = f"{resource['resourceType']}/{resource['id']}"
        assert entry["fullUrl"].endswith(f"/fhir/{name}")
        found[entry["search"]["mode"]].append(name)
    return found


def link(response, relation="next"):
    links = {one["relation"]: one["url"] for one in response.json()["link"]}
    return links.get(relation, "").partition("/fhir/")[2]


EVERYTHING_OF_P = [
    "Patient/p",
    "Encounter/e",
    "MedicationRequest/m",
    "Observation/a",
    "Observation/b",
    "Observation/c",
]
SUPPORT = ["Medication/pill", "Organization/clinic", "Practitioner/doctor", "Practitioner/gp"]


async def test_a_patient_comes_first_then_the_compartment_then_what_supports_it(fhir):
    await record(fhir)
    for response in (
        await fhir.get("Patient/p/$everything"),
        await fhir.post("Patient/p/$everything", b""),
        await fhir.post("Patient/p/$everything", parameters()),
    ):
        assert response.json()["type"] == "searchset"
        assert told(response) == {"match": EVERYTHING_OF_P, "include": SUPPORT}
        assert not link(response)


async def test_an_encounter_has_its_own_compartment(fhir):
    await record(fhir)
    found = told(await fhir.get("Encounter/e/$everything"))
    assert found["match"] == ["Encounter/e", "MedicationRequest/m", "Observation/b"]
    assert found["include"] == ["Medication/pill", "Organization/clinic", "Patient/p"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
async def test_pages_give_each_match_once_and_include_what_the_page_names(fhir, count):
    await record(fhir)
    response = await fhir.get(f"Patient/p/$everything?_count={count}")
    matches, pages = [], 0
    while True:
        found = told(response)
        assert len(found["match"]) <= count
        assert len(set(found["include"])) == len(found["include"])
        assert ("Practitioner/doctor" in found["include"]) == ("Observation/a" in found["match"])
        matches += found["match"]
        pages += 1
        if not (following := link(response)):
            break
        response = await fhir.get(following)
    assert matches == EVERYTHING_OF_P
    assert pages >= len(EVERYTHING_OF_P) // count


async def test_what_is_written_meanwhile_moves_nothing(fhir):
    await record(fhir)
    response = await fhir.get("Patient/p/$everything?_count=4")
    assert told(response)["match"] == EVERYTHING_OF_P[:4]
    await observation(fhir, "0-new", "p")
    await observation(fhir, "c", "p", note=[{"text": "changed"}])
    await fhir.put("Encounter/e", (await fhir.get("Encounter/e")).json() | {"language": "vi"})
    assert told(await fhir.get(link(response)))["match"] == EVERYTHING_OF_P[4:]


async def test_a_page_ends_where_its_bodies_fill_it(fhir, monkeypatch):
    monkeypatch.setattr(respond, "PAGE", 100)
    await record(fhir)
    types = "Patient,Encounter,MedicationRequest,Observation"
    response = await fhir.get(f"Patient/p/$everything?_type={types}")
    matches = told(response)["match"]
    assert len(matches) < len(EVERYTHING_OF_P)
    while following := link(response):
        response = await fhir.get(following)
        matches += told(response)["match"]
    assert matches == EVERYTHING_OF_P


async def test_types_narrow_matches_and_includes(fhir):
    await record(fhir)
    found = told(await fhir.get("Patient/p/$everything?_type=Observation,Practitioner"))
    assert found["match"] == ["Observation/a", "Observation/b", "Observation/c"]
    assert found["include"] == ["Practitioner/doctor"]
    body = parameters(
        {"name": "_type", "valueCode": "Patient"}, {"name": "_type", "valueCode": "Encounter"}
    )
    response = await fhir.post("Patient/p/$everything", body)
    assert told(response) == {"match": ["Patient/p", "Encounter/e"], "include": []}


async def test_start_and_end_are_dates_of_care(fhir):
    await record(fhir)
    found = told(await fhir.get("Patient/p/$everything?start=2026-03-06&end=2026-03-06"))
    assert found["match"] == [
        "Patient/p", "Encounter/e", "MedicationRequest/m", "Observation/b", "Observation/c",
    ]  # fmt: skip
    before = told(await fhir.get("Patient/p/$everything?end=2026-03-04"))["match"]
    assert before == ["Patient/p", "Observation/a", "Observation/c"]
    after = told(await fhir.get("Patient/p/$everything?start=2026-03-08"))["match"]
    assert after == ["Patient/p", "Observation/c"]


async def test_since_gives_what_was_stored_from_then_on(fhir):
    await record(fhir)
    changed = await observation(fhir, "a", "p", note=[{"text": "again"}])
    since = changed["meta"]["lastUpdated"]
    response = await fhir.get(f"Patient/p/$everything?_since={since}&_count=1")
    assert told(response)["match"] == ["Patient/p"]
    response = await fhir.get(link(response))
    assert told(response)["match"] == ["Observation/a"]
    assert not link(response)


async def test_nothing_of_another_patient_comes_along(fhir):
    await record(fhir)
    await patient(fhir, "p", link=[{"other": {"reference": "Patient/q"}, "type": "seealso"}])
    found = told(await fhir.get("Patient/p/$everything"))
    names = {*found["match"], *found["include"]}
    assert not {"Patient/q", "Observation/other", "Practitioner/stranger"} & names


async def test_what_the_caller_may_not_see_is_not_there(fhir, monkeypatch):
    await record(fhir)

    def narrow(_caller, _interaction, type_, *_terms):
        if type_ in ("Observation", "Practitioner"):
            raise Forbidden("no")
        return Everything()

    monkeypatch.setattr(decide, "decide", narrow)
    found = told(await fhir.get("Patient/p/$everything"))
    assert found["match"] == ["Patient/p", "Encounter/e", "MedicationRequest/m"]
    assert found["include"] == ["Medication/pill", "Organization/clinic"]


async def test_a_deleted_support_is_left_out(store, spec):
    async with health(store, spec, referential_integrity=False) as fhir:
        await record(fhir)
        await fhir.delete("Practitioner/gp")
        assert "Practitioner/gp" not in told(await fhir.get("Patient/p/$everything"))["include"]


async def test_a_link_holds_for_its_own_request_only(fhir):
    await record(fhir)
    following = link(await fhir.get("Patient/p/$everything?_count=2&_type=Observation"))
    token = following.partition("_page=")[2]
    for path in (
        f"Patient/q/$everything?_count=2&_type=Observation&_page={token}",
        f"Patient/p/$everything?_count=2&_page={token}",
        f"Patient/p/$everything?_count=2&_type=Observation&_page={token[:-2]}xx",
    ):
        assert (await fhir.get(path)).status_code == 400, path
    assert (await fhir.get(following)).status_code == 200


async def test_who_is_not_there_has_nothing(fhir):
    await patient(fhir, "p")
    await fhir.delete("Patient/p")
    assert (await fhir.get("Patient/p/$everything")).status_code == 410
    assert (await fhir.get("Patient/never/$everything")).status_code == 404
    assert (await fhir.get("Encounter/never/$everything")).status_code == 404
    assert (await fhir.get("Observation/o/$everything")).status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "_count=0",
        "_count=-1",
        "_count=many",
        "_count=2&_count=3",
        "_type=Nothing",
        "_type=",
        "start=yesterday",
        "start=2026-03-02&end=2026-03-01",
        "start=2026-02-30",
        "_since=2026",
        "_page=x",
        "_page=%F0%9F%98%80",
    ],
)
async def test_a_parameter_that_cannot_be_read_is_refused(fhir, query):
    await patient(fhir, "p")
    response = await fhir.get(f"Patient/p/$everything?{query}")
    assert response.status_code == 400, response.text
    assert issues(response)[0]["diagnostics"]


async def test_everything_of_everybody_is_refused_with_a_reason(fhir):
    response = await fhir.get("Patient/$everything")
    assert response.status_code == 400
    assert "Patient/{id}" in issues(response)[0]["diagnostics"]


async def test_a_page_that_refers_to_too_much_is_refused(store, spec):
    async with health(store, spec, max_includes=1) as fhir:
        await record(fhir)
        response = await fhir.get("Patient/p/$everything")
        assert response.status_code == 422
        assert issues(response)[0]["code"] == "too-costly"


async def test_each_type_names_its_own_definition(fhir):
    statement = (await fhir.get("metadata")).json()
    told_ = {one["type"]: one["operation"] for one in statement["rest"][0]["resource"]}
    for type_ in ("Patient", "Encounter"):
        (definition,) = (one["definition"] for one in told_[type_] if one["name"] == "everything")
        assert definition.endswith(f"/{type_}-everything")
    names = [one["name"] for one in told_["Patient"]]
    assert len(names) == len(set(names))
    assert "everything" not in {one["name"] for one in told_["Observation"]}

"""General parameters on every interaction: https://hl7.org/fhir/R4/http.html#parameters."""

import pytest

from fhir_server.search.project import SUBSETTED
from tests.client import BASE_URL, issues

OBSERVATION = {
    "resourceType": "Observation",
    "id": "o",
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'},
    "status": "final",
    "code": {"text": "weight"},
    "note": [{"text": "a note"}],
}
READS = [
    "Observation/o",
    "Observation/o/_history/1",
    "Observation/o/_history",
    "Observation/_history",
    "_history",
    "Observation?_id=o",
]


@pytest.fixture
async def stored(fhir):
    assert (await fhir.put("Observation/o", OBSERVATION)).status_code == 201
    return fhir


def resource_in(answer):
    assert answer.status_code in (200, 201), answer.text
    told = answer.json()
    if told["resourceType"] == "Bundle":
        assert "tag" not in told["meta"]
        (entry,) = told["entry"]
        return entry["resource"]
    return told


def left(resource):
    return set(resource) - {"resourceType", "id", "meta"}


@pytest.mark.parametrize("path", READS)
async def test_every_read_takes_summary_and_elements(stored, path):
    mark = "&" if "?" in path else "?"
    for query, expected in (
        ("_summary=true", {"status", "code"}),
        ("_summary=text", {"status", "code", "text"}),
        ("_summary=data", {"status", "code", "note"}),
        ("_elements=note", {"status", "code", "note"}),
        ("_elements=Observation.note", {"status", "code", "note"}),
    ):
        told = resource_in(await stored.get(f"{path}{mark}{query}"))
        assert left(told) == expected, query
        assert told["meta"]["tag"] == [SUBSETTED]
    whole = resource_in(await stored.get(f"{path}{mark}_summary=false"))
    assert left(whole) == {"status", "code", "note", "text"}
    assert "tag" not in whole["meta"]


async def test_the_answer_to_a_write_takes_summary_and_the_resource_is_stored_whole(fhir):
    for answer in (
        await fhir.put("Observation/o?_summary=true", OBSERVATION),
        await fhir.put("Observation/o?_elements=status", {**OBSERVATION, "language": "vi"}),
    ):
        assert left(answer.json()) == {"status", "code"}
    created = await fhir.post("Observation?_summary=text", {**OBSERVATION})
    assert left(created.json()) == {"status", "code", "text"}
    whole = (await fhir.get("Observation/o")).json()
    assert "note" in whole
    assert "tag" not in whole["meta"]


async def test_an_entry_of_a_batch_takes_summary(stored):
    request = {"method": "GET", "url": "Observation/o?_summary=true"}
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": request}]}
    answer = await stored.post("", batch)
    assert left(resource_in(answer)) == {"status", "code"}


async def test_a_stored_bundle_is_cut_as_one_resource(fhir):
    bundle = {
        "resourceType": "Bundle",
        "id": "b",
        "type": "collection",
        "entry": [{"fullUrl": "http://example.org/Observation/o", "resource": OBSERVATION}],
    }
    assert (await fhir.put("Bundle/b", bundle)).status_code == 201
    told = (await fhir.get("Bundle/b?_summary=true")).json()
    assert told["meta"]["tag"] == [SUBSETTED]
    assert left(told["entry"][0]["resource"]) == {"status", "code"}


async def test_a_count_is_for_searches_only(stored):
    counted = (await stored.get("Observation?_summary=count")).json()
    assert (counted["total"], "entry" in counted) == (1, False)
    for path in ("Observation/o", "Observation/_history", "metadata"):
        answer = await stored.get(f"{path}?_summary=count")
        assert answer.status_code == 400
        assert issues(answer)[0]["code"] == "not-supported"


@pytest.mark.parametrize(
    "query",
    ["_summary=true&_elements=note", "_summary=true&_summary=text", "_summary=some",
     "_elements=nonsense", "_elements=note.text", "_elements=", "_elements=" + "note," * 2_000],
)  # fmt: skip
async def test_a_wish_that_cannot_be_met_is_refused_before_anything_is_done(stored, query):
    for path in READS:
        answer = await stored.get(f"{path}{'&' if '?' in path else '?'}{query}")
        assert answer.status_code == 400, path
    assert (
        await stored.put(f"Observation/p?{query}", {**OBSERVATION, "id": "p"})
    ).status_code == 400
    assert (await stored.get("Observation/p")).status_code == 404


async def test_an_error_is_told_whole(stored):
    plain = await stored.get("Observation/nobody")
    cut = await stored.get("Observation/nobody?_summary=true")
    assert (cut.status_code, cut.json()) == (plain.status_code, plain.json())


async def test_links_to_other_pages_ask_for_the_same_part(stored):
    await stored.put("Observation/p", {**OBSERVATION, "id": "p"})
    for path in ("Observation", "Observation/_history"):
        page = (await stored.get(f"{path}?_count=1&_summary=text&_pretty=true")).json()
        following = next(link["url"] for link in page["link"] if link["relation"] == "next")
        assert "_summary=text" in following
        assert "_pretty=true" in following
        again = await stored.get(following.removeprefix(f"{BASE_URL}/"))
        assert left(resource_in(again)) == {"status", "code", "text"}


async def test_a_resource_tagged_subsetted_is_not_stored(stored):
    part = (await stored.get("Observation/o?_summary=true")).json()
    entry = {"request": {"method": "PUT", "url": "Observation/o"}, "resource": part}
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    for answer in (
        await stored.put("Observation/o", part),
        await stored.post("Observation", part),
        await stored.post("", bundle),
    ):
        assert answer.status_code == 422
        assert "SUBSETTED" in issues(answer)[0]["diagnostics"]
    assert (await stored.get("Observation/o")).headers["etag"] == 'W/"1"'


async def test_pretty_is_understood_everywhere(stored):
    for path in [*READS, "metadata"]:
        mark = "&" if "?" in path else "?"
        assert "\n" in (await stored.get(f"{path}{mark}_pretty=true")).text
        assert "\n" not in (await stored.get(f"{path}{mark}_pretty=false")).text


async def test_format_in_the_url_stands_over_the_accept_header(stored):
    for path in [*READS, "metadata"]:
        mark = "&" if "?" in path else "?"
        answer = await stored.get(f"{path}{mark}_format=json", Accept="image/png")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("application/fhir+json")


async def test_a_parameter_that_is_not_known_is_named(stored):
    for path in READS:
        mark = "&" if "?" in path else "?"
        answer = await stored.get(f"{path}{mark}nonsense=1")
        assert answer.status_code == 400
        assert "nonsense" in issues(answer)[0]["diagnostics"]

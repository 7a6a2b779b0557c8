"""The operation over the embedded database: pages, links, what is in and what is not."""

import re
from pathlib import Path

import pytest
from lxml import etree

import profiles
from fhir_server.fhir import json, reference
from fhir_server.fhir.errors import Gone, Invalid, NotFound, Unprocessable
from fhir_server.validation.structure import structural_issues
from mappings.ehealth_book import gather
from mappings.ehealth_book.operation import operation
from tests.mappings.ehealth_book import people

CLINICAL = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"


def composition(bundle):
    return bundle["entry"][0]["resource"]


def keys(bundle):
    return [
        f"{entry['resource']['resourceType']}/{entry['resource']['id']}"
        for entry in bundle["entry"][1:]
    ]


def codes(sections):
    return [section["code"]["coding"][0]["code"] for section in sections]


def visits(bundle):
    (found,) = [one for one in composition(bundle)["section"] if codes([one]) == ["visits"]]
    return found.get("section", [])


def visit_ids(bundle):
    return [one["entry"][0]["reference"].removeprefix("Encounter/") for one in visits(bundle)]


def dangling(bundle):
    held = set(keys(bundle))
    return {
        text
        for entry in bundle["entry"]
        for _, text in reference.references(entry["resource"])
        if reference.parse(text).kind == "relative" and text not in held
    }


async def test_a_page_is_a_well_made_document(book, spec):
    page = await book.page()
    assert structural_issues(spec, page) == []
    assert page["type"] == "document"
    assert page["identifier"]["system"] == "http://fhir.hl7.org.vn/core/sid/so-skdt"
    assert composition(page)["type"]["coding"][0]["code"] == "60591-5"
    assert composition(page)["title"] == "Sổ sức khỏe điện tử"
    urls = [entry["fullUrl"] for entry in page["entry"]]
    assert len(urls) == len(set(urls))
    assert dangling(page) == set()


async def test_every_section_of_a_visit_is_filled_in_the_order_of_the_book(book):
    page = await book.page()
    assert codes(composition(page)["section"]) == ["administrative", "history", "visits"]
    (first, *_) = visits(page)
    assert codes(first["section"]) == [
        "diagnoses",
        "results",
        "medicines",
        "procedures",
        "notes",
        "referrals",
        "follow-ups",
    ]
    assert all(section["text"]["div"] and section["title"] for section in first["section"])


async def test_visits_stand_newest_first_and_those_without_a_time_last(book):
    await book.put(people.encounter("e0"))
    assert visit_ids(await book.page()) == ["e3", "e2", "e1", "e0"]


async def test_stored_bytes_are_spliced_unchanged(book):
    exact = people.result("exact", "e3")
    exact = json.dump(exact)[:-1] + b',"component":[{"code":{"text":"x"},"valueQuantity":{'
    exact += b'"value":1.00}}]}'
    await book.fhir.put("Observation/exact", exact.replace(b',"valueString":"6.1"', b""))
    stored = (await book.fhir.get("Observation/exact")).content
    assert b"1.00" in stored
    assert stored in await book.raw()


async def test_the_same_insurance_card_is_shown_once(book):
    cards = [key for key in keys(await book.page()) if key.startswith("Coverage/")]
    assert len(cards) == 1


async def test_each_page_is_complete_and_leads_to_the_next(book, spec):
    pages = await book.pages(_count=1)
    assert [visit_ids(page) for page in pages] == [["e3"], ["e2"], ["e1"]]
    assert len({page["identifier"]["value"] for page in pages}) == 3
    for page in pages:
        assert structural_issues(spec, page) == []
        assert dangling(page) == set()
        assert {"Patient/p1", "Organization/o1", "Practitioner/d1"} <= set(keys(page))
    names = [composition(page)["identifier"]["value"] for page in pages]
    assert names[1:] == [people.older_url(page) for page in pages[:-1]]
    assert composition(pages[0])["relatesTo"][0]["code"] == "appends"


async def test_a_page_that_is_exactly_full_has_no_empty_page_behind_it(book):
    assert people.older_url(await book.page(_count=3)) is None


async def test_entered_in_error_is_left_out_unless_something_refers_to_it(book):
    await book.put(
        people.result("wrong", "e3", status="entered-in-error"),
        people.result("named", "e3", status="entered-in-error"),
        people.result("panel", "e3", hasMember=[{"reference": "Observation/named"}]),
        people.encounter("never", status="entered-in-error"),
    )
    page = await book.page()
    assert "Observation/wrong" not in keys(page)
    assert "Observation/named" in keys(page)
    entries = [one["reference"] for part in visits(page)[0]["section"] for one in part["entry"]]
    assert "Observation/panel" in entries
    assert "Observation/named" not in entries
    assert "never" not in visit_ids(page)


async def test_another_persons_resource_in_my_visit_is_not_in_my_book(book):
    other = people.result("theirs", "e3", subject={"reference": "Patient/p2"})
    await book.put(people.person("p2"), other)
    assert "Observation/theirs" not in keys(await book.page())


async def test_history_holds_what_belongs_to_no_visit(book):
    allergy = {
        "resourceType": "AllergyIntolerance",
        "id": "al1",
        "clinicalStatus": {"coding": [{"system": CLINICAL, "code": "active"}]},
        "patient": {"reference": "Patient/p1"},
        "code": {"text": "Penicillin"},
    }
    problem = {
        "resourceType": "Condition",
        "id": "pr1",
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "Tăng huyết áp"},
    }
    await book.put(allergy, problem)
    history = composition(await book.page())["section"][1]
    assert [one["reference"] for one in history["entry"]] == [
        "AllergyIntolerance/al1",
        "Condition/pr1",
    ]
    assert "Penicillin" in history["text"]["div"]


async def test_since_gives_the_visits_that_changed_later(book):
    earlier = composition(await book.page())["date"]
    assert visit_ids(await book.page(_since=earlier)) == []
    await book.put(people.result("late", "e1"))
    await book.put(people.encounter("e2", period={"start": "2026-03-02"}))
    assert visit_ids(await book.page(_since=earlier)) == ["e2", "e1"]
    pages = await book.pages(_since=earlier, _count=1)
    assert [visit_ids(page) for page in pages] == [["e2"], ["e1"]]


async def test_the_number_of_queries_does_not_grow_with_the_visits(book, monkeypatch):
    asked = []
    search = book.fhir.context.store.search

    async def counted(*given, **named):
        asked.append(given)
        return await search(*given, **named)

    monkeypatch.setattr(book.fhir.context.store, "search", counted)
    await book.page(_count=1)
    one = len(asked)
    await book.page(_count=3)
    # A last page also asks for visits without a time.
    assert len(asked) - one <= one + 1


async def test_a_page_that_would_hold_too_much_is_refused(book, monkeypatch):
    monkeypatch.setattr(gather, "MAX_RESOURCES", 12)
    with pytest.raises(Unprocessable) as refused:
        await book.page()
    assert refused.value.issues[0].code == "too-costly"
    assert "_count" in refused.value.issues[0].diagnostics
    assert visit_ids(await book.page(_count=1)) == ["e3"]


async def test_hostile_text_stays_text_in_the_narrative(book):
    name = '<script>alert("1")</script> & ]]>'
    await book.put(people.person("p1", name=[{"text": name}]))
    page = await book.page()
    divs = re.findall(rb'"div":("(?:[^"\\]|\\.)*")', await book.raw())
    assert divs
    for div in divs:
        etree.fromstring(json.parse(div))
    assert "&lt;script&gt;" in composition(page)["text"]["div"]
    assert "<script" not in composition(page)["text"]["div"]


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"_sort": "date"}, "_sort"),
        ({"_count": "0"}, "_count"),
        ({"_count": "-1"}, "_count"),
        ({"_count": "٣"}, "_count"),
        ({"_count": "9" * 50}, "_count"),
        ({"_since": "yesterday"}, "yesterday"),
        ({"_since": ""}, "date"),
        ({"_before": "AAAA"}, "_before"),
        ({"_before": ""}, "_before"),
        ({"_before": "é"}, "_before"),
    ],
)
async def test_a_bad_parameter_is_refused_by_name(book, parameters, word):
    with pytest.raises(Invalid, match=re.escape(word)):
        await book.page(**parameters)


async def test_a_link_of_one_book_does_not_open_another(book):
    await book.put(people.person("p2"))
    before = people.older_url(await book.page(_count=1)).rpartition("_before=")[2]
    with pytest.raises(Invalid, match="_before"):
        await book.page("p2", _count=1, _before=before)


async def test_an_unknown_person_is_not_found(book):
    with pytest.raises(NotFound):
        await book.page("nobody")
    with pytest.raises(Invalid):
        await book.page("..")


async def test_a_deleted_person_is_gone(book):
    await book.put(people.person("p3"))
    await book.fhir.delete("Patient/p3")
    with pytest.raises(Gone):
        await book.page("p3")


async def test_a_person_without_visits_has_a_well_made_book(book, spec):
    await book.put(people.person("p4"))
    page = await book.page("p4")
    assert structural_issues(spec, page) == []
    assert visits(page) == []
    assert keys(page) == ["Patient/p4"]


async def test_a_replaced_person_still_shows_what_is_theirs(book):
    link = [{"other": {"reference": "Patient/p5"}, "type": "replaced-by"}]
    await book.put(people.person("p5"), people.person("p1", active=False, link=link))
    page = await book.page()
    assert visit_ids(page) == ["e3", "e2", "e1"]
    assert "Patient/p5" in keys(page)
    assert visit_ids(await book.page("p5")) == []


def test_the_operation_is_what_its_definition_says(spec):
    folder = Path(profiles.__path__[0]) / "server"
    body = (folder / "OperationDefinition-ehealth-book.json").read_bytes()
    definition = json.parse_object(body)
    assert structural_issues(spec, definition) == []
    assert definition["url"] == operation().definition
    assert definition["code"] == operation().name
    assert tuple(definition["resource"]) == operation().types
    assert definition["affectsState"] is operation().affects_state
    names = {one["name"] for one in definition["parameter"] if one["use"] == "in"}
    assert names == {"_count", "_since", "_before"}

"""What search gets wrong elsewhere, asked over HTTP: each test is a complaint about some server."""

from urllib.parse import urlencode

import pytest

from tests.client import BASE_URL, health
from tests.interactions.traps import MARK, asked, ids, linked, marked, measured, page, put, refused


@pytest.fixture
async def fhir(store, spec):
    """Give a base where what is searched may refer to nobody."""
    async with health(store, spec, referential_integrity=False) as client:
        yield client


# Parameters that are not there


async def test_an_unknown_parameter_or_modifier_is_refused_and_never_ignored(fhir):
    await put(fhir, "Patient", "1", name=[{"text": "Buoi"}], birthDate="1990-02-28")
    for query in [
        "Name=Buoi",
        "name=buoi&nonsense=1",
        "nonsense:missing=true",
        "birthDate=1990",
        "_Count=1",
        "name:nonsense=buoi",
        "name:=buoi",
        "name:exact:missing=true",
        "birthdate:exact=1990",
        "gender:exact=male",
        "_nonsense=1",
        "name%20=buoi",
        "%6Eonsense=1",
        "=buoi",
    ]:
        assert await refused(fhir, f"Patient?{query}")
        form = await fhir.http.post(
            "/fhir/Patient/_search",
            content=query,
            headers={"Content-Type": "application/x-www-form-urlencoded"},
        )
        assert form.status_code == 400


async def test_the_self_link_says_what_was_applied_and_nothing_else(fhir):
    await put(fhir, "Patient", "1", name=[{"text": "Buoi"}], gender="female")
    answer = await fhir.get("Patient?name=buoi&nonsense=1&gender=female", Prefer="handling=lenient")
    assert linked(answer.json(), "self") == "Patient?name=buoi&gender=female"
    told = [entry for entry in answer.json()["entry"] if entry["search"]["mode"] == "outcome"]
    assert "nonsense" in told[0]["resource"]["issue"][0]["diagnostics"]


async def test_what_shapes_the_answer_may_stand_only_once(fhir):
    for pair in ["_count=5", "_sort=name", "_total=none", "_summary=false"]:
        assert pair.partition("=")[0] in await refused(fhir, f"Patient?{pair}&{pair}")


# Values that are empty, odd or long


async def test_an_empty_value_is_refused_and_does_not_find_everybody(fhir):
    await put(fhir, "Patient", "1", name=[{"text": "Buoi"}], **marked("1"))
    for query in [
        "name=",
        "name",
        "name=buoi,",
        "name=,",
        "identifier=",
        "identifier=|",
        "birthdate=",
        "birthdate=ge",
        "general-practitioner=",
        "_id=",
        "name:missing=",
        "name:missing=TRUE",
        "name:missing=true,false",
        "name=-",
    ]:
        assert query.partition("=")[0].partition(":")[0] in await refused(fhir, f"Patient?{query}")


async def test_nothing_between_two_ampersands_is_nothing(fhir):
    await put(fhir, "Patient", "1", gender="male")
    assert await ids(fhir, "Patient?&&gender=male&") == ["1"]
    assert await ids(fhir, "Patient?") == ["1"]


async def test_a_count_is_ascii_digits(fhir):
    for count in ["-1", "+1", "1.0", "1e3", "0x10", "\uff11", "", "a", " 1"]:
        assert "_count" in await refused(fhir, f"Patient?{urlencode({'_count': count})}")


async def test_a_count_of_zero_gives_the_total_and_no_page(fhir):
    for number in range(3):
        await put(fhir, "Patient", f"p{number}")
    found = await page(fhir, "Patient?_count=0")
    assert (found["total"], "entry" in found, linked(found, "next")) == (3, False, None)


async def test_a_count_over_the_most_is_cut_and_not_refused(fhir):
    await put(fhir, "Patient", "1")
    for count in ("1001", "9" * 40):
        assert await ids(fhir, f"Patient?_count={count}") == ["1"]


async def test_long_values_are_refused_with_a_reason(fhir):
    await put(fhir, "Patient", "1", **marked("1"))
    long = "x" * 5_000
    assert "longer" in await refused(fhir, f"Patient?name={long}")
    many = ",".join(str(number) for number in range(501))
    assert "at most" in await refused(fhir, f"Patient?identifier={many}")
    assert await ids(fhir, f"Patient?identifier={many.removesuffix(',500')}") == ["1"]
    assert (await fhir.get(f"Patient?name={'x' * 20_000}")).status_code == 414


async def test_a_long_text_is_found_by_its_beginning(fhir):
    await put(fhir, "Patient", "1", name=[{"text": "Nguyễn " + "Thị " * 500}])
    assert await asked(fhir, "Patient", ("name", "Nguyễn " + "Thị " * 40)) == ["1"]
    assert await asked(fhir, "Patient", ("name", "Nguyễn " + "Thị " * 400)) == ["1"]


async def test_broken_percent_encoding_is_refused(fhir):
    await put(fhir, "Patient", "1", **marked("1"))
    for value in ["%ff", "%c3%28", "%ed%a0%80"]:
        assert await refused(fhir, f"Patient?identifier={value}")


async def test_every_letter_of_a_value_counts(fhir):
    for value in [
        "a+b",
        "a b",
        "100%",
        "%41",
        "a&b=c",
        "a#b",
        "a/b?c",
        "a;b",
        'say "a"',
        "<a>",
        "$ne",
        "{}",
        "a.b",
        "*",
        "𠀀𝄞",
        "Số 12/ĐK-99",
        "العربية",
    ]:
        await put(fhir, "Patient", "1", **marked(value))
        await put(fhir, "Patient", "2", **marked("another"))
        escaped = value.replace("$", r"\$")
        for text in (escaped, f"{MARK}|{escaped}"):
            assert await asked(fhir, "Patient", ("identifier", text)) == ["1"]
            form = await fhir.http.post("/fhir/Patient/_search", data={"identifier": text})
            assert [entry["resource"]["id"] for entry in form.json()["entry"]] == ["1"]


async def test_a_plus_is_a_space_and_an_encoded_one_is_a_plus(fhir):
    await put(fhir, "Patient", "plus", **marked("a+b"))
    await put(fhir, "Patient", "space", **marked("a b"))
    assert await ids(fhir, "Patient?identifier=a+b") == ["space"]
    assert await ids(fhir, "Patient?identifier=a%20b") == ["space"]
    assert await ids(fhir, "Patient?identifier=a%2Bb") == ["plus"]


async def test_a_plus_in_a_time_that_came_as_a_space_is_refused_and_not_guessed(fhir):
    await put(fhir, "Patient", "1")
    assert await refused(fhir, "Patient?_lastUpdated=ge2026-01-01T00:00:00+07:00")
    assert await ids(fhir, "Patient?_lastUpdated=ge2026-01-01T00:00:00%2B07:00") == ["1"]


# Separators and escapes


async def test_an_escaped_separator_is_a_letter(fhir):
    for value in ["a,b", "a|b", "a$b", "a\\b", "a\\,b", "\\", ",", "|x", "a\\\\"]:
        await put(fhir, "Patient", "1", **marked(value))
        for part in ("a", "b", "x"):
            await put(fhir, "Patient", f"part-{part}", **marked(part))
        escaped = "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in value)
        for text in (escaped, f"{MARK}|{escaped}", f"{escaped},no-such"):
            assert await asked(fhir, "Patient", ("identifier", text)) == ["1"], text


async def test_a_comma_is_or_and_a_repeated_parameter_is_and(fhir):
    await put(fhir, "Patient", "1", name=[{"given": ["Anh", "Ba"]}])
    await put(fhir, "Patient", "2", name=[{"given": ["Anh"]}])
    await put(fhir, "Patient", "3", name=[{"given": ["Ba"]}])
    assert await ids(fhir, "Patient?given=anh,ba") == ["1", "2", "3"]
    assert await ids(fhir, "Patient?given=anh&given=ba") == ["1"]
    assert await ids(fhir, "Patient?given=anh,chi&given=ba,chi") == ["1"]
    assert await ids(fhir, "Patient?_id=1,2&_id=2,3") == ["2"]


async def test_the_bar_tells_system_and_code_apart(fhir):
    await put(fhir, "Patient", "both", **marked("7"))
    await put(fhir, "Patient", "other", **marked("7", "http://example.org/sid/other"))
    await put(fhir, "Patient", "none", identifier=[{"value": "7"}])
    await put(fhir, "Patient", "barred", **marked("7|8"))
    assert await asked(fhir, "Patient", ("identifier", "7")) == ["both", "none", "other"]
    assert await asked(fhir, "Patient", ("identifier", f"{MARK}|7")) == ["both"]
    assert await asked(fhir, "Patient", ("identifier", "|7")) == ["none"]
    assert await asked(fhir, "Patient", ("identifier", f"{MARK}|")) == ["barred", "both"]
    # What stands behind the first bar is the code, whatever bars it has.
    assert await asked(fhir, "Patient", ("identifier", f"{MARK}|7|8")) == ["barred"]
    assert await asked(fhir, "Patient", ("identifier", r"7\|8")) == ["barred"]


async def test_codes_have_a_case_and_systems_are_whole(fhir):
    await put(fhir, "Patient", "1", **marked("Ab"))
    assert await asked(fhir, "Patient", ("identifier", "ab")) == []
    assert await asked(fhir, "Patient", ("identifier", f"{MARK[:-1]}|Ab")) == []
    assert await asked(fhir, "Patient", ("identifier", f"{MARK[:-1]}|")) == []


async def test_a_code_that_looks_like_something_else_is_a_code(fhir):
    for code in ["ge", "gt5", "eq", "ap2026", "true", "null", "*|x", "%2A"]:
        await put(fhir, "Observation", "1", **measured(code))
        await put(fhir, "Observation", "2", **measured("other"))
        assert await asked(fhir, "Observation", ("code", code.replace("|", r"\|"))) == ["1"]


# References


async def test_ids_with_dots_and_dashes_are_ids(fhir):
    await put(fhir, "Patient", "a.b-c.1")
    await put(fhir, "Patient", "a")
    await put(fhir, "Observation", "1", **measured(subject={"reference": "Patient/a.b-c.1"}))
    assert await ids(fhir, "Patient?_id=a.b-c.1") == ["a.b-c.1"]
    for value in ("a.b-c.1", "Patient/a.b-c.1", f"{BASE_URL}/Patient/a.b-c.1"):
        assert await asked(fhir, "Observation", ("patient", value)) == ["1"]
    assert await ids(fhir, "Observation?patient=a") == []


async def test_the_same_id_elsewhere_or_of_another_type_is_another_resource(fhir):
    for identity, reference in {
        "here": "Patient/1",
        "absolute": f"{BASE_URL}/Patient/1",
        "version": "Patient/1/_history/2",
        "group": "Group/1",
        "away": "http://example.org/fhir/Patient/1",
    }.items():
        await put(fhir, "Observation", identity, **measured(subject={"reference": reference}))
    own = ["absolute", "here", "version"]
    assert await ids(fhir, "Observation?subject=Patient/1") == own
    assert await ids(fhir, "Observation?patient=1") == own
    assert await ids(fhir, "Observation?subject:Patient=1") == own
    assert await ids(fhir, "Observation?subject=1") == sorted([*own, "group"])
    assert await ids(fhir, "Observation?subject=http://example.org/fhir/Patient/1") == ["away"]


# What is not there


async def test_not_finds_what_has_no_value_and_nothing_that_has_the_value_among_others(fhir):
    for identity, codes in {"ab": "ab", "b": "b", "none": ""}.items():
        category = [{"coding": [{"code": code}]} for code in codes]
        more = {"category": category} if category else {}
        await put(fhir, "Observation", identity, **measured(**more))
    assert await ids(fhir, "Observation?category:not=a") == ["b", "none"]
    assert await ids(fhir, "Observation?category:not=a,b") == ["none"]
    assert await ids(fhir, "Observation?category:not=a&category:missing=false") == ["b"]
    assert await ids(fhir, "Observation?category:missing=true") == ["none"]


async def test_what_was_changed_or_deleted_is_not_found_by_what_it_was(fhir):
    await put(fhir, "Patient", "1", name=[{"text": "Anh"}], gender="male")
    await put(fhir, "Patient", "1", name=[{"text": "Ba"}])
    assert await ids(fhir, "Patient?name=anh") == []
    assert await ids(fhir, "Patient?gender=male") == []
    assert await ids(fhir, "Patient?name=ba") == ["1"]
    await fhir.delete("Patient/1")
    assert await ids(fhir, "Patient?name=ba") == []
    await put(fhir, "Patient", "1", name=[{"text": "Anh"}])
    assert await ids(fhir, "Patient?name=anh") == ["1"]

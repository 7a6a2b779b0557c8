"""Questions about codes, over a store."""

from decimal import Decimal
from functools import partial

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.search.condition import Everything
from fhir_server.terminology import gather as module
from fhir_server.terminology.terminology import Terminology
from tests.terminology.systems import ANIMALS, SET, SYSTEM, clause, code_system, concept, value_set

R4 = "http://hl7.org/fhir/ValueSet/"
V3 = "http://terminology.hl7.org/CodeSystem/"
MOOD = f"{V3}v3-ActMood"


def allow(_type):
    return Everything()


async def test_a_stored_set_over_a_stored_system_is_expanded(terminology, keep):
    await keep(
        s=ANIMALS,
        v=value_set("v", clause(SYSTEM, None, ("concept", "is-a", "cat"))),
        w=value_set("w", clause(None, valueSet=[f"{SET}v"]), clause("http://loinc.org", ["1-8"])),
    )
    expected = {(SYSTEM, "cat"), (SYSTEM, "lynx"), ("http://loinc.org", "1-8")}
    assert await terminology.expand(allow, f"{SET}w") == expected
    assert await terminology.expand(allow, "ValueSet/w") == expected


async def test_the_sets_of_r4_are_expanded(terminology):
    status = await terminology.expand(allow, f"{R4}observation-status")
    assert ("http://hl7.org/fhir/observation-status", "final") in status
    intents = await terminology.expand(
        allow, "http://terminology.hl7.org/ValueSet/v3-ActMoodIntent"
    )
    assert {(MOOD, "INT"), (MOOD, "RQO")} < intents
    assert (MOOD, "EVN") not in intents


async def test_every_set_of_r4_is_expanded_or_says_what_is_missing(terminology):
    wide = Terminology(terminology.content, 10_000)
    empty, missing = [], []
    for url in terminology.content.canonicals._packs[1].urls("ValueSet"):
        try:
            if not await wide.expand(allow, url):
                empty.append(url.rpartition("/")[2])
        except Invalid as error:
            missing.append(error.issues[0])
    assert empty == ["message-events", "v3-policyHolderRole"]
    assert {issue.code for issue in missing} == {"not-found"}
    assert len(missing) == 97


async def test_hierarchies_are_walked_both_ways(terminology, keep):
    await keep(s=ANIMALS)
    assert await terminology.below(allow, SYSTEM, "bird") == {"bird", "hen", "griffin"}
    assert await terminology.above(allow, SYSTEM, "lynx") == {"lynx", "cat", "mammal"}
    assert await terminology.below(allow, SYSTEM, "hen") == {"hen"}
    assert "RQO" in await terminology.below(allow, MOOD, "INT")


@pytest.mark.parametrize(
    ("system", "code", "told"),
    [
        ("http://loinc.org", "1", "The CodeSystem 'http://loinc.org' is not known"),
        ("http://snomed.info/sct", "1", "codes of http://snomed.info/sct are not loaded here"),
        (MOOD, "none", "'none' is no code of"),
        (f"{MOOD}|0", "INT", "is not known"),
        ("", "", "is not known"),
    ],
)
async def test_an_unknown_system_or_code_is_named(terminology, system, code, told):
    for ask in (terminology.below, terminology.above):
        with pytest.raises(Invalid, match=told) as caught:
            await ask(allow, system, code)
        assert caught.value.issues[0].code == "not-found"


async def test_a_system_whose_codes_are_not_here_says_so(terminology, keep):
    await keep(s=code_system([], content="not-present"))
    with pytest.raises(Invalid, match="not loaded here"):
        await terminology.below(allow, SYSTEM, "cat")


@pytest.mark.parametrize("url", [f"{SET}none", "ValueSet/none", "", "|", "x" * 5_000, "ValueSet/"])
async def test_an_unknown_set_is_named(terminology, url):
    with pytest.raises(Invalid, match="is not known here") as caught:
        await terminology.expand(allow, url)
    assert caught.value.issues[0].code == "not-found"
    assert len(str(caught.value)) < 300


async def test_a_set_that_leads_to_too_many_is_refused(terminology, keep, monkeypatch):
    monkeypatch.setattr(module, "MAX_DEFINITIONS", 5)
    chain = {
        f"v{number}": value_set(f"v{number}", clause(None, valueSet=[f"{SET}v{number + 1}"]))
        for number in range(9)
    }
    await keep(**chain)
    with pytest.raises(Invalid, match="leads to more than 5") as caught:
        await terminology.expand(allow, f"{SET}v0")
    assert caught.value.issues[0].code == "too-costly"


async def test_more_codes_than_allowed_are_refused(terminology, keep):
    small = Terminology(terminology.content, 2)
    await keep(v=value_set("v", clause(SYSTEM, ["a", "b", "c"])))
    with pytest.raises(Invalid, match="more than 2 codes"):
        await small.expand(allow, f"{SET}v")


async def test_inactive_codes_of_listed_ones_are_left_out_where_the_set_says_so(terminology, keep):
    await keep(s=ANIMALS, v=value_set("v", clause(SYSTEM, ["cat", "lynx"]), inactive=False))
    assert await terminology.expand(allow, f"{SET}v") == {(SYSTEM, "cat")}


async def test_a_large_system_is_answered(terminology, keep):
    chapters = [
        concept(f"{chapter:02}", *(concept(f"{chapter:02}.{leaf}") for leaf in range(700)))
        for chapter in range(22)
    ]
    await keep(
        s=code_system(chapters), v=value_set("v", clause(SYSTEM, None, ("concept", "is-a", "07")))
    )
    assert len(await terminology.below(allow, SYSTEM, "07")) == 701
    assert len(await terminology.expand(allow, f"{SET}v")) == 701


async def test_a_context_answers_from_its_own_store_and_compares_units(fhir):
    stored = value_set("v", clause(SYSTEM, ["cat"]))
    assert (await fhir.put("ValueSet/v", {**stored, "id": "v"})).status_code == 201
    may = partial(fhir.context.allow, "search-type")
    assert await fhir.context.terminology.expand(may, "ValueSet/v") == {(SYSTEM, "cat")}
    place = fhir.context.place
    assert place.canonical(Decimal(1), "g/L") == place.canonical(Decimal(1000), "mg/L")


async def test_a_code_is_judged_by_what_is_stored_and_what_is_not_here_cannot_be_told(
    terminology, keep
):
    await keep(
        s=ANIMALS,
        v=value_set("v", clause(SYSTEM, None, ("concept", "is-a", "cat"))),
        self=value_set("self", clause(None, valueSet=[f"{SET}self"])),
    )
    small = Terminology(terminology.content, 1)
    asked = partial(small.validate_code, allow)
    assert await asked(f"{SET}v", SYSTEM, "lynx") is True
    assert await asked(f"{SET}v", "", "lynx") is True
    assert await asked("ValueSet/v", SYSTEM, "hen") is False
    assert await asked(f"{R4}condition-code", "http://snomed.info/sct", "1") is None
    assert await asked(f"{R4}mimetypes", "urn:ietf:bcp:13", "text/plain") is True
    assert await asked(f"{SET}none", SYSTEM, "cat") is None
    assert await asked(f"{SET}self", SYSTEM, "cat") is None

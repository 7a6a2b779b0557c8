"""Forms No. 1 and No. 2: what each shows, and what each refuses to be made of."""

import unicodedata
from datetime import datetime

import pytest
from msgspec import Raw

from extensions.judicial_record.certificate.disclosure import TABLE
from extensions.judicial_record.certificate.forms import Wanted, frozen, instant
from fhir_server.fhir.errors import Unprocessable
from tests.extensions.judicial_record.certificates import (
    CONVICTION,
    EXPUNGEMENT,
    FAMILY,
    ISSUED,
    LEGAL,
    PENALTIES,
    PROHIBITION,
    SPEC,
    SUBJECT,
    TYPE,
    coded,
    said,
    without,
)

AS_OF = round(datetime.fromisoformat("2026-08-03T08:00:00+07:00").timestamp()) * 1_000_000
NUMBER = {
    "type": coded("certificate-identifier-type", "certificate-number"),
    "system": f"{LEGAL}/sid/certificate-number",
    "value": "12/2026/LLTP-99",
}
EXPUNGED = {**CONVICTION, "expungement": EXPUNGEMENT}
LIGHT = {**CONVICTION, "noCriminalRecord": "unintentional"}
LATER = {**CONVICTION, "judgmentDate": "2021-01-01", "offence": [{"text": "Đánh bạc"}]}


def wanted(form="form-1", **more):
    return Wanted(
        **{
            "form": form,
            "identifier": [NUMBER],
            "regime": f"{LEGAL}/Library/judicial-records-2025|1",
            "subject": "Person/p1",
            "snapshot": {**SUBJECT, "family": FAMILY},
            "requester": "Person/p1",
            "purpose": coded("purpose", "employment"),
            "prohibition_info": False,
            "minimum_age": 16,
            **more,
        }
    )


def made(form="form-1", convictions=(), prohibitions=(), **more):
    return frozen(
        wanted(form, **more), as_of=AS_OF, convictions=convictions, prohibitions=prohibitions
    )


def paper(kind):
    return {**CONVICTION, "executionDecision": [{"kind": coded("execution-paper", kind)}]}


@pytest.mark.parametrize("form", ["form-1", "form-2"])
@pytest.mark.parametrize(
    "convictions", [[], [CONVICTION], [EXPUNGED, LATER], [EXPUNGED, LIGHT], [LATER, CONVICTION]]
)
@pytest.mark.parametrize("prohibitions", [[], [PROHIBITION]])
def test_a_body_is_well_made_before_and_after_it_is_issued(form, convictions, prohibitions):
    body = made(form, convictions, prohibitions, prohibition_info=True)
    assert body["status"] == "preliminary"
    assert said(body) == []
    assert said({**body, **ISSUED}) == []


@pytest.mark.parametrize(
    ("form", "convictions", "status", "shown"),
    [
        ("form-1", [], "none", 0),
        ("form-1", [EXPUNGED], "none", 0),
        ("form-1", [LIGHT], "none", 0),
        ("form-1", [{**CONVICTION, "expungement": {"basis": "amnesty"}}], "none", 0),
        ("form-1", [EXPUNGED, CONVICTION], "present", 1),
        ("form-2", [], "none", 0),
        ("form-2", [EXPUNGED], "all-expunged", 1),
        ("form-2", [LIGHT, EXPUNGED], "all-expunged", 2),
        ("form-2", [EXPUNGED, CONVICTION], "present", 2),
    ],
)
def test_what_is_expunged_is_on_form_2_alone(form, convictions, status, shown):
    body = made(form, convictions)
    assert (body["convictionStatus"], len(body.get("conviction", ()))) == (status, shown)


def test_form_1_says_offence_and_penalties_only():
    [shown] = made(convictions=[{"id": "source-1", **CONVICTION}])["conviction"]
    assert shown == {"sequence": 1, **PENALTIES}


def test_form_2_says_all_that_is_recorded():
    record = {"id": "source-1", "subject": ["blind"], **EXPUNGED}
    [shown] = made("form-2", [record])["conviction"]
    assert shown == {"sequence": 1, **EXPUNGED}


def test_the_family_is_on_form_2_alone():
    assert made()["subjectSnapshot"] == SUBJECT
    assert made("form-2")["subjectSnapshot"] == {**SUBJECT, "family": FAMILY}


def elements(path):
    """Give the elements below a path as a tree like the table's."""
    found = SPEC.structures.elements(path)
    own = [one for one in found if one.name not in ("id", "extension", "modifierExtension")]
    return {
        one.name: elements(f"{path}.{one.name}") if "BackboneElement" in one.types else "value"
        for one in own
    }


def names(tree):
    return {name: names(tree[name]) if isinstance(tree[name], dict) else "value" for name in tree}


@pytest.mark.parametrize("part", ["subjectSnapshot", "conviction", "prohibition"])
def test_the_table_of_form_2_has_every_element_there_is(part):
    defined = without(elements(f"{TYPE}.{part}"), "sequence")
    assert names(TABLE["form-2"][part]) == defined


@pytest.mark.parametrize(
    ("form", "asked", "records", "status", "shown"),
    [
        ("form-1", False, [PROHIBITION], "not-requested", None),
        ("form-1", False, [], "not-requested", None),
        ("form-1", True, [], "none", None),
        ("form-1", True, [{**PROHIBITION, "decisionNumber": "1"}], "prohibited", [PROHIBITION]),
        ("form-2", False, [], "none", None),
        ("form-2", False, [{**PROHIBITION, "until": "2026-08-02"}], "none", None),
        ("form-2", False, [{**PROHIBITION, "until": "2026-08-03"}], "prohibited", [{}]),
        ("form-2", False, [{"position": "Suốt đời"}], "prohibited", [{"position": "Suốt đời"}]),
    ],
)
def test_bans_are_shown_when_asked_for_and_always_on_form_2(form, asked, records, status, shown):
    body = made(form, prohibitions=records, prohibition_info=asked)
    assert body["prohibitionStatus"] == status
    found = body.get("prohibition")
    assert found == shown or (shown == [{}] and found == records)


def test_convictions_stand_in_the_order_of_their_judgments():
    same = [{**CONVICTION, "judgmentNumber": str(number)} for number in range(3)]
    one_way = made("form-2", [LATER, *same])
    other_way = made("form-2", [*reversed(same), LATER])
    assert one_way == other_way
    assert [one["sequence"] for one in one_way["conviction"]] == [1, 2, 3, 4]
    assert one_way["conviction"][3]["judgmentDate"] == "2021-01-01"


@pytest.mark.parametrize(
    ("form", "convictions", "more", "key", "place"),
    [
        ("form-2", [], {"agent": [{"role": "authorised"}]}, "jrc-12", "agent"),
        ("form-1", [], {"minimum_age": 37}, "jrc-14", "subjectSnapshot.birthDate"),
        ("form-2", [without(CONVICTION, "court")], {}, "jrc-5", "conviction[0].court"),
        ("form-1", [without(CONVICTION, "offence")], {}, "jrc-4", "conviction[0].offence"),
        (
            "form-1",
            [{**CONVICTION, "offence": [{"provision": [{"text": "x"}]}]}],
            {},
            "jrc-4",
            "conviction[0].offence",
        ),
        (
            "form-2",
            [LATER, {**CONVICTION, "courtFee": {"value": Raw(b"1.00"), "currency": "VND"}}],
            {},
            "jrc-15",
            "conviction[1].courtFee.value",
        ),
        (
            "form-1",
            [{**CONVICTION, "expungement": {"basis": "court", "date": "2026-08-04"}}],
            {},
            "jrc-1",
            "conviction[0].expungement.date",
        ),
        ("form-1", [paper("general-amnesty")], {}, "jrc-1", "conviction[0].executionDecision"),
        ("form-2", [paper("expungement-decision")], {}, "jrc-1", "conviction[0].executionDecision"),
    ],
)
def test_what_no_form_can_be_made_of_is_refused_by_the_rule(form, convictions, more, key, place):
    with pytest.raises(Unprocessable) as refused:
        made(form, convictions, **more)
    [issue] = refused.value.issues
    assert issue.diagnostics.startswith(f"{key}: ")
    assert issue.expression == f"{TYPE}.{place}"


def test_a_ban_with_a_length_but_no_end_is_refused():
    with pytest.raises(Unprocessable, match="jrc-9"):
        made("form-2", prohibitions=[{"position": "x", "duration": {"value": 3}}])


def test_an_expungement_of_the_day_the_record_is_read_counts():
    today = {**CONVICTION, "expungement": {"basis": "automatic", "date": "2026-08-03"}}
    assert made(convictions=[today])["convictionStatus"] == "none"


@pytest.mark.parametrize(
    ("born", "age", "taken"),
    [
        ("2010-08-03", 16, True),
        ("2010-08-04", 16, False),
        ("2010-07", 16, True),
        ("2010-08", 16, False),
        ("2009", 16, True),
        ("2010", 16, False),
        ("2026-08-03", 0, True),
        ("2008-02-29", 18, True),
    ],
)
def test_the_holder_is_certainly_as_old_as_the_law_asks(born, age, taken):
    snapshot = {**SUBJECT, "birthDate": born}
    if taken:
        assert made(snapshot=snapshot, minimum_age=age)["subjectSnapshot"]["birthDate"] == born
    else:
        with pytest.raises(Unprocessable, match="jrc-14"):
            made(snapshot=snapshot, minimum_age=age)


def test_names_are_capitals_with_marks_in_one_unicode_form():
    typed = unicodedata.normalize("NFD", "Nguyễn Văn Thử")
    snapshot = {**SUBJECT, "name": typed, "otherName": [unicodedata.normalize("NFD", "Đỏ")]}
    shown = made(snapshot=snapshot)["subjectSnapshot"]
    assert (shown["name"], shown["otherName"]) == ("NGUYỄN VĂN THỬ", ["Đỏ"])


def test_ids_and_extensions_of_the_sources_stay_behind():
    extension = [{"url": "http://example.org/x", "valueString": "x"}]
    offence = [{"id": "o1", "text": "Trộm", "_text": {"id": "t"}, "code": {"extension": extension}}]
    address = {"text": "Xã Thử", "extension": extension}
    body = made(
        convictions=[{**CONVICTION, "offence": offence}],
        snapshot={**SUBJECT, "permanentAddress": address},
    )
    assert body["conviction"][0]["offence"] == [{"text": "Trộm"}]
    assert body["subjectSnapshot"]["permanentAddress"] == address


def test_times_are_those_of_viet_nam():
    assert instant(AS_OF - 8 * 3_600_000_000) == "2026-08-03T00:00:00+07:00"
    assert made()["dataAsOf"] == "2026-08-03T08:00:00+07:00"


@pytest.mark.parametrize(("form", "code"), [("form-1", "R"), ("form-2", "V")])
def test_a_form_is_labelled_by_what_it_may_show(form, code):
    [label] = made(form)["meta"]["security"]
    assert label["code"] == code

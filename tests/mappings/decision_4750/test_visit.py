import pytest

from mappings.decision_4750 import visit as module
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.envelope import read_envelope
from mappings.decision_4750.visit import Refused, Visit, map_hoso, read
from mappings.mapping import draft_id, draft_url
from mappings.terms.identifiers import Systems
from tests.mappings.decision_4750.hospital import (
    MA_LK,
    REFERRAL,
    SLIP,
    SUMMARY,
    base64_of,
    envelope,
    hoso,
    mapped,
    table,
)

FULL = {"XML13": [REFERRAL], "XML14": [SLIP]}


def references(value):
    if isinstance(value, dict):
        own = [value["reference"]] if isinstance(value.get("reference"), str) else []
        return own + [one for inner in value.values() for one in references(inner)]
    if isinstance(value, list):
        return [one for inner in value for one in references(inner)]
    return []


def test_a_visit_sent_again_has_the_same_keys_and_ids():
    first, second = mapped(**FULL), mapped({"LY_DO_VV": "Khác"}, **FULL)
    assert [one.key for one in first.drafts] == [one.key for one in second.drafts]
    entries = [to_bundle(one)["entry"] for one in (first, second)]
    assert [one["fullUrl"] for one in entries[0]] == [one["fullUrl"] for one in entries[1]]


def test_no_two_drafts_have_one_key():
    found = mapped(**FULL)
    drafts = (*found.drafts, *found.practitioners, *found.organizations, found.patient)
    assert len({draft.key for draft in drafts}) == len(drafts)


def test_every_reference_leads_to_a_draft_of_the_visit():
    entries = to_bundle(mapped({"MA_DKBD": "99003"}, **FULL))["entry"]
    known = {one["fullUrl"] for one in entries}
    assert set(references(entries)) <= known


def test_another_facility_or_visit_has_other_ids():
    ids = {draft_id("99001", MA_LK, "Encounter"), draft_id("99002", MA_LK, "Encounter")}
    assert len(ids | {draft_id("99001", "TEST-2", "Encounter")}) == 3
    assert draft_url("99001", MA_LK, "x") == "urn:uuid:" + draft_id("99001", MA_LK, "x")


def test_a_visit_knows_when_it_began_and_when_it_was_sent():
    found = mapped()
    assert (found.start, found.created) == (1_756_689_300_000_000, "20250901")
    assert mapped({"NGAY_VAO": "20250901"}).start == 1_756_659_600_000_000


def test_tables_that_are_not_mapped_are_named():
    found = mapped(XML10=[{"MA_LK": MA_LK}], XML6=[{"MA_LK": MA_LK}])
    assert found.not_mapped == ("XML6", "XML10")


def test_an_error_in_a_table_that_is_not_mapped_refuses_the_visit_too():
    assert isinstance(mapped(XML10=[{"MA_LK": "TEST-2"}]), Refused)


def test_a_table_that_stands_twice_refuses_the_visit():
    text = base64_of(table("XML1", SUMMARY))
    twice = hoso(XML1=text).replace("</HOSO>", hoso(XML1=text).removeprefix("<HOSO>"))
    (found,) = read(envelope(twice))
    assert "stands twice" in found.issues[0].diagnostics


def test_too_many_rows_in_all_refuse_the_visit(monkeypatch):
    monkeypatch.setattr(module, "MAX_ROWS", 1)
    found = mapped(**FULL)
    assert isinstance(found, Refused)
    assert found.issues[0].code == "too-costly"


def test_errors_come_first_and_issues_are_bounded():
    rows = [{"MA_LK": MA_LK, "TEN_CHI_SO": "x", "NGAY_KQ": "1"} for _ in range(200)]
    found = mapped({"MA_KHOA": ""}, XML4=rows)
    assert isinstance(found, Refused)
    assert len(found.issues) == module.MAX_ISSUES + 1
    assert "more issues are not told" in found.issues[-1].diagnostics


def test_one_bad_visit_does_not_stop_the_others():
    bad = hoso(XML1=base64_of(table("XML1", SUMMARY | {"MA_LK": "TEST-2", "GIOI_TINH": "9"})))
    good = hoso(XML1=base64_of(table("XML1", SUMMARY)))
    assert [type(one) for one in read(envelope(bad, good))] == [Refused, Visit]


def test_the_base_of_all_addresses_can_be_another():
    body = envelope(hoso(XML1=base64_of(table("XML1", SUMMARY))))
    found = read_envelope(body)
    outcome = map_hoso(found, found.hosos[0], Systems("http://fhir.ehealth.gov.vn/core/"))
    assert "fhir.hl7.org.vn" not in str(to_bundle(outcome))


@pytest.mark.parametrize("kind", ["Organization", "Practitioner"])
def test_parties_are_created_once_by_identifier(kind):
    entries = [
        one["request"]
        for one in to_bundle(mapped(**FULL))["entry"]
        if one["request"]["url"] == kind
    ]
    assert entries
    assert all(one["ifNoneExist"].startswith("identifier=http%3A") for one in entries)

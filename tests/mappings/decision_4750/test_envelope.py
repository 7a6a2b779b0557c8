import base64

import pytest

from fhir_server.fhir.errors import Invalid
from mappings.decision_4750.envelope import read_envelope
from mappings.decision_4750.visit import Refused, Visit, map_hoso
from tests.mappings.decision_4750.hospital import SUMMARY, base64_of, envelope, hoso, table

SUMMARY_XML = table("XML1", SUMMARY)
GOOD = hoso(XML1=base64_of(SUMMARY_XML))


def read_one(content):
    return read_envelope(envelope(hoso(XML1=content))).hosos[0]


def test_facility_day_and_visits_are_read():
    found = read_envelope(envelope(GOOD))
    assert (found.facility, found.created, len(found.hosos)) == ("99001", "20250901", 1)
    assert (found.hosos[0].index, found.hosos[0].ma_lk) == (0, SUMMARY["MA_LK"])
    assert found.issues == ()


@pytest.mark.parametrize(
    "content",
    [
        base64_of(SUMMARY_XML),
        "\n" + base64.encodebytes(SUMMARY_XML.encode()).decode() + "\n",
        base64_of("\ufeff" + SUMMARY_XML),
        base64_of('<?xml version="1.0" encoding="utf-16"?>' + SUMMARY_XML),
        base64.b64encode(SUMMARY_XML.encode("utf-16")).decode(),
        SUMMARY_XML,
        "\n\ufeff" + SUMMARY_XML + "\n",
        f"<![CDATA[\ufeff{SUMMARY_XML}]]>",
        SUMMARY_XML.replace("<", "&lt;").replace(">", "&gt;"),
    ],
    ids=[
        "base64",
        "lines",
        "BOM",
        "mislabelled",
        "UTF-16",
        "nested",
        "nested BOM",
        "CDATA",
        "text",
    ],
)
def test_a_table_is_read_however_it_is_wrapped(content):
    found = read_one(content)
    assert found.issues == ()
    assert found.files[0][1].findtext("HO_TEN") == SUMMARY["HO_TEN"]


def test_a_byte_order_mark_before_the_envelope_is_no_matter():
    assert read_envelope(b"\xef\xbb\xbf" + envelope(GOOD)).facility == "99001"


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (envelope(GOOD)[:-30], "not well formed"),
        (b"", "not well formed"),
        (b"\xff\xfe\x00", "UTF-16"),
        (b"<GIAMDINHHS>\xff</GIAMDINHHS>", "not well formed"),
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + envelope(GOOD).partition(b"?>")[2], "DOCTYPE"),
        (b"<TONG_HOP/>", "root element is TONG_HOP"),
        (b"<CHI_TIEU_TRANG_THAI_KCB/>", "an envelope begins with GIAMDINHHS"),
        (envelope(), "no GIAMDINHHS/THONGTINHOSO/DANHSACHHOSO/HOSO"),
        (envelope(GOOD, facility=""), "MACSKCB"),
        (envelope(GOOD, facility="9/001"), "MACSKCB"),
        (envelope(GOOD, created="20251301"), "NGAYLAP"),
        (envelope(GOOD, created=""), "NGAYLAP"),
        (b"<a>" * 300 + b"</a>" * 300, "not well formed"),
    ],
)
def test_what_is_no_envelope_is_refused_whole(body, told):
    with pytest.raises(Invalid, match=told):
        read_envelope(body)


def test_tables_over_the_limit_are_refused():
    with pytest.raises(Invalid, match="more than 100 characters"):
        read_envelope(envelope(GOOD), max_inner_bytes=100)


def test_more_visits_than_one_envelope_may_hold_are_refused():
    with pytest.raises(Invalid, match="more than 1000 HOSO"):
        read_envelope(envelope(*["<HOSO/>"] * 1001))


def test_more_tables_than_a_visit_may_hold_refuse_it():
    found = read_envelope(envelope("<HOSO>" + "<FILEHOSO/>" * 60 + "</HOSO>"))
    assert "FILEHOSO" in [one.expression for one in found.hosos[0].issues]
    assert len(found.hosos[0].issues) == 52


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("!!!", "neither base64 nor XML"),
        ("PGE", "neither base64 nor XML"),
        (base64_of("<TONG_HOP><MA_LK>"), "not well formed"),
        (base64_of("<!DOCTYPE a><TONG_HOP/>"), "DOCTYPE"),
        (base64_of(base64_of(SUMMARY_XML)), "not well formed"),
        (SUMMARY_XML + SUMMARY_XML, "more than one element"),
        ("", "not well formed"),
    ],
)
def test_an_unreadable_table_refuses_its_visit_only(content, told):
    found = read_envelope(envelope(hoso(XML1=content), GOOD))
    bad, good = (map_hoso(found, one) for one in found.hosos)
    assert isinstance(bad, Refused)
    assert told in bad.issues[0].diagnostics
    assert bad.issues[0].expression == "XML1"
    assert isinstance(good, Visit)


def test_a_table_without_content_refuses_its_visit():
    bare = "<HOSO><FILEHOSO><LOAIHOSO>XML1</LOAIHOSO></FILEHOSO></HOSO>"
    found = read_envelope(envelope(bare))
    assert "NOIDUNGFILE is missing" in found.hosos[0].issues[0].diagnostics


def test_two_visits_with_one_key_are_both_refused():
    found = read_envelope(envelope(GOOD, hoso(XML1=SUMMARY_XML)))
    outcomes = [map_hoso(found, one) for one in found.hosos]
    assert [type(one) for one in outcomes] == [Refused, Refused]
    assert {one.issues[0].code for one in outcomes} == {"duplicate"}


def test_an_unknown_kind_of_table_is_a_warning():
    found = read_envelope(envelope(hoso(XML1=SUMMARY_XML, XML99="AAAA")))
    outcome = map_hoso(found, found.hosos[0])
    assert isinstance(outcome, Visit)
    assert [issue.severity for issue in outcome.issues] == ["warning"]
    assert "XML99" in outcome.issues[0].diagnostics


def test_a_visit_without_its_summary_is_refused():
    found = read_envelope(envelope(hoso(XML2=table("XML2", {}))))
    outcome = map_hoso(found, found.hosos[0])
    assert isinstance(outcome, Refused)
    assert "XML1" in [issue.expression for issue in outcome.issues]


def test_tables_come_in_any_order():
    medicine = table("XML2", {"MA_LK": SUMMARY["MA_LK"], "TEN_THUOC": "Thuốc"})
    found = read_envelope(envelope(hoso(XML2=medicine, XML1=SUMMARY_XML)))
    outcome = map_hoso(found, found.hosos[0])
    assert isinstance(outcome, Visit)
    assert outcome.drafts[0].key == "Encounter"


def test_a_wrong_count_of_visits_is_a_warning():
    body = envelope(GOOD).replace(b"<SOLUONGHOSO>1<", b"<SOLUONGHOSO>2<")
    assert [issue.severity for issue in read_envelope(body).issues] == ["warning"]

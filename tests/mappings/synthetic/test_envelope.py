"""Envelopes: well-formed, complete, balanced, and taken by the mapping without a word."""

import base64
import gc
import re
import sys
import tracemalloc
import xml.etree.ElementTree as ET
from itertools import islice

import pytest

from mappings.decision_4750.tables import fields
from mappings.decision_4750.visit import read
from mappings.mapping import Visit
from mappings.synthetic.envelope import envelope, synthesise
from mappings.synthetic.plan import plan

SEED = 4750
MANDATORY = [
    field.name
    for field in fields()
    if field.table == "XML1"
    and field.required in {"must", "portal"}
    and field.name != "MAHUYEN_CU_TRU"  # districts ended in July 2025
]


def tables(body):
    """Kind → its root element."""
    root = ET.fromstring(body)
    return {
        file.findtext("LOAIHOSO"): ET.fromstring(base64.b64decode(file.findtext("NOIDUNGFILE")))
        for file in root.iter("FILEHOSO")
    }


@pytest.fixture(scope="module")
def visits():
    return [tables(body) for body in synthesise(SEED, 200)]


def amount(root, path):
    return sum(int(one.text) for one in root.iterfind(path)) if root is not None else 0


def test_the_same_seed_gives_the_same_bytes():
    assert list(synthesise(SEED, 20)) == list(synthesise(SEED, 20))


def test_a_citizen_s_envelopes_do_not_depend_on_how_many_are_made():
    alone = [envelope(plan(SEED, 19), visit) for visit in plan(SEED, 19).visits]
    assert list(synthesise(SEED, 20))[-len(alone) :] == alone


def test_another_seed_gives_other_bytes():
    assert next(synthesise(1, 1)) != next(synthesise(2, 1))


def test_every_table_lists_its_fields_in_the_decree_s_order(visits):
    for kind in ("XML1", "XML13", "XML14"):
        asked = list(dict.fromkeys(one.name for one in fields() if one.table == kind))
        found = next(one[kind] for one in visits if kind in one)
        assert [child.tag for child in found] == asked


def test_all_mandatory_fields_of_the_summary_are_filled(visits):
    for one in visits:
        assert [name for name in MANDATORY if not one["XML1"].findtext(name)] == []


def test_visit_keys_are_unique_and_the_same_in_every_table(visits):
    keys = [one["XML1"].findtext("MA_LK") for one in visits]
    assert len(set(keys)) == len(keys)
    for key, one in zip(keys, visits, strict=True):
        assert {found.text for root in one.values() for found in root.iter("MA_LK")} == {key}


def test_identifiers_are_only_from_ranges_nobody_has(visits):
    for one in visits:
        row = one["XML1"]
        assert re.fullmatch(r"(099\d{9})?", row.findtext("SO_CCCD"))
        assert re.fullmatch(r"990(0[1-9]|[123]\d|40)", row.findtext("MA_CSKCB"))
        for card in filter(None, row.findtext("MA_THE_BHYT").split(";")):
            assert re.fullmatch(r"[A-Z]{2}\d99991\d{7}", card)
        for field in ("MA_NOI_DI", "MA_NOI_DEN", "MA_DKBD"):
            assert all(
                code.startswith("990") for code in filter(None, row.findtext(field).split(";"))
            )
        assert row.findtext("MA_TTDV").startswith("990")


def test_sums_balance(visits):
    for one in visits:
        row = one["XML1"]
        medicines, services = one.get("XML2"), one["XML3"]
        for field in ("BV", "BH"):
            rows = amount(medicines, f".//THANH_TIEN_{field}")
            rows += amount(services, f".//THANH_TIEN_{field}")
            assert int(row.findtext(f"T_TONGCHI_{field}")) == rows
        for field in ("T_BNTT", "T_BNCCT", "T_BHTT"):
            rows = amount(medicines, f".//{field}") + amount(services, f".//{field}")
            assert int(row.findtext(field)) == rows
        paid = sum(int(row.findtext(field)) for field in ("T_BNTT", "T_BNCCT", "T_BHTT"))
        assert paid == int(row.findtext("T_TONGCHI_BV"))
        assert int(row.findtext("T_THUOC")) == amount(medicines, ".//THANH_TIEN_BV")


def test_a_row_costs_its_price_times_its_quantity(visits):
    for one in visits:
        for row in one["XML3"].iter("CHI_TIET_DVKT"):
            asked = int(row.findtext("DON_GIA_BV")) * int(row.findtext("SO_LUONG"))
            assert int(row.findtext("THANH_TIEN_BV")) == asked


def test_days_of_treatment_follow_the_form_of_care(visits):
    for one in visits:
        row = one["XML1"]
        days, kind = int(row.findtext("SO_NGAY_DTRI")), row.findtext("MA_LOAI_KCB")
        assert (days == 0) == (kind == "01")


def test_papers_come_with_what_calls_for_them(visits):
    for one in visits:
        row = one["XML1"]
        assert ("XML13" in one) == (row.findtext("MA_LOAI_RV") in {"2", "5"})
        assert ("XML13" in one) == bool(row.findtext("MA_NOI_DEN"))
        assert ("XML14" in one) == bool(row.findtext("NGAY_TAI_KHAM"))
        assert ("XML7" in one) == ("XML8" in one) == (row.findtext("MA_LOAI_KCB") == "03")
    assert any("XML13" in one for one in visits)
    assert any("XML14" in one for one in visits)
    assert any("XML7" in one for one in visits)


def test_there_are_comparators_two_cards_uninsured_and_birth_years(visits):
    results = [visit["XML4"] for visit in visits if "XML4" in visit]
    values = {one.text or "" for table in results for one in table.iter("GIA_TRI")}
    assert any(value.startswith("<") for value in values)
    cards = {visit["XML1"].findtext("MA_THE_BHYT").count(";") for visit in visits}
    assert cards == {0, 1}
    assert any(not visit["XML1"].findtext("MA_THE_BHYT") for visit in visits)
    assert any(visit["XML1"].findtext("NGAY_SINH").endswith("00000000") for visit in visits)


def test_a_paper_that_brought_the_patient_was_given_at_an_earlier_visit(visits):
    given = {
        visit[kind].findtext(field)
        for visit in visits
        for kind, field in (("XML13", "GIAY_CHUYEN_TUYEN"), ("XML14", "SO_GIAYHEN_KL"))
        if kind in visit
    }
    brought = {visit["XML1"].findtext("GIAY_CHUYEN_TUYEN") for visit in visits} - {""}
    assert brought
    assert brought <= given


def test_vital_signs_arrive_inside_angle_brackets(visits):
    for one in visits:
        for note in one["XML5"].iter("DIEN_BIEN_LS"):
            assert re.search(r"CSST<M\d+_T\d\d\.\d_\S+>$", note.text)


def test_every_envelope_of_200_citizens_maps_without_an_issue():
    for body in synthesise(SEED, 200):
        (found,) = read(body)
        assert isinstance(found, Visit), found.issues
        assert found.issues == ()
        assert found.not_mapped == ()


def test_nothing_is_kept_over_2000_citizens():
    made = synthesise(SEED, 2000)
    for _ in islice(made, 500):
        pass  # caches fill first
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in made:
        pass
    gc.collect()
    assert sys.getallocatedblocks() - before < 5000


def test_one_citizen_at_a_time_is_in_memory():
    made = synthesise(SEED, 300)
    for _ in islice(made, 500):
        pass
    tracemalloc.start()
    try:
        for _ in made:
            pass
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 2_000_000

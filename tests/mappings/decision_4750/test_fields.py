"""Every field of the mapped tables is mapped or named as kept in the raw document only."""

import pytest

from fhir_server.fhir import json
from fhir_server.spec.spec import load
from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.tables import MAPPED, RAW, SAME_AS_SUMMARY, fields
from mappings.decision_4750.visit import Refused, Visit
from tests.mappings.decision_4750.hospital import SUMMARY, filled, mapped

FIELDS = [field for field in fields() if field.table in MAPPED and not field.until]
# A visit cannot be without these: another value shows that they are mapped.
ELSEWHERE = {
    ("XML1", "MA_LK"),  # the key of all tables: test_visit
    ("XML1", "MA_CSKCB"),  # equal to the envelope's: test_consistency
}
OTHER = {
    ("XML1", "MA_BN"): "BN2",
    ("XML1", "HO_TEN"): "NGUYỄN THỊ BƯỞI HAI",
    ("XML1", "NGAY_SINH"): "198503160000",
    ("XML1", "GIOI_TINH"): "3",
    ("XML1", "NGAY_VAO"): "202509010816",
    ("XML1", "MA_LOAI_KCB"): "03",
    ("XML2", "STT"): "8",
    ("XML2", "TEN_THUOC"): "Thuốc khác",
    ("XML3", "STT"): "8",
    ("XML4", "STT"): "8",
    ("XML4", "TEN_CHI_SO"): "Chỉ số khác",
    ("XML5", "STT"): "8",
    ("XML5", "DIEN_BIEN_LS"): "Khác",
    ("XML7", "NGAY_CT"): "20250904",
    ("XML8", "NGAY_CT"): "20250904",
    ("XML13", "GIAY_CHUYEN_TUYEN"): "GCT2",
    ("XML13", "MA_LYDO_CT"): "2",
    ("XML14", "SO_GIAYHEN_KL"): "GHK2",
    ("XML14", "NGAY_HEN_KL"): "202509290900",
}
SUPPLY = ("MA_VAT_TU", "TEN_VAT_TU")
SAME = ("HO_TEN", "NGAY_SINH", "GIOI_TINH", "MA_CSKCB", "NGAY_VAO", "NGAY_RA")


# A field that only counts where another is missing.
UNLESS = {("XML3", "NGAY_KQ"): ("XML3", "NGAY_TH_YL")}


def visit(*without, change=()):
    rows = {kind: [filled(kind)] for kind in MAPPED}
    for (table, name), text in dict(change).items():
        rows[table][0][name] = text
    (summary,) = rows.pop("XML1")
    summary["MA_PTTT_QT"] = "34.04"
    (service,) = rows["XML3"]
    rows["XML3"].append(service | {"STT": "9"})
    for name in SUPPLY:
        service.pop(name)
    for kind in ("XML7", "XML8", "XML13", "XML14"):
        rows[kind][0] |= {name: summary[name] for name in rows[kind][0] if name in SAME}
    rows["XML13"][0] |= {"MA_NOI_DEN": "99005", "NGAY_RA": "202509011031"}
    for table, name in without:
        for row in [summary] if table == "XML1" else rows[table]:
            row.pop(name, None)
    missing = {name: "" for name in SUMMARY if name not in summary}
    return mapped(summary | missing, **rows)


@pytest.fixture(scope="module")
def whole():
    found = visit()
    assert isinstance(found, Visit), found.issues
    return found


def said(found):
    return json.dump(to_bundle(found))


def test_a_visit_with_every_field_filled_is_well_made_fhir(whole):
    assert structural_issues(load(), to_bundle(whole)) == []


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: f"{field.table}.{field.name}")
def test_a_field_changes_the_result_exactly_when_it_is_said_to_be_mapped(field, whole):
    where = (field.table, field.name)
    if where in ELSEWHERE:
        return
    before = visit(UNLESS[where]) if where in UNLESS else whole
    if where in OTHER:
        found = visit(change={where: OTHER[where]})
    else:
        found = visit(where, *([UNLESS[where]] if where in UNLESS else []))
    if field.required == "must" and field.fhir == SAME_AS_SUMMARY:
        assert isinstance(found, Refused)
    else:
        assert (said(found) != said(before)) == (field.fhir not in {RAW, SAME_AS_SUMMARY})


def test_the_table_of_fields_holds_the_481_fields_of_the_decree():
    assert len({(field.table, field.name) for field in fields()}) == 481


def test_no_line_of_the_table_of_fields_is_without_a_word_on_fhir():
    assert [field.name for field in fields() if not field.fhir] == []


def test_every_element_a_mapped_field_names_begins_with_a_type_of_r4():
    types = load().types
    for field in FIELDS:
        if field.fhir in {RAW, SAME_AS_SUMMARY, "identity of the row"}:
            continue
        assert field.fhir.split(".")[0].split("[")[0].split(" ")[0] in types, field

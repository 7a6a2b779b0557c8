"""What the mapping of Decision 4750 writes meets the profiles it claims, and claims one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mappings.decision_4750 as package
from fhir_server.fhir import json
from mappings.decision_4750 import profiles
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import Visit, read
from mappings.ehealth_book.document import document
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan
from mappings.terms.identifiers import HL7_VIETNAM
from tests.mappings.decision_4750.hospital import SUMMARY, filled, mapped
from tests.mappings.ehealth_book.test_sample import bound

EXAMPLES = sorted((Path(package.__file__).parent / "examples").iterdir())
SEED, CITIZENS = 4750, 12
PERSON = ("MA_LK", "HO_TEN", "NGAY_SINH", "GIOI_TINH", "MA_CSKCB")
DATE = "2026-11-28T08:00:00Z"
TABLES = ("XML2", "XML3", "XML4", "XML5", "XML7", "XML8", "XML13", "XML14")


def resources(body: bytes) -> Iterator[dict[str, Any]]:
    """Give what the transaction Bundle of a hospital's file holds."""
    for visit in read(body):
        if isinstance(visit, Visit):
            yield from (entry["resource"] for entry in to_bundle(visit)["entry"])


def faults(found, judge) -> list[str]:
    return [
        f"{issue.expression}: {issue.diagnostics}"
        for resource in found
        for issue in judge(resource)
        if issue.severity == "error" or issue.code == "not-supported"
    ]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_golden_pair_has_no_fault(folder, judge):
    assert faults(resources((folder / "envelope.xml").read_bytes()), judge) == []


@pytest.mark.parametrize("number", range(CITIZENS))
def test_a_synthetic_citizen_has_no_fault(number, judge):
    citizen = plan(SEED, number)
    assert citizen.visits
    for visit in citizen.visits:
        assert faults(resources(envelope(citizen, visit)), judge) == []


# What a file may say with no more than a warning: table → fields that differ from a good one.
LOOSE = [
    {"XML1": {"MA_THE_BHYT": "DN99;GD4990000000002", "GT_THE_TU": "20260101;20250101"}},
    {"XML1": {"GT_THE_TU": "20260101", "GT_THE_DEN": "20250101"}},
    {"XML1": {"MA_BENH_CHINH": "e119", "MA_BENH_KT": "I10†;???"}},
    {"XML1": {"SO_CCCD": "AB-1", "MA_QUOCTICH": "999", "MA_DANTOC": "99"}},
    {"XML1": {"MA_DKBD": "9", "MA_NOI_DI": "1", "MA_NOI_DEN": "22"}},
    {"XML1": {"MAHUYEN_CU_TRU": "001", "MAXA_CU_TRU": "99999", "MATINH_CU_TRU": "99"}},
    {"XML1": {"NGAY_RA": "", "KET_QUA_DTRI": "5", "MA_DOITUONG_KCB": "?", "MA_KHOA": ";K1"}},
    {"XML1": {"NGAY_VAO_NOI_TRU": "202512010000", "MA_LOAI_RV": "2", "KET_QUA_DTRI": "5"}},
    {"XML1": {"NGAY_SINH": "198500000000", "CAN_NANG": "0", "CAN_NANG_CON": "x;0;3200"}},
    {"XML3": {"NGAY_TH_YL": "", "NGAY_YL": "", "MA_BAC_SI": "", "MA_NHOM": "99", "MA_BENH": "?"}},
    {"XML4": {"NGAY_KQ": "", "GIA_TRI": "", "MO_TA": "", "MA_BS_DOC_KQ": ""}},
    {"XML4": {"GIA_TRI": "> 7,8", "DON_VI_DO": "đơn vị", "MO_TA": "TSBT: 9 - 1"}},
    {"XML5": {"THOI_DIEM_DBLS": "", "NGUOI_THUC_HIEN": ""}},
    {"XML5": {"DIEN_BIEN_LS": "CSST<M0_T99_HA300/0_NT0_SP101_HL9>"}},
    {"XML7": {"NGAY_VAO": "202509100000", "NGAY_RA": "202509010000", "MA_BS": "", "TEN_BS": "A"}},
    {"XML13": {"MA_BAC_SI": "", "MA_NOI_DEN": "", "HUONG_DIEU_TRI": "", "NGAY_RA": ""}},
    {"XML14": {"NGAY_HEN_KL": "20250801", "MA_BAC_SI": "", "NGAY_CT": ""}},
]


@pytest.mark.parametrize("said", LOOSE, ids=str)
def test_a_loose_file_has_no_fault(said, judge):
    summary = filled("XML1") | SUMMARY | said.get("XML1", {})
    person = {name: summary[name] for name in PERSON}
    rows = {kind: [filled(kind) | person | said.get(kind, {})] for kind in TABLES}
    visit = mapped(summary, **rows)
    assert isinstance(visit, Visit), visit.issues
    assert faults((entry["resource"] for entry in to_bundle(visit)["entry"]), judge) == []


def test_a_page_of_the_book_has_no_fault(judge):
    page = document(bound(), identities=("b1", "c1"), base_url="http://127.0.0.1/fhir", date=DATE)
    bundle = json.parse_object(page)
    first = bundle["entry"][0]["resource"]
    assert first["meta"]["profile"] == [HL7_VIETNAM.profile("vn-composition-health-book")]
    assert faults([bundle], judge) == []


def test_every_profile_the_mapping_can_claim_is_claimed_by_an_example():
    claimed = {
        profile.rpartition("/")[2]
        for folder in EXAMPLES
        for resource in resources((folder / "envelope.xml").read_bytes())
        for profile in resource.get("meta", {}).get("profile", ())
    }
    assert claimed == {*profiles.BY_TYPE.values(), *profiles.BY_CATEGORY.values()}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Coverage", "subscriberId": "DN99"},
        {"resourceType": "Organization", "identifier": [{"value": "990"}]},
    ],
    ids=["a card of no form", "a facility code cut short"],
)
def test_what_the_file_says_too_loosely_for_a_profile_claims_none(resource):
    assert profiles.profile_of(resource) == ""

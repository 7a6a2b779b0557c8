"""Code lists of the ministry (codes.csv): what a code means, and which lists are closed.

Sources: appendix of Decision 4750/QĐ-BYT, Decisions 3276/QĐ-BYT (2025) and 1804/QĐ-BYT (2026).
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from mappings.terms.concepts import Fhir, coding, concept
from mappings.terms.identifiers import Systems

# Field of the decree → the CodeSystem its codes are from, under the configured base.
CODE_SYSTEMS = {
    "MA_LOAI_KCB": "vn-encounter-type-cs",
    "MA_LOAI_RV": "vn-discharge-disposition-cs",
    "KET_QUA_DTRI": "vn-treatment-outcome-cs",
    "MA_DOITUONG_KCB": "vn-insurance-visit-type-cs",
    "MA_LYDO_CT": "vn-referral-reason-cs",
    "MA_LY_DO_VNT": "vn-admission-reason-cs",
    "MA_DANTOC": "vn-ethnicity-cs",
    "MA_NGHE_NGHIEP": "vn-occupation-cs",
    "MA_QUOCTICH": "vn-nationality-cs",
    "MA_KHOA": "vn-department-cs",
    "MA_BENH_YHCT": "vn-traditional-disease-cs",
    "MA_DICH_VU": "vn-service-cs",
    "MA_NHOM": "vn-cost-group-cs",
    "MA_VAT_TU": "vn-supply-cs",
    "MA_CHI_SO": "vn-result-index-cs",
    "MA_THUOC": "vn-drug-cs",
    "SO_DANG_KY": "vn-drug-registration-cs",
    "DUONG_DUNG": "vn-route-cs",
    "VI_TRI_TH_DVKT": "vn-body-site-cs",
}


@dataclass(frozen=True, slots=True)
class Code:
    """One code: `strict` when its list is closed, `fhir` the FHIR code it stands for, if any."""

    code: str
    strict: bool
    display: str
    english: str
    fhir: str


@cache
def lists() -> dict[str, dict[str, Code]]:
    """Give list name → code → Code, as codes.csv has them."""
    found: dict[str, dict[str, Code]] = {}
    text = (files("mappings.terms") / "codes.csv").read_text("utf-8")
    for row in csv.DictReader(text.splitlines()):
        strict = row["strict"] == "yes"
        code = Code(row["code"], strict, row["display"], row["english"], row["fhir"])
        found.setdefault(row["list"], {})[code.code] = code
    return found


def fhir_code(name: str, code: str) -> str:
    """Give the FHIR code that stands for a code of a list; KeyError when there is none."""
    return lists()[name][code].fhir


def coded(field: str, code: str, systems: Systems, text: str = "") -> Fhir:
    """Give the CodeableConcept of a decree field's code, with its display where it is known."""
    known = lists().get(field, {}).get(code)
    display = known.display if known else ""
    return concept([coding(systems.codes(CODE_SYSTEMS[field]), code, display)], text)

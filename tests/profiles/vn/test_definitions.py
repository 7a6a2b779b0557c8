"""The definitions of Viet Nam are well made, lead to one another, and say what the mapping says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mappings
import profiles
from fhir_server.main import definitions
from fhir_server.validation.structure import structural_issues
from mappings.decision_4750.tables import fields
from mappings.plugin import plugin
from mappings.terms import codes, units
from mappings.terms.identifiers import HL7_VIETNAM, Systems
from mappings.terms.places import communes, provinces

FOLDER = Path(profiles.__path__[0]) / "vn"
FILES = {path.stem: json.loads(path.read_text("utf-8")) for path in FOLDER.glob("*.json")}
OF_TYPE = {
    type_: [one for one in FILES.values() if one["resourceType"] == type_]
    for type_ in {one["resourceType"] for one in FILES.values()}
}
URLS = {one["url"] for one in FILES.values() if "url" in one}
SYSTEMS = {one["url"]: one for one in OF_TYPE["CodeSystem"]}
OURS = re.compile(
    r"http://(?:fhir\.hl7\.org\.vn/core|fhir-server\.vn)"
    r"/(?:CodeSystem|ValueSet|StructureDefinition)/[A-Za-z0-9.-]+"
)
HL7_PROFILE = re.compile(r"http://hl7\.org/fhir/StructureDefinition/[A-Za-z0-9-]+")
SID = re.compile(
    r"sid\(\s*\"([a-z-]+)\"|number\(scene, \"([a-z-]+)\"|^LETTER, SLIP, VISIT = .*\"([a-z-]+)\"$",
    re.MULTILINE,
)
BASE = re.escape(HL7_VIETNAM.base)
# The fields of the decree that hold a code of a list, by the list's own words or by another law.
CODED = re.findall(
    r"\S+",
    """
GIOI_TINH GIOI_TINH_CON MA_QUOCTICH MA_DANTOC MA_NGHE_NGHIEP MATINH_CU_TRU MAHUYEN_CU_TRU
MAXA_CU_TRU MA_DOITUONG_KCB MA_LY_DO_VNT MA_LOAI_KCB MA_TAI_NAN KET_QUA_DTRI MA_LOAI_RV MA_KHUVUC
MA_KHOA MA_KHOA_RV MA_BENH_YHCT MA_THUOC SO_DANG_KY DUONG_DUNG MA_NHOM PHAM_VI MA_PTTT NGUON_CTRA
MA_DICH_VU MA_VAT_TU MA_XANG_DAU VI_TRI_TH_DVKT PP_VO_CAM MA_MAY TAI_SU_DUNG MA_CHI_SO DON_VI_DO
MA_LYDO_DTRI LOAI_DTRI_LAO SANG_LOC_LAO PHACDO_DTRI_LAO KQ_DTRI_LAO MA_LYDO_XNTL_VR KQ_XNTL_VR
MA_LOAI_BN GIAI_DOAN_LAM_SANG NHOM_DOI_TUONG MA_TINH_TRANG_DK LAN_XN_PCR MA_KQ_XN_PCR MA_XU_TRI
MA_BAC_PHAC_DO MA_BAC_PHAC_DO_BD MA_PHAC_DO_DIEU_TRI MA_PHAC_DO_DIEU_TRI_BD LY_DO_CHUYEN_PHAC_DO
MA_DINH_CHI_THAI SINHCON_PHAUTHUAT SINHCON_DUOI32TUAN CHUC_VU MA_DOI_TUONG KHAM_GIAM_DINH
DANG_HUONG_CHE_DO DANG_KHUYETTAT MUC_DO_KHUYETTAT MA_LYDO_CT PHANLOAI_LAO_VITRI PHANLOAI_LAO_TS
PHANLOAI_LAO_HIV PHANLOAI_LAO_VK PHANLOAI_LAO_KT KET_QUA_DTRI_LAO
""",
)


def concepts(system: str) -> dict[str, dict[str, Any]]:
    found = SYSTEMS[HL7_VIETNAM.codes(system)].get("concept", ())
    return {one["code"]: one for one in found}


def targets(name: str) -> dict[str, str]:
    """Give source code → target code of a ConceptMap of one group."""
    (group,) = FILES[f"ConceptMap-{name}"]["group"]
    return {one["code"]: one["target"][0]["code"] for one in group["element"]}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_definition_is_well_made_and_named_as_it_says(name, spec):
    definition = FILES[name]
    assert structural_issues(spec, definition) == []
    assert name == f"{definition['resourceType']}-{definition['id']}"
    assert definition.get("url", name.replace("-", "/", 1)).endswith(name.replace("-", "/", 1))


def test_every_canonical_leads_to_a_definition_here():
    lost = {
        f"{name}: {url}"
        for name, definition in FILES.items()
        for url in OURS.findall(json.dumps(definition))
        if url not in URLS
    }
    assert lost == set()


def test_every_profile_of_hl7_that_is_named_is_known(spec):
    named = {url for one in FILES.values() for url in HL7_PROFILE.findall(json.dumps(one))}
    lost = {url for url in named if not any(spec.canonicals.find("StructureDefinition", url))}
    assert "http://hl7.org/fhir/StructureDefinition/vitalsigns" in named
    assert lost == set()


def test_every_coded_field_of_the_decree_has_a_code_system_that_names_it():
    known = {one.name for one in fields()}
    told = {
        field
        for one in SYSTEMS.values()
        for field in re.findall(r"XML\d+\.([A-Z_0-9]+)", one["description"])
    }
    assert told <= known
    assert set(CODED) - told == set()


def test_code_lists_of_the_mapping_are_the_code_systems():
    others = {
        "GIOI_TINH": "vn-gender-cs",
        "PHAM_VI": "vn-benefit-scope-cs",
        "MA_PTTT": "vn-payment-method-cs",
        "MA_DINH_CHI_THAI": "vn-pregnancy-termination-cs",
        "MA_KHUVUC": "vn-living-area-cs",
    }
    for field, listed in codes.lists().items():
        known = concepts({**codes.CODE_SYSTEMS, **others}[field])
        assert known.keys() == listed.keys()
        for code, one in listed.items():
            assert not one.display or known[code]["display"] == one.display


def test_code_lists_have_a_code_once_and_say_how_many():
    for system in SYSTEMS.values():
        listed = [one["code"] for one in system.get("concept", ())]
        assert len(listed) == len(set(listed)) == system.get("count", 0), system["id"]
        assert bool(listed) == (system["content"] != "not-present"), system["id"]


def test_places_of_july_2025_are_those_of_the_mapping():
    wards = concepts("vn-ward-cs")
    assert {code: one["display"] for code, one in wards.items()} == communes()
    assert {c: one["display"] for c, one in concepts("vn-province-cs").items()} == provinces()
    above = {one["property"][0]["valueCode"] for one in wards.values()}
    assert (len(wards), above) == (3321, {*provinces()})


def test_maps_say_what_the_mapping_does():
    assert targets("vn-unit") == units.UCUM_CODES | units.CASE_MATTERS
    for name, field in (("vn-gender", "GIOI_TINH"), ("vn-encounter-type", "MA_LOAI_KCB")):
        assert targets(name) == {code: one.fhir for code, one in codes.lists()[field].items()}


def test_a_map_is_from_codes_of_its_system():
    for one in OF_TYPE["ConceptMap"]:
        for group in one["group"]:
            known = {found["code"] for found in SYSTEMS[group["source"]]["concept"]}
            assert {element["code"] for element in group["element"]} <= known


def test_every_identifier_system_of_the_mapping_has_its_naming_system():
    used = {
        next(filter(None, found))
        for path in Path(mappings.__path__[0]).rglob("*.py")
        for found in SID.findall(path.read_text("utf-8"))
    }
    named = {one["value"] for system in OF_TYPE["NamingSystem"] for one in system["uniqueId"]}
    assert {"cccd", "bhyt", "ma-lk", "so-luu-tru"} <= used
    assert {sid for sid in used if HL7_VIETNAM.sid(sid) not in named} == set()


def test_the_guide_of_2021_is_accepted_and_never_preferred():
    for system in OF_TYPE["NamingSystem"]:
        preferred = [one["value"] for one in system["uniqueId"] if one.get("preferred")]
        assert len(preferred) == 1
        assert "ehealth.gov.vn" not in preferred[0]


def test_every_profile_has_30_bad_resources():
    rows = {
        path.stem: json.loads(path.read_text("utf-8"))["bad"]
        for path in (Path(__file__).parent / "bad").glob("*.json")
    }
    made = {one["id"] for one in OF_TYPE["StructureDefinition"] if one["kind"] == "resource"}
    assert rows.keys() == made
    for name, bad in rows.items():
        assert len(bad) >= 30, name
        assert len({row["why"] for row in bad}) == len(bad), name


def test_another_base_replaces_the_address_everywhere():
    there = Systems("http://example.org/vn/")
    spec = definitions([plugin(there.base)])
    (patient,) = spec.canonicals.find("StructureDefinition", there.profile("vn-patient"))
    assert not re.search(BASE, json.dumps(patient, default=bytes.decode))
    assert not any(spec.canonicals.find("ValueSet", HL7_VIETNAM.base + "ValueSet/vn-gender-vs"))


def test_the_readme_has_a_line_for_every_file():
    told = (FOLDER / "README.md").read_text("utf-8")
    lost = [name for name in FILES if f"`{name}`" not in told]
    assert not lost


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    elif isinstance(value, str):
        yield value


def test_no_text_has_space_at_its_ends():
    for name, one in FILES.items():
        assert [text for text in strings(one) if text != text.strip()] == [], name

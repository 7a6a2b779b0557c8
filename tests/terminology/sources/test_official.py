"""ICD-10, LOINC and SNOMED CT as they are published, in tiny invented files."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.store.concepts import Concept, Designation
from fhir_server.terminology.sources import icd10, loinc, snomed
from tests.terminology.sources import files


def by_code(source):
    return {one.code: one for one in source.concepts()}


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_claml_is_read_without_its_dtd(tmp_path):
    source = icd10.source(write(tmp_path / "icd.xml", files.CLAML), "")
    assert (source.url, source.version, source.title) == (icd10.URL, "2031", "ICD-10-TEST")
    assert source.language == "en"
    assert list(source.edges()) == [("Z98-Z99", "XXII"), ("Z99", "Z98-Z99"), ("Z99.9", "Z99")]
    found = by_code(source)
    assert found.keys() == {"XXII", "Z98-Z99", "Z99", "Z99.9"}
    assert found["Z99"] == Concept(
        "Z99",
        "Test fever",
        (Designation("Fever of tests", "en", "inclusion"),),
        (("kind", "category"),),
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (files.CLAML.replace('"ClaML.dtd"', '"a" [<!ENTITY x "y">]'), "DOCTYPE or entity"),
        ("<ClaML><Class></ClaML>", "not well formed"),
        ("<html/>", "no ClaML"),
    ],
)
def test_other_xml_is_refused(tmp_path, text, told):
    with pytest.raises(Invalid, match=told):
        icd10.source(write(tmp_path / "icd.xml", text), "1")


def test_the_ministrys_list_has_chapters_groups_and_the_circulars_marks(tmp_path):
    source = icd10.source(write(tmp_path / "icd.csv", files.MINISTRY), "TT06/2026")
    assert source.language == "vi"
    found = by_code(source)
    assert found["XXII"] == Concept("XXII", "Bệnh bịa đặt")
    assert found["Z98-Z99"].display == "Bịa hiếm"
    assert found["Z99.9"] == Concept(
        "Z99.9",
        "Viêm phổi kiểm thử",
        (Designation("Test pneumonia", "en"),),
        (("female", "true"),),
    )
    assert found["Z99.91"].inactive
    assert found["Z99.91"].properties == (("not-used", "true"),)
    assert len(list(source.concepts())) == 5
    assert {("Z99", "Z98-Z99"), ("Z99.9", "Z99"), ("Z99.91", "Z99.9"), ("Z98-Z99", "XXII")} == set(
        source.edges()
    )


def test_a_list_without_the_columns_says_which(tmp_path):
    with pytest.raises(Invalid, match="Mã bệnh"):
        icd10.source(write(tmp_path / "icd.csv", "Mã bệnh,Gì đó\nZ99,x\n"), "1")


def test_the_zip_of_loinc_has_terms_and_the_parts_above_them(tmp_path):
    path = files.zipped(
        tmp_path / "Loinc_9.99.zip",
        LoincTable__Loinc=files.LOINC,
        AccessoryFiles__Other__Loinc_x="a",
        AccessoryFiles__ComponentHierarchyBySystem__ComponentHierarchyBySystem=files.HIERARCHY,
    )
    source = loinc.source(path, "")
    assert source.version == "9.99"
    found = by_code(source)
    assert found.keys() == {"99991-1", "99992-2", "LP99999-0", "LP99998-1"}
    assert found["99991-1"].display == 'Unobtainium, "pure" in Serum'
    assert found["99991-1"].designations == (Designation("Unob SerPl", "en", "SHORTNAME"),)
    assert ("CLASS", "CHEM") in found["99991-1"].properties
    assert found["99992-2"].inactive
    assert ("LP99998-1", "LP99999-0") in set(source.edges())


def test_the_table_of_loinc_is_read_alone(tmp_path):
    source = loinc.source(write(tmp_path / "Loinc.csv", files.LOINC), "2.99")
    assert by_code(source).keys() == {"99991-1", "99992-2"}
    assert not list(source.edges())


def test_a_snapshot_of_snomed_is_joined_from_its_files(tmp_path):
    source = snomed.source(files.snomed(tmp_path / "release"), "")
    assert source.version == "http://snomed.info/sct/900000000000207008/version/20310101"
    assert list(source.edges()) == [("9002", "9001")]
    found = by_code(source)
    assert found["9001"].display == "Finding"
    ache = found["9002"]
    assert ache.display == '"Ache'
    assert [one.value for one in ache.designations] == ['"Ache (finding)', "Imaginary ache"]
    assert ("9100", "9100") in ache.properties
    assert ("sufficientlyDefined", "true") in ache.properties
    assert found["9003"].inactive
    assert found["9003"].display == "9003"


@pytest.mark.parametrize("read", [loinc.source, snomed.source])
def test_a_folder_without_the_files_is_refused(tmp_path, read):
    with pytest.raises(Invalid, match="has no"):
        read(tmp_path, "")

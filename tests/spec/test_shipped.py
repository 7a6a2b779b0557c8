"""The terminology of today that comes with the server: what is there, and what is not."""

from pathlib import Path

import profiles
from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.pack import Pack

PACK = Pack(Path(profiles.__path__[0]) / "terminology" / "terminology.pack")
COUNTRIES, CURRENCIES = "urn:iso:std:iso:3166", "urn:iso:std:iso:4217"


def concepts(url):
    (found,) = PACK.find("CodeSystem", url)
    assert found["url"] == url
    return {one["code"]: one for one in found["concept"]}


def test_a_resource_is_found_by_type_and_url():
    (found,) = PACK.find("CodeSystem", "http://terminology.hl7.org/CodeSystem/v3-NullFlavor")
    assert (found["content"], found["status"]) == ("complete", "active")
    assert "UNK" in str(found["concept"])
    assert not list(PACK.find("ValueSet", found["url"]))
    assert not list(PACK.find("CodeSystem", "http://example.org/none"))


def test_countries_have_three_codes_and_names_in_two_languages():
    found = concepts(COUNTRIES)
    assert len(found) == 3 * 249
    for code in ("VN", "VNM", "704"):
        assert found[code]["display"] == "Vietnam"
        assert found[code]["designation"] == [{"language": "vi", "value": "Việt Nam"}]
    assert found.keys().isdisjoint({"XK", "EU", "ZZ", "QU", "SU", "UK"})


def test_a_currency_that_is_no_tender_is_retired():
    found = concepts(CURRENCIES)
    assert "property" not in found["VND"]
    assert "property" not in found["XTS"]
    assert found["HRK"]["property"] == [{"code": "status", "valueCode": "retired"}]


def test_language_subtags_are_there_by_kind_with_ranges_written_out():
    (found,) = PACK.find("LanguageTags", "urn:ietf:bcp:47")
    kinds = found["subtags"]
    assert kinds["language"]["vi"] == "Vietnamese"
    assert {"qaa", "qmm", "qtz"} < kinds["language"].keys()
    assert "zzz" not in kinds["language"]
    assert {"latn", "qabx"} < kinds["script"].keys()
    assert {"419", "vn", "qz"} < kinds["region"].keys()


def test_nothing_that_others_license_is_shipped():
    licensed = ("http://snomed.info", "http://loinc.org", "http://hl7.org/fhir/sid/icd")
    assert not [url for url in PACK.urls("CodeSystem") if url.startswith(licensed)]
    for url in PACK.urls("ValueSet"):
        for value_set in PACK.find("ValueSet", url):
            listed = [row for row in value_set["compose"]["include"] if "concept" in row]
            assert not [row for row in listed if row["system"].startswith(licensed)], url


def test_what_hl7_publishes_today_comes_before_what_r4_came_with():
    url = "http://terminology.hl7.org/CodeSystem/v2-0203"
    newer, older = Canonicals().find("CodeSystem", url)
    assert newer["version"] != older["version"] == "2.9"
    assert len(newer["concept"]) > len(older["concept"])

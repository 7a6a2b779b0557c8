"""The CodeSystems and ValueSets that come with the server."""

import json

from fhir_server.spec.canonicals import Canonicals
from fhir_server.spec.spec import load

STATUS = "http://hl7.org/fhir/goal-status"
VITAL_SIGNS = "http://hl7.org/fhir/StructureDefinition/vitalsigns"


def write(folder, name, **resource):
    (folder / name).write_text(json.dumps(resource), encoding="utf-8")


def test_r4_is_found_by_url():
    (found,) = Canonicals().find("CodeSystem", STATUS)
    assert found["url"] == STATUS
    assert found["content"] == "complete"
    assert "proposed" in [one["code"] for one in found["concept"]]
    assert not list(Canonicals().find("ValueSet", STATUS))
    assert not list(Canonicals().find("CodeSystem", "http://example.org"))


def test_structure_definitions_are_found_as_hl7_gives_them():
    (found,) = Canonicals().find("StructureDefinition", VITAL_SIGNS)
    assert found["type"] == "Observation"
    assert found["differential"]["element"][0]["path"] == "Observation"
    (rule,) = [
        rule
        for element in found["snapshot"]["element"]
        for rule in element.get("constraint", ())
        if rule["key"] == "vs-3"
    ]
    assert rule["expression"].startswith("value.exists()")


def test_a_guests_addresses_stand_where_they_lead_to(tmp_path):
    write(tmp_path, "a.json", resourceType="StructureDefinition", url="http://example.org/fhir/p")
    known = load([tmp_path], {"http://example.org/fhir": "http://example.com"}).canonicals
    assert list(known.find("StructureDefinition", "http://example.com/p"))


def test_a_guests_folder_wins_and_r4_stays_behind_it(tmp_path):
    write(
        tmp_path, "a.json", resourceType="CodeSystem", url=STATUS, version="5", content="complete"
    )
    write(tmp_path, "b.json", resourceType="Patient", url=STATUS)
    write(tmp_path, "c.json", resourceType="ValueSet", url="http://example.org/v")
    known = load([tmp_path]).canonicals
    assert [one.get("version") for one in known.find("CodeSystem", STATUS)] == ["5", "4.0.1"]
    assert len(list(known.find("ValueSet", "http://example.org/v"))) == 1
    assert known.urls("CodeSystem").count(STATUS) == 1
    assert "http://example.org/v" in known.urls("ValueSet")


def test_nothing_is_read_before_something_is_asked(tmp_path):
    known = Canonicals([tmp_path])
    write(tmp_path, "c.json", resourceType="ValueSet", url="http://example.org/v")
    assert len(list(known.find("ValueSet", "http://example.org/v"))) == 1

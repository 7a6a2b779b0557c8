"""What came with the server tells of codes without a database."""

import json

from fhir_server.spec.canonicals import Canonicals
from fhir_server.terminology import packed as module
from fhir_server.terminology.packed import Packed, packed
from tests.terminology.systems import SET, SYSTEM, clause, value_set

R4 = "http://hl7.org/fhir/ValueSet/"
STATUS = "http://hl7.org/fhir/observation-status"


def test_codes_of_r4_are_judged():
    known = Packed(Canonicals())
    assert known.member(f"{R4}observation-status", STATUS, "final") is True
    assert known.member(f"{R4}observation-status|4.0.1", STATUS, "final") is True
    assert known.member(f"{R4}observation-status", "", "final") is True
    assert known.member(f"{R4}observation-status", STATUS, "nonsense") is False
    assert known.member(f"{R4}observation-status", "http://example.org", "final") is False
    assert known.member(f"{R4}condition-code", "http://snomed.info/sct", "1") is None
    assert known.member(f"{R4}none", STATUS, "final") is None
    assert known.member("http://snomed.info/sct?fhir_vs", "http://snomed.info/sct", "1") is None
    assert known.member(f"{R4}mimetypes", "urn:ietf:bcp:13", "text/plain") is True
    assert known.member(f"{R4}ucum-units", "http://unitsofmeasure.org", "mg") is True


def test_a_large_set_is_judged_without_an_expansion():
    known = Packed(Canonicals())
    url = "http://terminology.hl7.org/ValueSet/v3-ActCode"
    assert known.member(url, "http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB") is True


def test_a_set_that_cannot_be_worked_out_cannot_be_told(tmp_path):
    row = value_set("self", clause(None, valueSet=[f"{SET}self"]))
    (tmp_path / "a.json").write_text(json.dumps(row), encoding="utf-8")
    assert Packed(Canonicals([tmp_path])).member(f"{SET}self", SYSTEM, "cat") is None


def test_answers_are_kept_up_to_a_number(monkeypatch):
    monkeypatch.setattr(module, "MAX_ANSWERS", 3)
    known = Packed(Canonicals())
    for code in ("final", "a", "b", "c", "final"):
        assert known.member(f"{R4}observation-status", STATUS, code) is (code == "final")
        assert known._answered.cache_info().currsize <= 3


def test_there_is_one_for_the_definitions():
    canonicals = Canonicals()
    assert packed(canonicals) is packed(canonicals)
    assert packed(canonicals) is not packed(Canonicals())


def test_every_map_is_given_once():
    urls = [one.url for one in Packed(Canonicals()).concept_maps()]
    assert len(urls) == len(set(urls)) >= 80

"""AuditEvents are written without being read: both halves against the code that reads resources."""

import itertools

from fhir_server.fhir import audit_event, json
from fhir_server.fhir.audit_event import Access, Actor, Fact
from fhir_server.search.audit_event import fields
from fhir_server.search.index import index_fields
from fhir_server.search.place import Place
from fhir_server.terminology.ucum import canonical
from tests.client import BASE_URL, ZONE

TS = 1_795_827_723_123_456
ACTORS = (
    Actor("app"),
    Actor('a "client" \\ of\nHồ', token="abc123"),
    Actor("app", "Practitioner/1", ("H1", "H2"), "abc123"),
    Actor("app", "Patient/9", (), "t"),
    Actor("app", "Patient/p", (), "t", "192.0.2.7"),
)
CODES = ("read", "vread", "search-type", "search-compartment", "create", "patch", "delete")


def _cases():
    whats = ((), ("Observation/1",), ("Patient/p/_history/3", "Observation/1", "Observation/1"))
    for code, actor, what in itertools.product((*CODES, "$everything"), ACTORS, whats):
        for patient, query in itertools.product(("", "p"), (b"", b'Observation?code="\xff&a=1')):
            yield code, actor, what, patient, query


def test_the_fields_are_those_of_the_body(spec):
    where = Place((BASE_URL,), ZONE, spec.types, canonical)
    for number, (code, actor, what, patient, query) in enumerate(_cases()):
        refused = {"outcome": "4", "told": "404 not-found"} if number % 3 else {}
        request = "id-7" if number % 2 else ""
        purpose = "BTG" if number % 5 == 0 else ""
        access = Access(code, actor, BASE_URL, request, query, purpose, **refused)
        fact = Fact(access, "e1", TS, patient, what)
        body = audit_event.body(fact)
        read = index_fields(spec, json.parse_object(body), where, identity="e1")
        assert fields(spec, fact) == read


def test_a_body_is_as_it_would_be_written_here(spec):
    for code, actor, what, patient, query in _cases():
        access = Access(code, actor, BASE_URL, "id-7", query, "BTG", "4", "403 forbidden")
        body = audit_event.body(Fact(access, "e1", TS, patient, what, "Condition Observation"))
        assert json.dump(json.parse_object(body)) == body

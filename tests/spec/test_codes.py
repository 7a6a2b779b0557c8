"""Value sets listed in full, or not at all."""

from fhir_server.spec.codes import bare, enumerated

SYSTEM = {
    "url": "http://example.org/cs",
    "content": "complete",
    "concept": [{"code": "a", "concept": [{"code": "a1"}]}, {"code": "b"}],
}
SYSTEMS = {SYSTEM["url"]: SYSTEM}


def codes(*include, exclude=(), known=None):
    compose = {"include": list(include), "exclude": list(exclude)}
    return enumerated({"compose": compose}, SYSTEMS, known or {})


def test_a_whole_code_system_counts_with_its_narrower_codes():
    assert codes({"system": SYSTEM["url"]}) == {"a", "a1", "b"}


def test_listed_concepts_need_no_code_system():
    assert codes({"system": "http://unknown.example", "concept": [{"code": "x"}]}) == {"x"}


def test_excluded_codes_are_left_out():
    excluded = {"system": SYSTEM["url"], "concept": [{"code": "b"}]}
    assert codes({"system": SYSTEM["url"]}, exclude=[excluded]) == {"a", "a1"}


def test_an_imported_value_set_narrows():
    known = {"http://example.org/vs": frozenset(["b", "c"])}
    clause = {"system": SYSTEM["url"], "valueSet": ["http://example.org/vs|1.0"]}
    assert codes(clause, known=known) == {"b"}


def test_what_cannot_be_listed_is_not_guessed():
    assert codes({"system": "http://unknown.example"}) is None
    assert codes({"system": SYSTEM["url"], "filter": [{}]}) is None
    assert codes({"valueSet": ["http://unknown.example"]}) is None
    assert codes() is None


def test_a_canonical_is_read_without_its_version():
    assert bare("http://example.org/vs|4.0.1") == "http://example.org/vs"

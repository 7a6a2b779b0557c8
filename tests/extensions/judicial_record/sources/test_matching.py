"""Whose record is it? Clean, hit, or somebody has to look."""

import unicodedata

import pytest

from extensions.judicial_record.sources.matching import Match, check
from tests.extensions.judicial_record.sources.told import (
    JUDGMENT,
    PERSON,
    PROHIBITION,
    changed,
    document,
)

SAME = {"name": PERSON["name"], "birthDate": PERSON["birthDate"]}
OTHER = {"name": "TRẦN THỊ MẪU", "birthDate": "1990-01-01"}


def numbered(person, *documents):
    return {**person, "identityDocument": list(documents)}


@pytest.fixture
def known(office, taken):
    """Give the office, with one judgment and one ban about PERSON."""
    taken(JUDGMENT, PROHIBITION)
    return office


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        (PERSON, "hit"),
        (numbered(SAME, document("099080000001", "can-cuoc")), "hit"),
        (numbered(SAME, document("990 000 001", "cmnd")), "hit"),
        (numbered(SAME, document("099080000777"), document("990000001", "cmnd")), "hit"),
        # A twin by name and birth, with a number of his own: never a guess.
        (numbered(SAME, document("099080000777")), "ambiguous"),
        (SAME, "ambiguous"),
        # The number of somebody of another name, or born on another day.
        (numbered(OTHER, document("099080000001")), "ambiguous"),
        (numbered(SAME | {"birthDate": "1980-05-18"}, document("099080000001")), "ambiguous"),
        (numbered(SAME | {"birthDate": "1980-05-18"}, document("099080000777")), "clean"),
        (numbered(OTHER, document("099090000001")), "clean"),
        (numbered(SAME | {"birthDate": "1980"}, document("099080000777")), "ambiguous"),
        (numbered(SAME | {"birthDate": "1981"}, document("099080000777")), "clean"),
    ],
)
def test_what_the_index_says(known, identity, kind):
    match = check(known, identity)
    assert match.kind == kind
    assert bool(match.records) is bool(match.prohibitions) is (kind != "clean")


@pytest.mark.parametrize("form", ["NFC", "NFD", "NFKD"])
@pytest.mark.parametrize("name", ["Nguyễn Văn Thử", "NGUYEN VAN THU", "nguyễn  văn-thử"])
def test_a_name_is_found_however_it_is_written(known, form, name):
    identity = {"name": unicodedata.normalize(form, name), "birthDate": "1980-05-17"}
    assert check(known, identity).kind == "ambiguous"


def test_a_name_of_before_is_looked_for_too(office, taken):
    taken(changed(JUDGMENT, {"subject.otherName": ["LÊ VĂN MẪU"]}))
    asked = {"name": "HOÀNG VĂN THỬ", "otherName": ["LÊ VĂN MẪU"], "birthDate": "1980-05-17"}
    assert check(office, asked).kind == "ambiguous"
    assert check(office, asked | {"otherName": []}).kind == "clean"


def test_a_record_that_knows_the_year_of_birth_alone_is_found_by_any_day_of_it(office, taken):
    taken(changed(JUDGMENT, {"subject": SAME | {"birthDate": "1980"}}))
    assert check(office, SAME).kind == "ambiguous"
    assert check(office, SAME | {"birthDate": "1980-01-01"}).kind == "ambiguous"
    assert check(office, SAME | {"birthDate": "1979-12-31"}).kind == "clean"


def test_a_record_without_a_birth_date_is_found_by_its_number_alone(office, taken):
    row = numbered({"name": PERSON["name"]}, document("099080000001"))
    taken(changed(JUDGMENT, {"subject": row}))
    assert check(office, PERSON).kind == "hit"
    assert check(office, SAME).kind == "clean"


def test_a_ban_alone_is_a_hit_too(office, taken):
    taken(PROHIBITION)
    match = check(office, PERSON)
    assert (match.kind, match.records, len(match.prohibitions)) == ("hit", (), 1)


def test_nothing_is_known_of_anybody_in_an_empty_office(office):
    assert check(office, PERSON) == Match("clean")


def test_a_record_of_ones_own_and_one_of_a_namesake_need_an_officer(office, taken):
    namesake = numbered(SAME, document("099080000777"))
    taken(JUDGMENT, changed(JUDGMENT, {"subject": namesake, "conviction.judgmentNumber": "9/2020"}))
    match = check(office, PERSON)
    assert match.kind == "ambiguous"
    assert len(match.records) == 2


def test_the_index_tells_of_no_conviction(known):
    rows = list(known.records.database["source_index"].find({}))
    assert {name for row in rows for name in row} == {"_id", "key", "kind", "record", "of", "named"}

"""What two records say of a person, without a database."""

import pytest

from mappings.submission.demographics import agree, disagreements, merged

NATIONAL = {"coding": [{"code": "NI"}]}


def person(**more):
    return {
        "resourceType": "Patient",
        "name": [{"text": "Nguyễn Văn A"}],
        "birthDate": "1985",
    } | more


def citizen(value, **more):
    return person(identifier=[{"system": "cccd", "value": value, "type": NATIONAL} | more])


def test_what_one_record_leaves_open_contradicts_nothing():
    assert disagreements({}, person(gender="male")) == ()
    assert disagreements(person(gender="unknown"), person(gender="male")) == ()


def test_what_one_record_leaves_open_is_not_an_agreement():
    assert agree(person(), person(birthDate="1985-01-02"))
    assert not agree({"name": person()["name"]}, person())
    assert not agree(person(name=[]), person())


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"name": [{"text": "Trần Văn A"}]}, "name"),
        ({"birthDate": "1986-03-15"}, "birth date"),
        ({"gender": "female"}, "sex"),
    ],
)
def test_each_contradiction_is_named(other, said):
    (told,) = disagreements(person(gender="male"), person(gender="male") | other)
    assert said in told


def test_two_citizen_numbers_are_two_persons_but_an_old_card_is_not():
    assert disagreements(citizen("1"), citizen("2"))
    assert disagreements(citizen("1"), citizen("1")) == ()
    assert disagreements(citizen("1"), citizen("2", use="old")) == ()


def test_a_later_time_of_death_replaces_the_bare_fact():
    found = merged(person(deceasedBoolean=True), person(deceasedDateTime="2025"), latest=True)
    assert "deceasedBoolean" not in found
    assert found["deceasedDateTime"] == "2025"


def test_a_new_birth_date_does_not_keep_the_old_birth_time():
    stored = person(birthDate="1985", _birthDate={"extension": []})
    found = merged(stored, person(birthDate="1985-03-15"), latest=True)
    assert found["birthDate"] == "1985-03-15"
    assert "_birthDate" not in found


def test_an_unknown_sex_does_not_replace_a_known_one():
    found = merged(person(gender="male"), person(gender="unknown"), latest=True)
    assert found["gender"] == "male"


def test_an_older_visit_adds_identifiers_only():
    stored = citizen("1") | {"address": [{"text": "new"}]}
    draft = person(identifier=[{"system": "bhyt", "value": "9"}], address=[{"text": "old"}])
    found = merged(stored, draft, latest=False)
    assert found == stored | {"identifier": [*stored["identifier"], *draft["identifier"]]}


@pytest.mark.parametrize("latest", [True, False])
def test_a_stored_patient_keeps_what_it_claims_and_how_it_is_labelled(latest):
    stored = person(meta={"versionId": "3", "tag": [{"code": "t"}]})
    found = merged(stored, person(meta={"profile": ["p"]}), latest=latest)
    assert found["meta"] == stored["meta"]

"""The catalogue's files agree with each other and can stand in XML as they are."""

import re

import pytest

from mappings.synthetic.catalogue import diagnoses, medicines, services


@pytest.mark.parametrize("code", diagnoses())
def test_a_diagnosis_names_only_what_the_catalogue_has(code):
    one = diagnoses()[code]
    indices = {index.key for service in services().values() for index in service.indices}
    assert {*one.services, *one.sometimes} <= services().keys()
    assert {*one.drugs, *one.child_drugs} <= medicines().keys()
    assert set(one.company) <= diagnoses().keys()
    assert one.abnormal.keys() <= indices
    assert one.vitals.keys() <= {"M", "T", "S", "D", "NT", "SP"}


@pytest.mark.parametrize("code", diagnoses())
def test_a_diagnosis_has_a_code_of_icd_10(code):
    assert re.fullmatch(r"[A-Z]\d\d\.\d|I10", code)
    assert diagnoses()[code].code == code


def test_who_may_be_referred_is_told_where_to():
    assert all(bool(one.refer) == bool(one.onward) for one in diagnoses().values())


@pytest.mark.parametrize("sex", ["1", "2"])
@pytest.mark.parametrize("age", range(1, 91))
def test_there_is_a_passing_illness_for_every_age_and_sex(age, sex):
    assert any(
        one.ages[0] <= age <= one.ages[1] and one.sex in {"", sex} and not one.chronic
        for one in diagnoses().values()
    )


def test_no_text_needs_escaping_in_xml():
    told = repr((diagnoses(), services(), medicines()))
    assert not {"<", "&"} & set(told)

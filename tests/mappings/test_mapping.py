"""Ids made of names: the same for the same name, everywhere."""

import uuid

import pytest

from mappings.mapping import named_id


@pytest.mark.parametrize("number", range(40))
def test_the_id_of_a_name_is_its_uuid_of_version_5(number):
    name = f"99001|Khoa Nội {number}|Observation/{number}"
    assert named_id(name) == str(uuid.uuid5(uuid.NAMESPACE_URL, name))

"""The key file: written whole, read strictly, and silent about what is in it."""

import base64

import pytest

from fhir_server.fhir import json
from fhir_server.store.key_file import BYTES, keep, keys_of, renewed

KEY = base64.b64encode(bytes(range(BYTES))).decode()


def test_what_is_kept_is_read(tmp_path):
    path = tmp_path / "keys.json"
    keys = renewed(renewed(None, "first"), "second")
    keep(keys, path)
    assert keys_of(path) == keys
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in tmp_path.iterdir()] == ["keys.json"]


def test_a_new_key_leaves_those_before_and_the_blind_one_as_they_are():
    first = renewed(None, "first")
    second = renewed(first, "second")
    assert second.current == "second"
    assert second.keys["first"] == first.keys["first"] != second.keys["second"]
    assert second.blind == first.blind
    with pytest.raises(ValueError, match="already"):
        renewed(second, "first")


def test_keys_are_not_shown():
    keys = renewed(None, "first")
    assert repr(keys) == "Keys(current='first', ids=['first'])"


@pytest.mark.parametrize(
    "told",
    [
        b"",
        b"[]",
        b"\xff",
        json.dump({"keys": {"a": KEY}, "blind": KEY}),
        json.dump({"current": "b", "keys": {"a": KEY}, "blind": KEY}),
        json.dump({"current": ["a"], "keys": {"a": KEY}, "blind": KEY}),
        json.dump({"current": "a", "keys": [KEY], "blind": KEY}),
        json.dump({"current": "a", "keys": {"a": KEY}}),
        json.dump({"current": "a", "keys": {"a": KEY[:-8]}, "blind": KEY}),
        json.dump({"current": "a", "keys": {"a": f"{KEY}!"}, "blind": KEY}),
        json.dump({"current": "a", "keys": {"a": 1}, "blind": KEY}),
    ],
)
def test_a_file_that_is_none_is_refused_and_not_shown(tmp_path, told):
    path = tmp_path / "keys.json"
    path.write_bytes(told)
    with pytest.raises(ValueError, match="The key file") as failed:
        keys_of(path)
    assert KEY[:8] not in str(failed.value)
    assert failed.value.__cause__ is None


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ValueError, match="cannot be read: No such file"):
        keys_of(tmp_path / "keys.json")

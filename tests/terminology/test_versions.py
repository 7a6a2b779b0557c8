"""Which version of a system is meant."""

import pytest

from fhir_server.fhir.errors import Invalid
from fhir_server.terminology.versions import ANY, Versions, by_system

A, B = "http://example.org/a", "http://example.org/b"


@pytest.mark.parametrize(
    ("versions", "canonical", "meant"),
    [
        (ANY, A, A),
        (ANY, f"{A}|1", f"{A}|1"),
        (Versions(default={A: "2"}), A, f"{A}|2"),
        (Versions(default={A: "2"}), f"{A}|1", f"{A}|1"),
        (Versions(default={A: "2"}), B, B),
        (Versions(checked={A: "2"}), A, f"{A}|2"),
        (Versions(checked={A: "2"}), f"{A}|2", f"{A}|2"),
        (Versions(forced={A: "2"}), f"{A}|1", f"{A}|2"),
        (Versions({A: "1"}, {A: "2"}, {A: "3"}), A, f"{A}|3"),
    ],
)
def test_the_strongest_word_counts(versions, canonical, meant):
    assert versions.meant(canonical) == meant


def test_a_version_that_is_checked_for_must_be_that():
    with pytest.raises(Invalid, match="of version '1', not '2'"):
        Versions(checked={A: "2"}).meant(f"{A}|1")


def test_versions_are_read_one_for_a_system():
    assert by_system([f"{A}|1", f"{B}|2", f"{A}|1"]) == {A: "1", B: "2"}
    for bad in ([A], [f"{A}|"], ["|1"], [f"{A}|1", f"{A}|2"]):
        with pytest.raises(Invalid):
            by_system(bad)

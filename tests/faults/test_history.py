"""The checker of histories finds what cannot be."""

from dataclasses import replace

import pytest

from tests.faults.history import Call, Version, faults

FIRST = Call(0, 1, "Patient/p1", "put", "a", "done", 1)
SECOND = Call(2, 3, "Patient/p1", "patch", "b", "done", 2, 1)
READ = Call(4, 5, "Patient/p1", "read", "b", "done", 2)
GONE = Call(6, 7, "Patient/p1", "delete", None, "done", 3)
CALLS = [FIRST, SECOND, READ, GONE]
VERSIONS = [
    Version(1, "a", "a", "PUT"),
    Version(2, "b", "a", "PATCH"),
    Version(3, None, None, "DELETE"),
]


def test_what_can_be_is_no_fault():
    assert faults(CALLS, VERSIONS) == []
    unknown = replace(FIRST, mark="c", outcome="unknown", version=None)
    assert faults([*CALLS, unknown], VERSIONS) == []
    at_once = replace(READ, began=1.5, ended=8.0, version=1, mark="a")
    assert faults([*CALLS, at_once], VERSIONS) == []


@pytest.mark.parametrize(
    ("calls", "versions"),
    [
        (CALLS, VERSIONS[:2]),
        (CALLS, [VERSIONS[0], *VERSIONS[2:]]),
        (CALLS, [*VERSIONS, Version(3, None, None, "DELETE")]),
        ([*CALLS, replace(FIRST, mark="c", outcome="done", version=4)], VERSIONS),
        ([FIRST, SECOND, READ], VERSIONS),
        ([FIRST, replace(SECOND, outcome="refused"), READ, GONE], VERSIONS),
        ([FIRST, replace(SECOND, expected=0), READ, GONE], VERSIONS),
        (CALLS, [VERSIONS[0], replace(VERSIONS[1], kept="z"), VERSIONS[2]]),
        (CALLS, [VERSIONS[0], replace(VERSIONS[1], mark="a"), VERSIONS[2]]),
        ([FIRST, SECOND, replace(READ, version=1, mark="a"), GONE], VERSIONS),
        ([FIRST, SECOND, replace(READ, began=0, ended=1.5), GONE], VERSIONS),
        ([replace(FIRST, began=3.5, ended=4), SECOND, READ, GONE], VERSIONS),
    ],
    ids=[
        "an acknowledged version is lost",
        "versions have a hole",
        "a version is there twice",
        "an acknowledged write is not there",
        "nobody deleted it",
        "a refused write is there",
        "a precondition was passed over",
        "a patch lost what stood there",
        "one write makes two versions",
        "a read is stale",
        "a read is early",
        "a write is before one that had ended",
    ],
)
def test_what_cannot_be_is_a_fault(calls, versions):
    assert faults(calls, versions)

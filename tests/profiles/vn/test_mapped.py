"""What the mapping of Decision 4750 writes meets the profiles it claims, and claims one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mappings.decision_4750 as package
from mappings.decision_4750 import profiles
from mappings.decision_4750.bundle import to_bundle
from mappings.decision_4750.visit import Visit, read
from mappings.synthetic.envelope import envelope
from mappings.synthetic.plan import plan

EXAMPLES = sorted((Path(package.__file__).parent / "examples").iterdir())
SEED, CITIZENS = 4750, 12


def resources(body: bytes) -> Iterator[dict[str, Any]]:
    """Give what the transaction Bundle of a hospital's file holds."""
    for visit in read(body):
        if isinstance(visit, Visit):
            yield from (entry["resource"] for entry in to_bundle(visit)["entry"])


def faults(body: bytes, judge) -> list[str]:
    return [
        f"{issue.expression}: {issue.diagnostics}"
        for resource in resources(body)
        for issue in judge(resource)
        if issue.severity == "error" or issue.code == "not-supported"
    ]


@pytest.mark.parametrize("folder", EXAMPLES, ids=lambda folder: folder.name)
def test_a_golden_pair_has_no_fault(folder, judge):
    assert faults((folder / "envelope.xml").read_bytes(), judge) == []


@pytest.mark.parametrize("number", range(CITIZENS))
def test_a_synthetic_citizen_has_no_fault(number, judge):
    citizen = plan(SEED, number)
    assert citizen.visits
    for visit in citizen.visits:
        assert faults(envelope(citizen, visit), judge) == []


def test_every_profile_the_mapping_can_claim_is_claimed_by_an_example():
    claimed = {
        profile.rpartition("/")[2]
        for folder in EXAMPLES
        for resource in resources((folder / "envelope.xml").read_bytes())
        for profile in resource.get("meta", {}).get("profile", ())
    }
    assert claimed == {*profiles.BY_TYPE.values(), *profiles.BY_CATEGORY.values()}


@pytest.mark.parametrize(
    "resource",
    [
        {"resourceType": "Coverage", "subscriberId": "DN99"},
        {"resourceType": "Organization", "identifier": [{"value": "990"}]},
        {
            "resourceType": "Observation",
            "category": [{"coding": [{"code": "vital-signs"}]}],
        },
    ],
    ids=["a card of no form", "a facility code cut short", "a vital sign without a time"],
)
def test_what_the_file_says_too_loosely_for_a_profile_claims_none(resource):
    assert profiles.profile_of(resource) == ""

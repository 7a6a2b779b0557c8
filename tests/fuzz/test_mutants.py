"""Mutants of real resources: each is refused as FHIR refuses, or kept to the last digit.

A failure names mutants; `python -m tests.fuzz.mutants SEED NUMBER` prints one.
"""

import traceback
from collections import Counter

import pytest

from fhir_server.fhir import json
from fhir_server.spec.xml import from_xml
from tests.fuzz.answers import assert_fhir, unstamped
from tests.fuzz.mutants import mutant
from tests.spec.plain import plain

BLOCK = 1000


async def create(fhir, seed, number):
    """Create the mutant; where it was stored, read it in both formats. Give the status."""
    type_, body = mutant(seed, number)
    answer = await fhir.post(type_, body, Prefer="return=minimal")
    assert_fhir(answer, fhir.context.spec.structures)
    if answer.status_code == 201:
        path = answer.headers["location"].partition("/fhir/")[2].partition("/_history")[0]
        await assert_kept(fhir, path, json.parse_object(body))
    return answer.status_code


async def assert_kept(fhir, path, sent):
    structures = fhir.context.spec.structures
    read = await fhir.get(path)
    assert read.status_code == 200, read.text[:2000]
    kept = json.parse_object(read.content)
    assert json.dump(unstamped(kept)) == json.dump(unstamped(sent))
    as_xml = await fhir.get(path, Accept="application/fhir+xml")
    assert_fhir(as_xml, structures)
    if as_xml.status_code == 200:
        assert plain(from_xml(structures, as_xml.content)) == plain(kept)


async def run(fhir, seed, numbers):
    """Try these mutants; give how often each status came. AssertionError names those that fail."""
    seen, failed = Counter(), {}
    for number in numbers:
        try:
            seen[await create(fhir, seed, number)] += 1
        except Exception:  # noqa: BLE001 all that fail are told at once
            failed[number] = traceback.format_exc(limit=-2)[-1500:]
    assert not failed, f"seed {seed}, mutants {list(failed)}\n{next(iter(failed.values()))}"
    return seen


@pytest.mark.parametrize("block", range(10))
async def test_a_mutant_is_refused_or_kept(filled, block):
    seen = await run(filled, 1, range(block * BLOCK, (block + 1) * BLOCK))
    assert min(seen[201], seen[400], seen[422]) > BLOCK // 20, seen


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
@pytest.mark.parametrize("block", range(10))
async def test_a_mutant_of_another_seed_is_refused_or_kept(filled, seed, block):
    await run(filled, seed, range(block * BLOCK, (block + 1) * BLOCK))

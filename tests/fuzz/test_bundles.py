"""Odd Bundles: entries without a request, odd urls, clashes, rings, links to nowhere."""

from random import Random

import pytest
from msgspec import Raw

from fhir_server.fhir import json
from fhir_server.interactions import table
from fhir_server.operations import OPERATIONS
from tests.client import health, issues
from tests.fuzz.answers import assert_fhir
from tests.fuzz.mutants import DATES, IDS, LINKS, VALUES, mutant

KINDS = ["batch", "transaction"]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "post", "", None, 1]
BASIC = {"resourceType": "Basic", "code": {"text": "x"}}
PATTERNS = sorted({row.pattern for row in table.build(OPERATIONS).rows})
URLS = [
    *(one.format(type="Basic", id="a", compartment="Basic", version="1") for one in PATTERNS),
    *LINKS, *IDS, "", "/", "//", "Basic?", "Basic?code=x", "Basic?identifier=", "Basic?_id=a&_id=b",
    "Basic/a?x=1", "$meta", "Basic/$validate", "Basic/a/$meta", "Basic/a/$purge", "$reindex",
    "Basic/%00", "Basic/%ff", "Basic/%2e%2e", "Basic/../Patient", "http://test.invalid/fhir/Basic",
    "http://test.invalid/fhir/", "http://example.org/fhir/Basic", "Basic?code=" + "a" * 5000,
    "?" * 99,
    "Basic?_has:a:b:c=d", "metadata?mode=x", "_history?_since=x", "Basic/_search?code=x",
    "a" * 40_000,
]  # fmt: skip
FULL_URLS = [
    None, "", "urn:uuid:1", "urn:uuid:b3c1a7e0-0000-4000-8000-000000000001", "urn:oid:1.2.3",
    "http://test.invalid/fhir/Basic/a", "http://example.org/fhir/Basic/a", "Basic/a", "#a",
    "urn:x:y",
]  # fmt: skip
MATCHES = ["", "*", 'W/"1"', "x", 'W/"a"', "code=x", "?code=x", "_id=a&_id=b", *DATES[:3]]
NAMES = ["ifMatch", "ifNoneMatch", "ifNoneExist", "ifModifiedSince"]


def resource(random):
    """Give a resource that refers to entries, to others, to nothing; sometimes a mutant."""
    if random.random() < 0.2:
        return Raw(mutant(3, random.randrange(10_000))[1])
    links = [*LINKS, *[one for one in FULL_URLS if one], "Basic?code=x", "Basic?_id=nobody"]
    made = {**BASIC, "subject": {"reference": random.choice(links)}}
    if random.random() < 0.5:
        made["id"] = random.choice(["a", "b", *IDS])
    return made


def entry(random):
    """Give an entry that has something wrong with it half of the time."""
    request = {"method": random.choice(METHODS[:6]), "url": random.choice(URLS)}
    if random.random() < 0.3:
        request[random.choice(NAMES)] = random.choice(MATCHES)
    made = {"fullUrl": random.choice(FULL_URLS), "resource": resource(random), "request": request}
    match random.randrange(12):
        case 0:
            del made[random.choice(list(made))]
        case 1:
            made[random.choice(list(made))] = random.choice(VALUES)
        case 2:
            request[random.choice(list(request))] = random.choice([*VALUES, *METHODS])
        case 3:
            return random.choice(VALUES)
        case 4:
            made["resource"] = {"resourceType": "Bundle", "type": "batch", "entry": [{**made}]}
        case 5 | 6 | 7 | 8:
            made["request"] = {"method": "POST", "url": "Basic"}
    return {name: value for name, value in made.items() if value is not None}


def odd_bundle(seed):
    random = Random(f"bundle {seed}")
    made = {"resourceType": "Bundle", "type": random.choice(KINDS)}
    made["entry"] = [entry(random) for _ in range(random.choice([1, 2, 3, 8]))]
    if random.random() < 0.1:
        made[random.choice(list(made))] = random.choice(VALUES)
    return json.dump(made)


@pytest.mark.parametrize("block", range(8))
async def test_an_odd_bundle_is_answered(filled, block):
    for seed in range(block * 100, (block + 1) * 100):
        answer = await filled.post("", odd_bundle(seed))
        try:
            assert_fhir(answer, filled.context.spec.structures)
        except AssertionError as failure:
            pytest.fail(f"odd_bundle({seed}): {failure}")


def posted(kind, *entries):
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def created(full_url, reference=None):
    subject = {"subject": {"reference": reference}} if reference else {}
    request = {"method": "POST", "url": "Basic"}
    return {"fullUrl": full_url, "resource": {**BASIC, **subject}, "request": request}


UUIDS = [f"urn:uuid:b3c1a7e0-0000-4000-8000-00000000000{number}" for number in range(3)]


async def test_entries_that_refer_to_each_other_in_a_ring_are_stored(fhir):
    ring = [created(one, UUIDS[(place + 1) % 3]) for place, one in enumerate(UUIDS)]
    answer = await fhir.post("", posted("transaction", *ring))
    assert answer.status_code == 200
    paths = [one["response"]["location"].partition("/_history")[0].rpartition("/fhir/")[2]
             for one in answer.json()["entry"]]  # fmt: skip
    for place, path in enumerate(paths):
        found = (await fhir.get(path)).json()
        assert found["subject"]["reference"] == paths[(place + 1) % 3]


async def test_two_entries_of_one_full_url_are_refused(fhir):
    answer = await fhir.post("", posted("transaction", created(UUIDS[0]), created(UUIDS[0])))
    assert answer.status_code in (400, 422)
    assert "Bundle.entry[" in issues(answer)[0]["expression"][0]
    assert await fhir.stored() == 0


@pytest.mark.parametrize(
    "link", ["Patient?identifier=nobody", UUIDS[2], "Patient/nobody", "Patient?", "Patient?x=y"]
)
async def test_a_reference_of_a_transaction_that_leads_nowhere_stores_nothing(fhir, link):
    answer = await fhir.post("", posted("transaction", created(UUIDS[0]), created(UUIDS[1], link)))
    assert 400 <= answer.status_code < 500
    assert "Bundle.entry[1]" in issues(answer)[0]["expression"][0]
    assert await fhir.stored() == 0


@pytest.mark.parametrize("kind", KINDS)
async def test_one_entry_over_the_limit_is_refused_before_anything_is_written(fhir, kind):
    entries = [created(None) for _ in range(10_001)]
    sent = posted(kind, *({k: v for k, v in one.items() if v} for one in entries))
    answer = await fhir.post("", sent)
    assert answer.status_code == 413
    assert "10000" in issues(answer)[0]["diagnostics"]
    assert await fhir.stored() == 0


async def test_a_mutant_in_a_transaction_is_refused_or_stored_with_the_others(store, spec):
    async with health(store, spec, referential_integrity=False) as fhir:
        before = 0
        for number in range(150):
            type_, body = mutant(5, number)
            one = {"resource": Raw(body), "request": {"method": "POST", "url": type_}}
            answer = await fhir.post("", posted("transaction", one, created(UUIDS[0])))
            assert_fhir(answer, spec.structures)
            after = (await fhir.get("Basic?_summary=count")).json()["total"]
            assert (after > before) == (answer.status_code == 200), number
            before = after

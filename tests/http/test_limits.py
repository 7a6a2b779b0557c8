"""Limits a request meets at the door."""

from tests.client import health, issues


async def test_a_url_over_the_limit_is_a_414_that_says_what_to_do(store, spec):
    async with health(store, spec, max_url_bytes=100) as fhir:
        at_limit = "Patient?name=" + "a" * (100 - len("/fhir/Patient" + "name="))
        assert (await fhir.get(at_limit)).status_code == 200
        for url in (at_limit + "a", "Patient/" + "a" * 100):
            answer = await fhir.get(url)
            assert answer.status_code == 414
            (issue,) = issues(answer)
            assert issue["code"] == "too-long"
            assert "_search" in issue["diagnostics"]


async def test_a_search_too_long_for_a_url_is_posted(store, spec):
    async with health(store, spec, max_url_bytes=100) as fhir:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await fhir.post("Patient/_search", b"name=" + b"a" * 500, **form)
        assert answer.status_code == 200

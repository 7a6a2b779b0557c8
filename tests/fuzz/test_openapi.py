"""What is not FHIR keeps to its OpenAPI description, with all checks schemathesis has.

Its cases are sent by the client of the other tests: schemathesis would open the application, and
with it the database, on a loop of its own that ends after the database has gone.
https://schemathesis.readthedocs.io
"""

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from fhir_server.http.app import App

MODES = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
SCHEMA = schemathesis.openapi.from_dict(App(lambda: None).other.openapi())
OPERATIONS = {one.ok().label: one.ok() for one in SCHEMA.get_all_operations()}
SHORT = settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
# Sent too, whatever an operation is said to take.
HEADERS = st.dictionaries(
    st.sampled_from(["Accept", "Accept-Encoding", "Content-Type", "Host", "X-Request-Id", "Range"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=30).map(str.strip),
)
QUERY = st.dictionaries(st.text(max_size=5), st.text(st.characters(codec="utf-8"), max_size=8))


async def check(fhir, case, headers=(), query=()):
    sent = case.as_transport_kwargs(base_url="http://test.invalid")
    answer = await fhir.http.request(
        sent["method"],
        sent["url"],
        headers={**sent["headers"], **dict(headers)},
        params={**sent["params"], **dict(query)},
    )
    case.validate_response(answer)


def test_there_is_something_to_check():
    assert set(OPERATIONS) == {"GET /health/live", "GET /health/ready", "GET /metrics"}


@pytest.mark.parametrize("label", OPERATIONS)
async def test_every_case_that_covers_the_description_is_answered_as_described(fhir, label):
    operation = OPERATIONS[label]
    config = SCHEMA.config.generation_for(operation=operation)
    cases = SCHEMA.iter_coverage_cases(operation, generation_modes=MODES, generation_config=config)
    methods = set()
    for case in cases:
        await check(fhir, case)
        methods.add(case.method)
    assert {"GET", "POST", "DELETE", "TRACE"} <= methods


@pytest.mark.parametrize("label", OPERATIONS)
@SHORT
@given(st.data())
async def test_a_random_case_is_answered_as_described(fhir, label, data):
    case = data.draw(OPERATIONS[label].as_strategy(generation_mode=GenerationMode.POSITIVE))
    await check(fhir, case, data.draw(HEADERS), data.draw(QUERY))

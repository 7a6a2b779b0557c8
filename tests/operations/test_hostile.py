"""Whatever is sent to an operation, the answer is an OperationOutcome or what was asked, no 5xx."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.operations import OPERATIONS
from tests.operations.persons import observation, patient

WORDS = st.sampled_from(
    ["resourceType", "Parameters", "parameter", "name", "resource", "meta", "mode", "valueMeta",
     "valueCode", "valueString", "tag", "Patient", "delete", "_type", "id", "persist", "max"]
)  # fmt: skip
SCALARS = st.one_of(WORDS, st.none(), st.booleans(), st.integers(-3, 2**40), st.text(max_size=4))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.one_of(WORDS, st.text()), inner, max_size=4)
    ),
    max_leaves=12,
)
PARTS = st.dictionaries(WORDS, VALUES, max_size=3)
BODIES = st.one_of(
    st.binary(max_size=40),
    VALUES.map(json.dump),
    st.fixed_dictionaries({"resourceType": VALUES}).map(json.dump),
    st.builds(
        lambda parts: json.dump({"resourceType": "Parameters", "parameter": parts}),
        st.lists(PARTS, min_size=1, max_size=3),
    ),
)
PLACES = {
    "system": "",
    "type": "{type}/",
    "instance": "{type}/p/",
    "version": "{type}/p/_history/1/",
}


def paths():
    for one in OPERATIONS:
        for type_ in one.types or ("",):
            of = "Patient" if type_ == "Resource" else type_
            yield PLACES[one.level].format(type=of) + f"${one.name}"


@pytest.mark.parametrize("path", sorted(set(paths())))
@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES, query=st.lists(st.tuples(WORDS, st.text(max_size=6)), max_size=2))
async def test_no_body_and_no_parameter_makes_a_server_error(fhir, path, body, query):
    if (await fhir.get("Patient/p")).status_code != 200:
        await patient(fhir, "p")
        await observation(fhir, "p", "p")
    for answer in (
        await fhir.http.request("POST", f"/fhir/{path}", content=body, params=query),
        await fhir.http.get(f"/fhir/{path}", params=query),
    ):
        assert answer.status_code < 500, answer.text
        assert answer.json()["resourceType"]

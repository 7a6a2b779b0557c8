"""Every kind of parameter and modifier, asked odd values: an answer or a 400, never a fault."""

import pytest

from tests.client import BASE_URL, issues

# A parameter of each kind, and those with a way of their own.
ASKED = {
    "Patient": ("_id", "_lastUpdated", "_tag", "name", "gender"),
    "Observation": ("date", "value-quantity", "code-value-quantity", "subject"),
    "Location": ("near",),
    "MolecularSequence": ("variant-start", "chromosome-variant-coordinate"),
    "ValueSet": ("url",),
}
MODIFIERS = (
    *("", ":missing", ":exact", ":contains", ":not", ":text", ":in", ":not-in", ":above", ":below"),
    *(":of-type", ":identifier", ":Patient", ":Patient.name"),
)
VALUES = (
    "a|b|c",
    "|||",
    "$",
    "a$b$c$d",
    "\\",
    "\\,",
    "9" * 400,
    f"0.{'0' * 400}1",
    "1e99999",
    "ge1e-99999",
    "1|http://unitsofmeasure.org|mg/(",
    "1||",
    "le",
    "9999-12-31",
    "0000",
    "0001-01-01T00:00:00+14:00",
    "2026-01-01T00:00:00.123456789123456Z",
    "Patient/",
    "/",
    "http://[",
    BASE_URL,
    f"{BASE_URL}/Patient/1/_history/1",
    "#",
    "91|181|1|km",
    "nan|inf|-1|km",
    "1|2|1e400|km",
    "\x00",
    "\ud7ff\U0010ffff\ue000",
    "\u0301" * 2_000,
    "*|*",
    "${jndi}",
    "http://hl7.org/fhir/ValueSet/none",
    f"{'a,' * 400}b",
)


@pytest.mark.parametrize("type_", ASKED)
async def test_no_value_of_any_kind_is_a_fault_of_the_server(fhir, type_):
    for code in ASKED[type_]:
        for modifier in MODIFIERS:
            for value in VALUES:
                pair = {f"{code}{modifier}": value}
                answer = await fhir.http.get(f"/fhir/{type_}", params=pair)
                assert answer.status_code in (200, 400), f"{pair} {answer.text}"
                if answer.status_code == 400:
                    assert issues(answer)[0]["diagnostics"], pair

"""Whatever is asked of a read or a history, the answer is FHIR and below 500."""

from urllib.parse import quote

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.client import issues

SHORT = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
BASIC = {"resourceType": "Basic", "id": "b", "code": {"text": "x"}}
PATHS = ["Basic/b", "Basic/b/_history/1", "Basic/b/_history", "Basic/_history", "_history",
         "Basic", "metadata"]  # fmt: skip
NAMES = ["_since", "_at", "_count", "_page", "_summary", "_elements", "_list", "mode", "_format"]
VALUES = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.sampled_from(["true", "text", "data", "count", "code", "Basic.code", ",", ".", "-1",
                     "9" * 30, "0001", "9999-12-31T23:59:60.999999999Z", "AAAA",
                     "0001-01-01T00:00:00+14:00", "9999-12", "json", "full"]),
)  # fmt: skip
DATES = st.one_of(
    st.text(st.characters(codec="latin-1", categories=["L", "N", "P", "S"]), max_size=40),
    st.sampled_from(["Mon, 01 Jan 0001 00:00:00 -0000", "Fri, 31 Dec 9999 23:59:59 GMT",
                     "Mon, 01 Jan 0001 00:00:00 +1400", "1 Jan 1 1:1:1", "Thu, 01 Jan 1970"]),
)  # fmt: skip


def assert_fhir(answer):
    assert answer.status_code < 500, answer.text
    if answer.status_code >= 400:
        assert issues(answer)


@SHORT
@given(st.sampled_from(PATHS), st.lists(st.tuples(st.sampled_from(NAMES), VALUES), max_size=3))
async def test_no_parameter_makes_a_read_fail(fhir, path, pairs):
    await fhir.put("Basic/b", BASIC)
    query = "&".join(f"{name}={quote(value)}" for name, value in pairs)
    assert_fhir(await fhir.get(f"{path}?{query}"))


@SHORT
@given(st.sampled_from(PATHS), DATES, st.booleans())
async def test_no_condition_makes_a_read_fail(fhir, path, text, by_date):
    await fhir.put("Basic/b", BASIC)
    header = b"if-modified-since" if by_date else b"if-none-match"
    headers = [(header, text.encode("latin-1", "replace"))]
    assert_fhir(await fhir.http.get(f"/fhir/{path}", headers=headers))

"""What the law says of convictions found: to officers, from the records; nothing is written."""

from functools import partial

import pytest

from extensions.judicial_record.dossier import advice
from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.fhir.exchange import FhirRequest
from fhir_server.interactions.context import Target
from tests.extensions.judicial_record.dossier.desks import APP, CLERK, ELSEWHERE
from tests.extensions.judicial_record.law.test_expungement import conviction

OLD = {"id": "r1", **conviction()}
OPEN = {"id": "r2", **conviction(completed=""), "judgmentDate": "2024-03-04"}


def found(ids):
    return [one for one in (OLD, OPEN) if one["id"] in ids]


@pytest.fixture
def asked(bench):
    """Give what asks for the advice; gives (status, by record)."""
    handler = advice.operation(bench.desk, found).handler

    async def ask(caller, id_, **given):
        rows = [{"name": name, kind: value} for name, (kind, value) in given.items()]
        body = {"resourceType": "Parameters", **({"parameter": rows} if rows else {})}
        request = FhirRequest("POST", "Task/$expungement-check", body=json.dump(body))
        try:
            answer = await handler(bench.context.but(caller=caller), request, Target("Task", id_))
        except FhirError as error:
            return error.status, str(error)
        told = json.parse_object(answer.body).get("parameter", [])
        return answer.status, {
            _one(row["part"], "record"): partial(_one, row["part"]) for row in told
        }

    return ask


def _one(parts, name):
    return next(
        (one[next(iter(one.keys() - {"name"}))] for one in parts if one["name"] == name), ""
    )


async def test_each_conviction_found_gets_its_own_advice(bench, asked):
    id_ = await bench.at("4/review")
    status, told = await asked(CLERK, id_)
    assert status == 200
    assert (told["r1"]("outcome"), told["r1"]("earliest")) == ("from", "2022-02-28")
    assert told["r1"]("rule").startswith("http://fhir.hl7.org.vn/legal/rule/expungement-70-to-5")
    assert (told["r2"]("outcome"), told["r2"]("missing")) == (
        "unknown",
        "day the principal penalty was served",
    )
    _, told = await asked(CLERK, id_, record=("valueString", "r1"), chapter=("valueCode", "XIII"))
    assert (list(told), told["r1"]("basis"), told["r1"]("draft")) == (["r1"], "court", True)


async def test_it_is_for_officers_of_the_owner_alone_once_the_sources_were_checked(bench, asked):
    assert (await asked(CLERK, await bench.at("2")))[0] == 409
    id_ = await bench.at("4/review")
    statuses = [(await asked(one, id_))[0] for one in (APP, ELSEWHERE)]
    assert statuses == [403, 404]
    assert (await asked(CLERK, id_, chapter=("valueCode", "I")))[0] == 422

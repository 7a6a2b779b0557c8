"""What the metrics tell beside the requests."""

import asyncio

import pytest

from fhir_server.http import metrics


@pytest.mark.parametrize(
    ("note", "name"), [(metrics.overdue, "fhir_overdue_tasks"), (metrics.dead, "fhir_outbox_dead")]
)
def test_what_waits_too_long_is_told_by_base(note, name):
    for count in (3, 0):
        note("/of/test", count)
        body, _ = metrics.exposition()
        assert f'{name}{{base="/of/test"}} {count}.0' in body.decode()


async def test_what_was_just_answered_is_counted_once():
    for _ in range(2):
        metrics.observe("of-this-test", 200, 0.003)
    counted = b'fhir_requests_total{interaction="of-this-test",status="200"} 2.0'
    assert counted in metrics.exposition()[0]
    await asyncio.sleep(0)
    body, _ = metrics.exposition()
    assert counted in body
    assert b'fhir_request_seconds_bucket{interaction="of-this-test",le="0.0025"} 0.0' in body
    assert b'fhir_request_seconds_count{interaction="of-this-test"} 2.0' in body

"""The driver's exceptions never leave the store, and what it promises is set."""

import pytest
from bson.errors import InvalidDocument
from pymongo.errors import (
    AutoReconnect,
    DocumentTooLarge,
    ExecutionTimeout,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    ServerSelectionTimeoutError,
)

from fhir_server.fhir.errors import Invalid, TooLarge, Unavailable
from fhir_server.store.client import connect, opened, reachable


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (AutoReconnect("10.0.0.1:27017 closed"), Unavailable),
        (NetworkTimeout("10.0.0.1:27017 timed out"), Unavailable),
        (ServerSelectionTimeoutError("10.0.0.1:27017 refused"), Unavailable),
        (ExecutionTimeout("10.0.0.1", 50), Unavailable),
        (OperationFailure("not authorized on 10.0.0.1", 13), Unavailable),
        (OperationFailure("10.0.0.1 BSONObjectTooLarge", 10334), TooLarge),
        (DocumentTooLarge("10.0.0.1"), TooLarge),
        (PyMongoError("10.0.0.1"), Unavailable),
        (InvalidDocument("10.0.0.1"), Invalid),
        (OverflowError("10.0.0.1"), Invalid),
    ],
)
def test_an_exception_of_the_driver_becomes_one_of_fhir(raised, told):
    with pytest.raises(told) as error, reachable():
        raise raised
    assert "10.0.0.1" not in str(error.value)


async def test_what_was_asked_in_a_turn_is_told_alike():
    with pytest.raises(Unavailable):
        async with reachable():
            raise AutoReconnect
    with pytest.raises(KeyError):
        async with reachable():
            raise KeyError


async def test_writes_are_of_a_majority_and_journaled():
    client = connect("mongodb://127.0.0.1:1/")
    assert client.write_concern.document == {"w": "majority", "j": True}
    assert client.read_concern.level == "majority"
    assert client.options.retry_writes
    await client.close()


async def test_a_collection_is_made_once():
    database = opened("mongodb://127.0.0.1:1/", "health")
    assert database["Patient"] is database["Patient"]
    assert database["Patient"].full_name == "health.Patient"
    assert database.Patient is database["Patient"]
    await database.client.close()

"""Records for tests: a database that goes when the test has ended."""

import pymongo

from fhir_server.store.records import Records


def drop(records: Records, *names: str) -> None:
    """Drop the records' database, or these; on a busy machine that takes a while."""
    with pymongo.timeout(60):
        for name in names or (records.database.name,):
            records.database.client.drop_database(name)

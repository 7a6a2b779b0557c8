"""A database that a test may kill."""

import pytest

from tests.faults.processes import Database


@pytest.fixture
def database(tmp_path):
    database = Database(tmp_path / "database")
    yield database
    database.end()

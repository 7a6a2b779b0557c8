"""One server process for the tests of a file."""

import pytest

from tests.faults.processes import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as server:
        yield server

"""One signed page for the tests that change it."""

from datetime import UTC, datetime

import pytest

from extensions.judicial_record.paper.pades import signed
from extensions.judicial_record.paper.rendering import compiled
from tests.extensions.judicial_record.paper.signing import AT, credentials


@pytest.fixture(scope="session")
def authority():
    """Give credentials and the root to trust."""
    return credentials()


@pytest.fixture(scope="session")
def small(authority, tmp_path_factory):
    """Give a signed PDF of one word, so that every byte of it can be tried."""
    template = tmp_path_factory.mktemp("page") / "page.typ"
    template.write_text("#set document(title: [x], date: auto)\nx")
    when = datetime.fromtimestamp(AT // 1_000_000, UTC)
    return signed(compiled(template, {}, when), authority[0], AT)

"""The sample envelope."""

from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "mappings" / "decision_4750" / "examples"


@pytest.fixture(scope="session")
def sample() -> bytes:
    return (EXAMPLES / "sample" / "envelope.xml").read_bytes()

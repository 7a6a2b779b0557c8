"""The documented searches at 20,000 and 200,000 observations: what each examines, and how it grows.

Where the embedded server examines more than MongoDB documents, docs/search-performance.md says so
by name; with FHIR_MONGODB_URI the same tests run without those exceptions.
"""

import os
import re
from pathlib import Path

import pytest
from rich.progress import Progress

from benchmarks.searches import SEARCHES, measured

pytestmark = pytest.mark.long

PAGE = Path(__file__).parents[2] / "docs" / "search-performance.md"
EMBEDDED = "FHIR_MONGODB_URI" not in os.environ
MOST_EXAMINED, MOST_GROWTH = 2.0, 1.3
BY_NAME = {search.name: search for search in SEARCHES}
WEAKER = dict(
    re.findall(r"^\| ([^|]+?) \| weaker: ([^|]+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
)


@pytest.fixture(scope="session")
async def figures(mongodb_uri):
    """Give each search's figures in the small and in the large hospital; loaded once."""
    with Progress(disable=True) as progress:
        return await measured(mongodb_uri, progress)


def test_every_named_weakness_is_of_a_documented_search():
    assert set(WEAKER) <= set(BY_NAME)


@pytest.mark.parametrize("name", BY_NAME)
def test_little_more_is_examined_than_is_returned(figures, name):
    _, large = figures[name]
    if EMBEDDED and name in WEAKER:
        pytest.skip(f"the embedded server: {WEAKER[name]}")
    assert large.costs
    assert large.found or not BY_NAME[name].rows
    assert max(cost.ratio for cost in large.costs) <= MOST_EXAMINED, large.costs


@pytest.mark.parametrize("name", [name for name, search in BY_NAME.items() if search.bounded])
def test_what_finds_as_much_as_before_costs_as_much_as_before(figures, name):
    small, large = figures[name]
    if EMBEDDED and name in WEAKER:
        pytest.skip(f"the embedded server: {WEAKER[name]}")
    assert small.found == large.found
    assert large.examined <= MOST_GROWTH * small.examined, (small.costs, large.costs)

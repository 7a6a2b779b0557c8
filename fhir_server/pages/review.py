"""The operator's review: apps that wait."""

from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.visit import Visit


async def show(visit: Visit) -> Answer:
    """Give what waits."""
    del visit
    return Page("review")


async def answer(visit: Visit) -> Answer:
    """Decide."""
    del visit
    return Page("review")

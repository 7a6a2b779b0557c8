"""Registering an app: it may be used once an operator has looked at it."""

from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.visit import Visit


async def show(visit: Visit) -> Answer:
    """Give the form."""
    del visit
    return Page("developers")


async def answer(visit: Visit) -> Answer:
    """Register."""
    del visit
    return Page("developers")

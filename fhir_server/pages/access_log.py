"""Who looked at my record, or at that of somebody I stand in for."""

from fhir_server.pages import people
from fhir_server.pages.answers import Answer, Page
from fhir_server.pages.visit import Visit


async def show(visit: Visit) -> Answer:
    """Give the newest accesses to the chosen person's record, the reader's own first."""
    mine = await people.choices(visit)
    wanted = visit.form.one("patient")
    person = next((one for one in mine if one.id == wanted), mine[0] if mine else None)
    told = {"people": mine, "person": person, "rows": []}
    return Page("access-log", told)

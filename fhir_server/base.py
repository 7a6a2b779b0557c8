"""One FHIR endpoint and all it owns."""

from dataclasses import dataclass

from fhir_server.interactions.context import Context
from fhir_server.interactions.routes import Routes


@dataclass(frozen=True, slots=True)
class Base:
    """`path` is where it is mounted, such as `/fhir`; from one base no other base exists.

    Definitions, database, keys and limits are all in its own `context`; nothing is shared.
    """

    path: str
    context: Context
    routes: Routes

"""What the pages stand on: the authorization server, one FHIR base, how a citizen is found."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from fhir_server.base import Base
from fhir_server.oauth.server import OAuth

# The id of the one Patient with this citizen number; None where there is none, or several.
PatientOf = Callable[[str], Awaitable[str | None]]


@dataclass(frozen=True, slots=True)
class Site:
    """`patient_of` is passed in, being national.

    `federated` is the page where another identity provider is asked, "" where there is none.
    """

    oauth: OAuth
    base: Base
    patient_of: PatientOf
    federated: str = ""

    @property
    def origin(self) -> str:
        """Where the pages are, as a browser names it: of the configured address, never of Host."""
        parts = urlsplit(self.oauth.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def secure(self) -> bool:
        """Whether the pages are served over https; without, from loopback only."""
        return self.origin.startswith("https:")

    def cookie(self, name: str) -> str:
        """Give a cookie's full name: https://www.rfc-editor.org/rfc/rfc6265#section-4.1.3."""
        return f"__Host-{name}" if self.secure else name

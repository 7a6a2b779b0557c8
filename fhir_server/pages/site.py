"""What the pages stand on: the authorization server, one FHIR base, how a citizen is found."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from fhir_server.base import Base
from fhir_server.oauth.server import OAuth
from fhir_server.oauth.users import User

# The id of the one Patient with this citizen number; None where there is none, or several.
PatientOf = Callable[[str], Awaitable[str | None]]
# What stands at the head of every page, and for whom; the first is where a sign-in leads.
MENU = (("apps", ""), ("access-log", ""), ("developers", ""), ("review", "operator"))


@dataclass(frozen=True, slots=True)
class Site:
    """`patient_of` is passed in, being national.

    `federated` is the page where another identity provider is asked, "" where there is none.
    `prefix`, such as `/legal`, is what the paths of all pages begin with. `guest` is a package
    whose folders `templates` and `messages` go before ours. `menu` has paths, each with who sees
    it: see `is_a`.
    """

    oauth: OAuth
    base: Base
    patient_of: PatientOf
    federated: str = ""
    prefix: str = ""
    guest: str = ""
    menu: Sequence[tuple[str, str]] = MENU

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
        own = "-".join((*self.prefix.split("/")[1:], name))
        return f"__Host-{own}" if self.secure else own

    def menu_of(self, user: User) -> list[str]:
        """Give the paths that stand at the head of a user's pages."""
        return [path for path, role in self.menu if is_a(user, role)]

    def home(self, user: User) -> str:
        """Give the path a user who signed in is led to."""
        return (*self.menu_of(user), "apps")[0]


def is_a(user: User, role: str) -> bool:
    """Say whether a user has a role, or is a resource of that type; "" is anybody."""
    return not role or role in user.roles or user.fhir_user.startswith(f"{role}/")

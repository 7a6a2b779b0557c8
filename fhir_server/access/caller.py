"""Who asks, and what of the data a request of theirs may reach."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from fhir_server.search.condition import Condition, Nothing

# The first word of a scope, such as SMART's patient, user and system: whose data it is about.
Level: TypeAlias = str


@dataclass(frozen=True, slots=True)
class Part:
    """What one level of scopes reaches: the compartments of `patients`, and `rows`.

    `patients` None is every patient's. `rows` are by type what is reached whoever's it is, such as
    the Encounters of the caller's own organisation.
    """

    patients: frozenset[str] | None = frozenset()
    rows: Mapping[str, Condition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reach:
    """What of the data one request may reach, looked up before the request is run.

    `withheld` holds for what consents keep from this caller; `cleared` are the sensitivity labels
    (codes of v3-ActCode) that do not keep a resource away; `broken` are the patients for whom the
    caller broke the glass.
    """

    parts: Mapping[Level, Part] = field(default_factory=dict)
    withheld: Mapping[str, Condition] = field(default_factory=dict)
    cleared: frozenset[str] = frozenset()
    broken: frozenset[str] = frozenset()

    def withheld_of(self, type_: str) -> Condition:
        """Give what consents keep from this caller of a type."""
        return self.withheld.get(type_) or self.withheld.get("*") or Nothing()


@dataclass(frozen=True, slots=True)
class Caller:
    """The one a request is made for; `name` goes into logs and audit, never personal data.

    `client` is the client's id, `token` the id of the access token, never the token. `user` is the
    fhirUser, such as `Practitioner/1`, empty for a system. `scopes` are as granted. `patient` and
    `encounter` are ids of the launch context. `organisations` are ids of those the user works for,
    `facilities` the codes (MACSKCB) registered to a facility's client. `clearance` are labels the
    grant clears. `reach` is set by `interactions/authority` for one request; without it nothing is
    reached.
    """

    name: str
    unrestricted: bool = False
    client: str = ""
    token: str = ""
    grant: str = ""
    user: str = ""
    scopes: tuple[str, ...] = ()
    patient: str = ""
    encounter: str = ""
    organisations: tuple[str, ...] = ()
    facilities: frozenset[str] = frozenset()
    clearance: frozenset[str] = frozenset()
    expires: int = 0
    reach: Reach | None = None
    # What was decided for this caller, and the caller with its last reach: not what it is.
    decided: dict[Any, Condition] = field(
        default_factory=dict, init=False, compare=False, repr=False
    )
    _last: "list[Caller]" = field(default_factory=list, init=False, compare=False, repr=False)

    def reaching(self, reach: Reach) -> "Caller":
        """Give the caller with a reach; for the same reach the same one, with what was decided."""
        if not self._last or self._last[0].reach is not reach:
            self._last[:] = [replace(self, reach=reach)]
        return self._last[0]

    @property
    def owner(self) -> str:
        """Give whose a job or a kept answer is: this client's, for this user."""
        return f"{self.client}|{self.user}" if self.client else self.name

    @property
    def chooses_ids(self) -> bool:
        """Say whether the caller may create resources under ids of its own."""
        return self.unrestricted or any(one.startswith("system/") for one in self.scopes)


def frozen(caller: Caller) -> dict[str, Any]:
    """Give a caller as plain values to be kept, without what one request reaches."""
    told = (one.name for one in fields(caller) if one.init and one.name != "reach")
    kept = {name: getattr(caller, name) for name in told}
    return {
        name: sorted(value) if isinstance(value, frozenset) else value
        for name, value in kept.items()
    }


def thawed(values: Mapping[str, Any]) -> Caller:
    """Give the caller `frozen` was given; what else stands there is left out."""
    told = (one for one in fields(Caller) if one.init)
    kinds = {one.name: type(one.default) for one in told if one.name in values}
    kept = {
        name: kind(values[name]) if kind in (tuple, frozenset) else values[name]
        for name, kind in kinds.items()
    }
    return Caller(**kept)


ANYONE_ON_LOOPBACK = Caller("loopback", unrestricted=True)

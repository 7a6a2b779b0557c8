"""What every interaction is given: the definitions, the store, the limits, the caller."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import lru_cache
from typing import Any, Literal, Self

import msgspec
from msgspec import structs

from fhir_server.access import decide, fields
from fhir_server.access.caller import Caller, Reach
from fhir_server.access.labels import NO_CODES, Table
from fhir_server.fhir.errors import Forbidden
from fhir_server.fhir.ids import uuid
from fhir_server.interactions.answers import Answers
from fhir_server.interactions.current import Current
from fhir_server.search.condition import Condition
from fhir_server.search.place import Place
from fhir_server.spec.spec import Spec
from fhir_server.store.clock import wall
from fhir_server.store.store import Store
from fhir_server.terminology.cache import Cache
from fhir_server.terminology.content import Content
from fhir_server.terminology.remote import Remote
from fhir_server.terminology.terminology import Terminology
from fhir_server.terminology.ucum import canonical


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds a caller meets; sizes in bytes, times in seconds."""

    max_body_bytes: int = 20 * 1024 * 1024
    max_bundle_entries: int = 10_000
    default_count: int = 50
    max_count: int = 1_000
    update_create: bool = True
    strict_search: bool = True
    referential_integrity: bool = True
    text_search: bool = False
    conditional_delete_max: int = 1
    max_includes: int = 2_000
    max_url_bytes: int = 16 * 1024
    total_seconds: float = 2.0
    scan_warning: int = 10_000
    scan_limit: int = 1_000_000
    slow_search_ms: int = 500
    max_search_parameters: int = 200
    max_jobs: int = 100
    care_grace_days: int = 30
    max_denials: int = 1_000
    job_result_seconds: float = 24 * 3600.0
    max_expansion: int = 10_000
    validation: str = "profiles"
    unknown_profile: Literal["warn", "refuse"] = "warn"
    unknown_extension: Literal["warn", "refuse"] = "warn"
    required_profiles: Mapping[str, Sequence[str]] = field(default_factory=dict)
    audit_loopback: bool = False
    audit_addresses: bool = False


class Origin(msgspec.Struct, frozen=True):
    """Where a request came from: its X-Request-Id, and the address where that is to be noted.

    `peer` is the address whether or not it is: tries are counted by it, and it is kept nowhere.
    """

    request: str = ""
    address: str = ""
    peer: str = ""


_NOWHERE = Origin()


class Target(msgspec.Struct, frozen=True):
    """What the URL names: `Patient/1/_history/2` or `Patient/1/$operation`.

    `compartment` is the third part of `Patient/1/Observation`.
    """

    type: str | None = None
    id: str | None = None
    compartment: str | None = None
    version: str | None = None
    operation: str | None = None


class Context(msgspec.Struct, frozen=True):
    """One base, seen by one caller.

    `base_url` has no trailing slash; `started` is when this process built the base, in µs;
    `outdated` are the types whose index fields are in an older format. It and `current`, which
    holds the Spec of the moment, are what changes here: all contexts of a base share them.
    `definitions` keeps what terminology has read, `answers` what validation was told; `remote` is
    asked for what is not here; `sensitivity` says which codes label a resource. `security` is told
    in the CapabilityStatement. `reaching` says what a caller's request reaches, where that
    is not as for health records: see `authority.admitted`.
    """

    current: Current
    store: Store
    base_url: str
    zone: tzinfo
    cursor_key: bytes
    caller: Caller
    started: int
    limits: Limits = Limits()
    outdated: set[str] = msgspec.field(default_factory=set)
    definitions: Cache = msgspec.field(default_factory=Cache)
    remote: Remote | None = None
    answers: Answers = msgspec.field(default_factory=Answers)
    sensitivity: Table = NO_CODES
    new_id: Callable[[], str] = uuid
    security: Mapping[str, Any] | None = None
    reaching: Callable[..., Awaitable[Reach]] | None = None
    origin: Origin = _NOWHERE

    def but(self, **differs: Any) -> Self:
        """Give this context with other fields."""
        return structs.replace(self, **differs)

    @property
    def spec(self) -> Spec:
        """What the definitions say now; whoever asks twice and waits between may get another."""
        return self.current.spec

    @property
    def place(self) -> Place:
        """What search values are read against, when indexing and when searching."""
        return _place(self.base_url, self.zone, self.spec, self.limits.text_search)

    @property
    def terminology(self) -> Terminology:
        """Give what answers questions about codes, from the definitions and from this store."""
        content = Content(self.spec.canonicals, self.store, self.definitions, self.base_url)
        return Terminology(content, self.limits.max_expansion, self.remote)

    def index_format(self, type_: str) -> str:
        """Give the format of a type's index fields.

        In words: the definitions the server came with, the zone of dates and whether the words of
        texts are indexed, what access asks, and `code=digest` for each stored parameter.
        """
        access = fields.index_format(self.sensitivity)
        return _index_format(self.spec, type_, self.zone, access, text=self.limits.text_search)

    def frozen(self) -> Self:
        """Give this context with the definitions of the moment, for as long as it is held."""
        return self.but(current=Current(self.spec))

    def now(self) -> int:
        """Give the wall clock's time in µs."""
        return wall()

    def allow(self, interaction: str, type_: str | None, step: str = "") -> Condition:
        """Give the Condition the caller is narrowed to; raise Forbidden if there is none.

        `step` is what the store does for it, see `store/steps`: an interaction is decided by that,
        an operation has its own rights at every step.
        """
        asked = step if step and not interaction.startswith("$") else interaction
        return decide.decide(self.caller, asked, type_, self.spec, self.place)

    def seen(self, interaction: str, type_: str) -> Condition | None:
        """Give what `allow` gives, None where there is nothing for the caller to see."""
        try:
            return self.allow(interaction, type_)
        except Forbidden:
            return None


@lru_cache(maxsize=16)
def _place(base_url: str, zone: tzinfo, spec: Spec, text: bool) -> Place:  # noqa: FBT001 by name it is found in twice the time
    return Place((base_url,), zone, spec.types, canonical, text_search=text)


@lru_cache(maxsize=1024)
def _index_format(spec: Spec, type_: str, zone: tzinfo, access: str, *, text: bool) -> str:
    stored = spec.digests.get(type_, {})
    words = (f"{code}={stored[code]}" for code in sorted(stored))
    reading = f"{zone}+text" if text else str(zone)
    return " ".join((spec.index_format(type_), reading, access, *words))

"""What every interaction is given: the definitions, the store, the limits, the caller."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import tzinfo

from fhir_server.access import decide
from fhir_server.access.caller import Caller
from fhir_server.search.condition import Condition
from fhir_server.search.place import Place
from fhir_server.spec.spec import Spec
from fhir_server.store.clock import wall
from fhir_server.store.store import Store
from fhir_server.terminology.content import Cache, Content
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
    conditional_delete_max: int = 1
    max_includes: int = 2_000
    max_url_bytes: int = 16 * 1024
    total_seconds: float = 2.0
    scan_warning: int = 10_000
    scan_limit: int = 1_000_000
    slow_search_ms: int = 500
    max_jobs: int = 100
    job_result_seconds: float = 24 * 3600.0
    max_expansion: int = 10_000


@dataclass(frozen=True, slots=True)
class Target:
    """What the URL names: `Patient/1/_history/2` or `Patient/1/$operation`.

    `compartment` is the third part of `Patient/1/Observation`.
    """

    type: str | None = None
    id: str | None = None
    compartment: str | None = None
    version: str | None = None
    operation: str | None = None


def _random_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Context:
    """One base, seen by one caller.

    `base_url` has no trailing slash; `started` is when this process built the base, in µs;
    `outdated` are the types whose index fields are in an older format; it changes when a type has
    been reindexed. `definitions` keeps what terminology has read.
    """

    spec: Spec
    store: Store
    base_url: str
    zone: tzinfo
    cursor_key: bytes
    caller: Caller
    started: int
    limits: Limits = Limits()
    outdated: set[str] = field(default_factory=set)
    definitions: Cache = field(default_factory=Cache, repr=False)
    new_id: Callable[[], str] = _random_id

    @property
    def place(self) -> Place:
        """What search values are read against, when indexing and when searching."""
        return Place((self.base_url,), self.zone, self.spec.types, canonical)

    @property
    def terminology(self) -> Terminology:
        """Give what answers questions about codes, from the definitions and from this store."""
        content = Content(self.spec.canonicals, self.store, self.definitions, self.base_url)
        return Terminology(content, self.limits.max_expansion)

    def index_format(self, type_: str) -> str:
        """Give the format of a type's index fields: the definitions', and the zone of dates."""
        return f"{self.spec.index_format(type_)} {self.zone}"

    def now(self) -> int:
        """Give the wall clock's time in µs."""
        return wall()

    def allow(self, interaction: str, type_: str | None) -> Condition:
        """Give the Condition the caller is narrowed to; raise Forbidden if there is none."""
        return decide.decide(self.caller, interaction, type_)

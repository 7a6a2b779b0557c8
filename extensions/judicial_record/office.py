"""One issuing system and all it owns beside the FHIR store: records, keys, law, clock."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from extensions.judicial_record.law import days, policy
from extensions.judicial_record.law.days import Days
from extensions.judicial_record.law.policy import Law
from extensions.judicial_record.paper.credentials import Credentials
from extensions.judicial_record.proof.keys import KeyRing
from fhir_server.fhir.errors import Forbidden
from fhir_server.store.clock import wall
from fhir_server.store.encryption import Encryption
from fhir_server.store.records import Records

ZONE = days.ZONE


@dataclass(frozen=True, slots=True)
class Officer:
    """An officer of an issuer: `id` of the Practitioner, `name` and `title` as they are printed.

    `signs`: certificates are signed and revoked by those alone.
    """

    id: str
    name: str
    title: str
    signs: bool = False


@dataclass(frozen=True, slots=True)
class Issuer:
    """A body that issues: `organisation` is its Organization id.

    `number` is the pattern of its certificate numbers, such as `{n}/{year}/LLTP-99`; `name` and
    `place` are printed.
    """

    organisation: str
    name: str
    place: str
    number: str
    officers: tuple[Officer, ...] = ()


@dataclass(frozen=True, slots=True)
class Body:
    """A body that may ask for certificates; `kind` is what it is to the rules of access."""

    organisation: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Office:
    """`records` are small internal collections in the legal database, none served as FHIR.

    `encryption` seals what is kept there of a person. `public_url` is where `/v/<code>` is
    answered, without a trailing slash. `clock` gives int µs since the Unix epoch, UTC. `law` and
    `days` are those of the files unless told. `ring` holds the issuers' signing keys, `credentials`
    gives who signs the pages of an issuer such as `Organization/1`. `sample`: it issues for trying
    out, and every page says so. `bodies` may ask for certificates. `subscribers` are by client id
    the URLs told of every move of the dossiers the client sent.
    """

    records: Records
    issuers: Mapping[str, Issuer]
    public_url: str
    encryption: Encryption = field(kw_only=True, repr=False)
    clock: Callable[[], int] = wall
    law: Law = field(default_factory=policy.loaded, repr=False)
    days: Days = field(default_factory=days.loaded, repr=False)
    ring: KeyRing = field(kw_only=True, repr=False)
    credentials: Callable[[str], Credentials] = field(kw_only=True, repr=False)
    sample: bool = True
    bodies: Mapping[str, Body] = field(default_factory=dict)
    subscribers: Mapping[str, str] = field(default_factory=dict)

    def check_signs(self, organisation: str, user: str) -> None:
        """Raise Forbidden unless this user, `Practitioner/1`, signs for the body."""
        issuer = self.issuers.get(organisation)
        officers = issuer.officers if issuer else ()
        if not any(one.signs and f"Practitioner/{one.id}" == user for one in officers):
            raise Forbidden("Only an officer who signs for the issuing body may do this.")

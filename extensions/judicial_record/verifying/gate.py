"""What checking from outside asks of its neighbours, and what it keeps: no personal data."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Protocol

from extensions.judicial_record.law.days import day_of
from extensions.judicial_record.office import ZONE, Issuer, Office
from extensions.judicial_record.reaching import OFFICE
from fhir_server.fhir import json
from fhir_server.fhir.dates import SECOND
from fhir_server.interactions.context import Context
from fhir_server.store.records import Record, Records
from fhir_server.store.together import Together

TYPE = "JudicialRecordCertificate"
# Kinds of records, each with the fields it is found by besides its id. `attempts` are counted by
# oauth/lockout.
KINDS: Mapping[str, Sequence[str]] = {
    "verification_codes": (),
    "passcodes": (),
    "passcode_tries": (),
    "checks": ("certificate",),
    "attempts": (),
}
VERIFY = "verify"
# What of a check tells of the holder's life: it is sealed with his key.
_SEALED = ("by", "purpose", "basis", "case", "rule")
# Far more than anybody is shown a certificate; of plain checks the last ones, then the last days.
_MOST_SHOWN, _MOST_VERIFIED, _MOST_DAYS = 100_000, 1_000, 100
# Ids begin with the time until then, so that the newest come first.
_END = 1 << 63

Json = dict[str, Any]


class Rule(Protocol):
    """A dated rule of law: `value` is allowed, refused or legal-basis for the kind access."""

    @property
    def id(self) -> str:
        """Its name in the table of rules."""

    @property
    def version(self) -> str:
        """Which text of it."""

    @property
    def value(self) -> Any:
        """What it says."""


class Rules(Protocol):
    """`(kind, on, **facts)` → the rule that holds then; raises Unprocessable where none does."""

    def __call__(self, kind: str, on: date, **facts: Any) -> Rule:
        """Give the rule."""


@dataclass(frozen=True, slots=True)
class Gate:
    """All that checking needs beside the FHIR store.

    `blind` is a keyed digest of (kind, value). `sound` says whether the certificate's signature
    and its entry in the status list hold now. `notes` keeps who checked (`noting`), `wrong` counts
    wrong answers, `right` forgets them (`attempts`).
    """

    office: Office
    blind: Callable[[str, str], str]
    rule: Rules
    sound: Callable[[Context, Json], Awaitable[bool]]
    notes: Together[Record]
    wrong: Together[str]
    right: Together[str]

    @property
    def seconds(self) -> int:
        """The time in int seconds since the Unix epoch."""
        return self.office.clock() // SECOND

    @property
    def today(self) -> date:
        """The day in Viet Nam."""
        return datetime.fromtimestamp(self.seconds, UTC).astimezone(ZONE).date()

    def issuer(self, certificate: Json) -> str:
        """Give the name of the body that issued it, as printed."""
        given = certificate.get("issuer", {})
        known: Issuer | None = self.office.issuers.get(
            given.get("reference", "").removeprefix("Organization/")
        )
        return known.name if known else str(given.get("display", ""))


async def certificate_of(context: Context, id_: str) -> Json | None:
    """Give a certificate whoever asks: each way in has its own rule; None where it is not there."""
    stored = await context.store.read(OFFICE, TYPE, id_)
    return json.parse_object(stored.body) if stored and stored.body else None


def noting(records: Records) -> Together[Record]:
    """Give what keeps the checks of these records, several in one write where several wait."""

    async def kept(rows: Sequence[Record]) -> None:
        await asyncio.to_thread(records.insert_all, "checks", rows)

    return Together(kept)


async def note(gate: Gate, certificate: Json, kind: str, **told: str) -> None:
    """Keep that a certificate was checked, for its holder: when, how far, by which organisation."""
    now = gate.office.clock()
    row = {
        "_id": f"{_END - now:016x}{secrets.token_hex(8)}",
        "certificate": certificate["id"],
        "ts": now,
        "kind": kind,
        **{name: value for name, value in told.items() if name not in _SEALED},
    }
    private = {name: value for name, value in told.items() if name in _SEALED}
    if private:
        shut = gate.office.encryption.shut
        plain = json.dump(private)
        row["sealed"] = await asyncio.to_thread(shut, _holder(certificate), row["_id"], plain)
    await gate.notes.put(lambda: [row])


async def checks(gate: Gate, certificate: Json) -> list[Record]:
    """Give to whom a certificate was shown and the days it was checked on, the newest first.

    Of all plain checks of a day there is the last: however many there are, they hide no other row.
    """
    return await asyncio.to_thread(_checks, gate, certificate)


def _checks(gate: Gate, certificate: Json) -> list[Record]:
    records, of = gate.office.records, {"certificate": certificate["id"]}
    shown = records.find("checks", {**of, "kind": certificate["form"]}, _MOST_SHOWN)
    verified = records.find("checks", {**of, "kind": VERIFY}, _MOST_VERIFIED)
    # From the oldest on: of a day the newest row stays.
    days = {day_of(row["ts"]): row for row in reversed(verified)}
    rows = [*(_opened(gate, certificate, row) for row in shown), *[*days.values()][-_MOST_DAYS:]]
    return sorted(rows, key=lambda row: row["ts"], reverse=True)


def _opened(gate: Gate, certificate: Json, row: Record) -> Record:
    plain = gate.office.encryption.open(_holder(certificate), row["_id"], row["sealed"])
    return {**row, **json.parse_object(plain)}


def _holder(certificate: Json) -> str:
    return str(certificate["subject"]["reference"])

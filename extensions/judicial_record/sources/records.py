"""Source records at rest: sealed bodies, and an index of keyed digests that tells of no conviction.

| kind | a record |
|---|---|
| `source_records` | a judgment, or a ban, of one person: `of`, `subject`, `body` sealed, `digest` |
| `source_papers` | a paper linked to a judgment: `record`, `subject`, `body` sealed |
| `source_judgments` | court and number of a judgment, and its date, as digests |
| `source_index` | `key` of a person (sources/identity) → `record`, `of` which kind |

Every `_id` is a digest of what the record is about: the same again changes nothing. The index is
written first: a person with a record is never taken for one without.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from extensions.judicial_record.office import Office
from extensions.judicial_record.sources.identity import subject, written
from fhir_server.fhir import json
from fhir_server.fhir.errors import Conflict, NotFound

KINDS: dict[str, tuple[str, ...]] = {
    "source_records": (),
    "source_papers": ("record",),
    "source_judgments": (),
    "source_index": ("key",),
}

Json = dict[str, Any]
Of = Literal["conviction", "prohibition"]
Outcome = Literal["kept", "unchanged"]
# Papers and index rows of one record or one key; a person with more is not one person.
_MOST = 1000


class Differs(Conflict):
    """409: another record stands where this one would: the same judgment, told differently."""


@dataclass(frozen=True, slots=True)
class Judgment:
    """How a judgment is named: the court's code, its number, its day."""

    court: str
    number: str
    date: str

    @property
    def name(self) -> str:
        """Give court and number as one text; spaces and case do not count."""
        return f"{self.court}|{''.join(self.number.split()).upper()}"


def keep(office: Office, of: Of, judgment: Judgment, identity: Json, told: Json) -> Outcome:
    """Keep a conviction, or a prohibition, of a person; raises Differs.

    `identity` is a `subjectSnapshot`, `told` the JSON of `conviction` or `prohibition` as a
    certificate has it. The same judgment may be about several persons, on one day only.
    """
    id_, whose = record_id(office, of, judgment, identity), subject(office.encryption, identity)
    body = json.dump({"identity": identity, of: told})
    row = {"_id": id_, "of": of, "subject": whose, "digest": _digest(office, body)}
    if _stands(office, "source_records", row):
        return "unchanged"
    _one_date(office, of, judgment)
    keys = written(office.encryption, identity)
    for kind, some in (("number", keys.numbers), ("person", keys.persons)):
        for key in sorted(some):
            told_of = {"key": key, "kind": kind, "record": id_, "of": of}
            index = {"_id": f"{id_}/{key}", **told_of, "named": bool(keys.persons)}
            office.records.insert("source_index", index)
    return _put(office, "source_records", row, body)


def keep_paper(office: Office, judgment: Judgment, identity: Json, paper: Json) -> Outcome:
    """Link a paper (an `executionDecision`) to a judgment that is here; or NotFound, Differs."""
    record = record_id(office, "conviction", judgment, identity)
    if office.records.get("source_records", record) is None:
        raise NotFound("There is no judgment of this court, number and person; import it first.")
    kind = paper["kind"]["coding"][0]["code"]
    name = "|".join((record, kind, paper.get("number", ""), paper.get("date", "")))
    id_, whose = office.encryption.blind("source-paper", name), subject(office.encryption, identity)
    body = json.dump(paper)
    row = {"_id": id_, "record": record, "subject": whose, "digest": _digest(office, body)}
    return _put(office, "source_papers", row, body)


def record_id(office: Office, of: Of, judgment: Judgment, identity: Json) -> str:
    """Give the id of a record: of this judgment about this person."""
    return office.encryption.blind(
        f"source-{of}", f"{judgment.name}|{subject(office.encryption, identity)}"
    )


def of(office: Office, ids: Iterable[str]) -> list[Json]:
    """Give the convictions of these records, with the papers linked to them since, oldest first.

    Each is the JSON of `conviction`, with `id` and `subject`, the digest of whose it is. Raises
    NotFound for an id that is no conviction here.
    """
    found = [_conviction(office, one) for one in dict.fromkeys(ids)]
    return sorted(found, key=lambda one: (one.get("judgmentDate", ""), one["id"]))


def convictions(office: Office, ids: Iterable[str]) -> list[Json]:
    """Give those of these records that are convictions, as `of`; NotFound for an id of none."""
    return of(office, [one for one in ids if kind(office, one) == "conviction"])


def prohibitions(office: Office, ids: Iterable[str]) -> list[Json]:
    """Give the prohibitions of these records, oldest first, each with `id` and `subject`."""
    found = [_told(office, one, "prohibition") for one in dict.fromkeys(ids)]
    return sorted(found, key=lambda one: (one.get("decisionDate", ""), one["id"]))


def kind(office: Office, id_: str) -> Of:
    """Say what a record is; NotFound for none."""
    return _row(office, id_)["of"]  # type: ignore[no-any-return] # as `keep` wrote it


def identity(office: Office, id_: str) -> Json:
    """Give whom a record says it is about, for the officer who has to tell namesakes apart."""
    found: Json = _opened(office, id_)[1]["identity"]
    return found


def _conviction(office: Office, id_: str) -> Json:
    told = _told(office, id_, "conviction")
    papers = [*told.pop("executionDecision", ()), *_papers(office, id_)]
    papers.sort(key=lambda one: (one.get("date", ""), one.get("number", "")))
    return told | ({"executionDecision": papers} if papers else {})


def _papers(office: Office, record: str) -> Iterator[Json]:
    for row in office.records.find("source_papers", {"record": record}, _MOST):
        place = f"source_papers/{row['_id']}"
        yield json.parse_object(office.encryption.open(row["subject"], place, row["body"]))


def _told(office: Office, id_: str, of_: Of) -> Json:
    row, body = _opened(office, id_)
    if row["of"] != of_:
        raise NotFound(f"This source record is no {of_}.")
    return {**body[of_], "id": id_, "subject": row["subject"]}


def _opened(office: Office, id_: str) -> tuple[Json, Json]:
    row = _row(office, id_)
    body = office.encryption.open(row["subject"], f"source_records/{id_}", row["body"])
    return row, json.parse_object(body)


def _row(office: Office, id_: str) -> Json:
    row = office.records.get("source_records", id_)
    if row is None:
        raise NotFound("There is no such source record; where its import broke off, import again.")
    return row


def _digest(office: Office, body: bytes) -> str:
    return office.encryption.blind("source-body", body.decode())


def _one_date(office: Office, of_: Of, judgment: Judgment) -> None:
    """Raise Differs where the same court gave the same number on another day."""
    id_ = office.encryption.blind(f"source-{of_}-number", judgment.name)
    day = office.encryption.blind("source-judgment-date", judgment.date)
    if office.records.insert("source_judgments", {"_id": id_, "date": day}):
        return
    before = office.records.get("source_judgments", id_)
    if before is not None and before["date"] != day:
        raise Differs("This court has a judgment of this number on another day.")


def _put(office: Office, kind: str, row: Json, body: bytes) -> Outcome:
    sealed = office.encryption.shut(row["subject"], f"{kind}/{row['_id']}", body)
    if office.records.insert(kind, {**row, "body": sealed}):
        return "kept"
    _stands(office, kind, row)
    return "unchanged"


def _stands(office: Office, kind: str, row: Json) -> bool:
    """Say whether this very record is here; Differs where another one stands in its place."""
    before = office.records.get(kind, row["_id"])
    if before is not None and before["digest"] != row["digest"]:
        raise Differs("It is here already, and says something else.")
    return before is not None

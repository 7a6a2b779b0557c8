"""Is there anything about this person? Yes, no, or somebody has to look; never a guess.

The index answers, which tells of no conviction: https://eur-lex.europa.eu/eli/reg/2019/816 has
such a hit/no-hit system for the same reason.
"""

from dataclasses import dataclass
from typing import Literal

from extensions.judicial_record.office import Office
from extensions.judicial_record.sources.identity import Identity, asked

Kind = Literal["clean", "hit", "ambiguous"]
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Match:
    """`records` are ids of convictions, `prohibitions` of bans, that may be this person's.

    A `hit` agrees in a number, and in name and birth where the record tells them. `ambiguous`: one
    agrees and the other does not, so that an officer decides.
    """

    kind: Kind
    records: tuple[str, ...] = ()
    prohibitions: tuple[str, ...] = ()


def check(office: Office, identity: Identity) -> Match:
    """Give what the index of source records says of a `subjectSnapshot`. Synchronous."""
    keys = asked(office.encryption, identity)
    by_number = _rows(office, keys.numbers, "number")
    by_person = _rows(office, keys.persons, "person")
    found = by_number | by_person
    if not found:
        return Match("clean")
    doubtful = by_person.keys() - by_number.keys()
    doubtful |= {id_ for id_, row in by_number.items() if row["named"] and id_ not in by_person}
    told = {of: _ids(found, of) for of in ("conviction", "prohibition")}
    kind: Kind = "ambiguous" if doubtful else "hit"
    return Match(kind, told["conviction"], told["prohibition"])


Rows = dict[str, dict[str, object]]


def _rows(office: Office, keys: frozenset[str], kind: str) -> Rows:
    return {
        row["record"]: row
        for key in sorted(keys)
        for row in office.records.find("source_index", {"key": key, "kind": kind}, _MOST)
    }


def _ids(rows: Rows, of: str) -> tuple[str, ...]:
    return tuple(sorted(id_ for id_, row in rows.items() if row["of"] == of))

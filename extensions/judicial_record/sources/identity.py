"""The keys a person is found by among the source records: keyed digests, never a name or number.

A number is one of any paper, old ones too. A name is folded: case, accents and Unicode form do not
count, so that what was written differently is shown to an officer rather than missed. Of somebody
whose day of birth is not known there is the year.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.search.fold import fold
from fhir_server.store.encryption import Encryption

Identity = Mapping[str, Any]

_NOT_A_CHARACTER = re.compile(r"[\W_]+")
_DAY = len("2026-01-01")


@dataclass(frozen=True, slots=True)
class Keys:
    """Of each paper's number, and of each name with the birth date; both may be none."""

    numbers: frozenset[str]
    persons: frozenset[str]


def written(encryption: Encryption, identity: Identity) -> Keys:
    """Give the keys a record about this identity (a `subjectSnapshot`) is indexed under."""
    return _keys(encryption, identity, asking=False)


def asked(encryption: Encryption, identity: Identity) -> Keys:
    """Give the keys to look for this identity by."""
    return _keys(encryption, identity, asking=True)


def subject(encryption: Encryption, identity: Identity) -> str:
    """Give the digest of whose a record is: by name and birth where both are told, else a number.

    The same judgment told with a citizen number and once more without is one record.
    """
    name, birth = fold(identity.get("name", "")), identity.get("birthDate", "")
    if name and birth:
        return encryption.blind("source-subject", f"{name}|{birth}")
    return encryption.blind("source-subject-number", min(numbers(identity)))


def numbers(identity: Identity) -> list[str]:
    """Give the numbers of the papers: letters and digits, capitals."""
    papers = identity.get("identityDocument", ())
    found = (_NOT_A_CHARACTER.sub("", str(one.get("number", ""))).upper() for one in papers)
    return [one for one in found if one]


def _keys(encryption: Encryption, identity: Identity, *, asking: bool) -> Keys:
    return Keys(
        frozenset(encryption.blind("source-number", one) for one in numbers(identity)),
        frozenset(encryption.blind(*one) for one in _persons(identity, asking=asking)),
    )


def _persons(identity: Identity, *, asking: bool) -> Iterator[tuple[str, str]]:
    birth = str(identity.get("birthDate", ""))
    year = birth[:4]
    names = {fold(one) for one in (identity.get("name", ""), *identity.get("otherName", ()))}
    for name in sorted(names - {""}) if birth else ():
        if len(birth) < _DAY:
            yield "source-person", f"{name}|{year}"
            if asking:
                yield "source-person-year", f"{name}|{year}"
        else:
            yield "source-person", f"{name}|{birth}"
            # A record that knows the year alone is found too; to be found by the year alone
            # takes a key of its own, or two days in one year would be the same.
            yield ("source-person" if asking else "source-person-year"), f"{name}|{year}"

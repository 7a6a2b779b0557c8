"""Certificate numbers: one for a certificate, without gaps, unique by issuer and year.

An owner first says which number he is after, and moves to a later one only when another owner has
it: several who come for one owner at once come after the same number. Whoever finds a number taken
helps the count on, so that a process that ends in between leaves no hole.
"""

from collections.abc import Mapping, Sequence

from extensions.judicial_record.office import Issuer
from fhir_server.store.records import Record, Records

KINDS: Mapping[str, Sequence[str]] = {
    "numbers": (),
    "number_owners": (),
    "number_counts": (),
}


def number(records: Records, issuer: Issuer, year: int, owner: str) -> str:
    """Give the number of an owner (a certificate's id), the same one however often it is asked for.

    `year` is that of the first time. The issuer's pattern may name `{n}` and `{year}`. Synchronous.
    """
    row = records.get("number_owners", owner)
    if row is None:
        series = f"{issuer.organisation}/{year}"
        after = {"series": series, "year": year, "n": _next(records, series)}
        records.insert("number_owners", {"_id": owner, **after})
    while True:
        row = records.get("number_owners", owner)
        assert row is not None, "an owner keeps its row"
        if _taken(records, row, owner):
            return issuer.number.format(n=row["n"], year=row["year"])
        later = {"n": _next(records, row["series"])}
        records.change("number_owners", {"_id": owner, "n": row["n"]}, later)


def _next(records: Records, series: str) -> int:
    """Give the first number that nobody is known to have."""
    records.insert("number_counts", {"_id": series, "n": 0})
    count = records.get("number_counts", series)
    assert count is not None, "a count is never removed"
    return int(count["n"]) + 1


def _taken(records: Records, row: Record, owner: str) -> bool:
    """Take the number a row is after; say whether its owner has it."""
    series, n = row["series"], row["n"]
    place = {"_id": f"{series}/{n}", "series": series, "n": n, "owner": owner}
    mine = records.insert("numbers", place)
    records.change("number_counts", {"_id": series, "n": n - 1}, {"n": n})
    has = place if mine else records.get("numbers", place["_id"])
    return has is not None and has["owner"] == owner

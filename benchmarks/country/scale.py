"""`python -m benchmarks.country.scale`: from what a visit weighs to shards, disks, workers.

What was measured is in `footprint.json` (footprint.py) and docs/performance.md; all else
is in `Assumed`, to be replaced by what is known better. docs/scale.md has the tables.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_MEASURED = json.loads((Path(__file__).parent / "footprint.json").read_text("utf-8"))
_AUDIT, _FEED = "AuditEvent", "commits"
# Gone again, or of the server and not of a visit.
_PASSING = frozenset({"audit_waiting", "index_state", "locks", "probe", "secrets", "writers"})
_YEAR, _TB, _GB = 365 * 86_400, 1e12, 1e9


@dataclass(frozen=True, slots=True)
class Assumed:
    """A country and its machines; money in US dollars."""

    visits: float = 230e6
    certificates: float = 2.6e6
    accesses: float = 20
    peak: float = 10
    feed_years: float = 0.25
    # Snappy, MongoDB's default, leaves twice what zlib leaves; pages of indexes are 70 % full.
    snappy: float = 2
    page: float = 0.7
    copies: int = 3
    disk_tb: float = 8
    filled: float = 0.7
    ram_gb: float = 256
    # Of the indexes, what a day touches, so that it should be in memory: one citizen in 160, and
    # of each a page of 32 kB in each of a hundred indexes.
    hot: float = 0.05
    # Of a real MongoDB for each entry of an index that is written: a tenth of the embedded one's.
    entry_us: float = 20
    busy: float = 0.5
    shard_price: float = 20_000
    other_price: float = 8_000

    @property
    def cache_gb(self) -> float:
        """WiredTiger's cache: https://www.mongodb.com/docs/manual/core/wiredtiger/#memory-use."""
        return 0.5 * (self.ram_gb - 1)


@dataclass(frozen=True, slots=True)
class Ours:
    """Our processor time in ms, measured: docs/performance.md, the slower of its runs."""

    envelope: float = 41
    read: float = 0.43


@dataclass(frozen=True, slots=True)
class Weight:
    """What one case leaves: documents, their bytes on disk, of indexes, and entries in indexes."""

    documents: float = 0
    data: float = 0
    indexes: float = 0
    entries: float = 0

    def __add__(self, other: "Weight") -> "Weight":
        """Give what both leave."""
        return Weight(
            self.documents + other.documents,
            self.data + other.data,
            self.indexes + other.indexes,
            self.entries + other.entries,
        )

    def __mul__(self, times: float) -> "Weight":
        """Give what so many leave."""
        return Weight(
            self.documents * times, self.data * times, self.indexes * times, self.entries * times
        )

    @property
    def disk(self) -> float:
        """Bytes of one copy."""
        return self.data + self.indexes


@dataclass(frozen=True, slots=True)
class Model:
    """The sums, for assumptions and what was measured."""

    assumed: Assumed = field(default_factory=Assumed)
    ours: Ours = field(default_factory=Ours)
    measured: Mapping[str, Any] = field(default_factory=lambda: _MEASURED)

    def weight(self, row: Mapping[str, Any], times: float | None = None) -> Weight:
        """Give what a case leaves in one collection."""
        often = row["a case"] if times is None else times
        data = row["bytes"] * min(1, row["compressed"] * self.assumed.snappy)
        return Weight(1, data, row["packed"] / self.assumed.page, row["entries"]) * often

    def parts(self) -> dict[str, Weight]:
        """Give what one visit leaves, by part; a visit's accesses are `audit`."""
        found = dict.fromkeys(("current", "history", "feed", "other", "audit"), Weight())
        for row in self.measured["visit"]:
            name, times = row["collection"], None
            if name in _PASSING:
                continue
            if name == _AUDIT:
                part, times = "audit", self.assumed.accesses
            elif name.endswith("_history"):
                part = "history"
            else:
                part = "feed" if name == _FEED else "current" if name[0].isupper() else "other"
            found[part] += self.weight(row, times)
        return found

    def certificate(self) -> Weight:
        """Give what one certificate leaves in the legal base, its audit and history with it."""
        rows = (one for one in self.measured["certificate"] if one["collection"] not in _PASSING)
        return sum(map(self.weight, rows), Weight())

    def stored(self, years: float) -> Weight:
        """Give what is stored after so many years; of the feed, what is kept."""
        parts, visits = self.parts(), self.assumed.visits
        kept = {name: min(years, self.assumed.feed_years) for name in parts if name == "feed"}
        return sum(
            (one * (visits * kept.get(name, years)) for name, one in parts.items()), Weight()
        )

    def shards(self, years: float) -> tuple[int, int]:
        """Give how many shards the disks ask for, and how many the memory."""
        whole, one = self.stored(years), self.assumed
        disks = whole.disk / (one.disk_tb * _TB * one.filled)
        memory = whole.indexes * one.hot / (one.cache_gb * _GB)
        return math.ceil(disks), math.ceil(memory)

    @property
    def rate(self) -> float:
        """Visits a second at the peak."""
        return self.assumed.visits / _YEAR * self.assumed.peak

    def workers(self) -> float:
        """Give how many workers are half busy at the peak."""
        busy = self.rate * (self.ours.envelope + self.assumed.accesses * self.ours.read) / 1000
        return math.ceil(busy / self.assumed.busy)

    def writing(self, shards: int) -> float:
        """Give the cores each shard's primary spends on entries of indexes at the peak."""
        entries = sum(one.entries for one in self.parts().values()) * self.rate / shards
        return entries * self.assumed.entry_us / 1e6


def weights(model: Model) -> Iterator[str]:
    """Give the table of what a visit leaves."""
    yield "| a visit leaves | documents | kB of data | kB of indexes | entries in indexes |"
    yield "|---|---|---|---|---|"
    parts = model.parts()
    rows = {**parts, "all": sum(parts.values(), Weight()), "a certificate": model.certificate()}
    for name, one in rows.items():
        yield (
            f"| {name} | {one.documents:.1f} | {one.data / 1e3:.1f} | {one.indexes / 1e3:.1f} "
            f"| {one.entries:.0f} |"
        )


def sums(model: Model) -> Iterator[str]:
    """Give the table of a country's machines."""
    yield "| | one year | five years |"
    yield "|---|---|---|"
    both = [model.stored(years) for years in (1, 5)]
    needs = [model.shards(years) for years in (1, 5)]
    shards = [max(one) for one in needs]
    of, copies = model.assumed, model.assumed.copies
    workers = model.workers()
    machines = [one * copies + 3 + math.ceil(workers / 16) + 1 for one in shards]
    legal = [model.certificate() * (of.certificates * years) for years in (1, 5)]
    prices = [
        one * copies * of.shard_price + (all_ - one * copies) * of.other_price
        for one, all_ in zip(shards, machines, strict=True)
    ]
    rows: dict[str, list[str]] = {
        "documents": [f"{one.documents / 1e9:.0f} billion" for one in both],
        "data, one copy": [f"{one.data / _TB:.1f} TB" for one in both],
        "indexes, one copy": [f"{one.indexes / _TB:.1f} TB" for one in both],
        f"on disk, {copies} copies": [f"{one.disk * copies / _TB:.0f} TB" for one in both],
        "shards the disks ask for": [f"{one}" for one, _ in needs],
        "shards the memory asks for": [f"{one}" for _, one in needs],
        "index entries written a second on a shard, at the peak": [
            f"{model.writing(one) / of.entry_us * 1e6:,.0f}" for one in shards
        ],
        "cores of a primary for them (assumed 20 µs each)": [
            f"{model.writing(one):.2f}" for one in shards
        ],
        "workers, half busy at the peak": [f"{workers:.0f}"] * 2,
        "machines (shards, 3 configuration servers, workers, 1 for mongos and spare)": [
            f"{one}" for one in machines
        ],
        "price of the machines": [f"${one / 1e6:.1f} million" for one in prices],
        "legal base, one copy": [f"{one.disk / _GB:,.0f} GB" for one in legal],
    }
    for name, cells in rows.items():
        yield f"| {name} | {' | '.join(cells)} |"


def main() -> None:
    """Print the tables of docs/scale.md."""
    model = Model()
    print("\n".join([*weights(model), "", *sums(model)]))
    print(f"\n{model.rate:.0f} visits a second at the peak, of {model.assumed}")


if __name__ == "__main__":
    main()

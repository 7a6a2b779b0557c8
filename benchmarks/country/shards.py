"""`python -m benchmarks.country.shards`: a country over shards, by the key one could shard by.

Citizens, hospitals and provinces are synthetic, and skewed as real ones are: a few provinces and
hospitals are large, a few citizens are ill all year. It prints how evenly each key spreads a year,
one busy hour and one hospital's bulk, and how many shards each question asks. `--draw FOLDER` draws
it too.
"""

import argparse
import hashlib
import statistics
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import accumulate
from pathlib import Path
from random import Random

from benchmarks.country import drawing

SHARDS, CITIZENS, SEED = 12, 60_000, 53
PROVINCES, HOSPITALS = 34, 1_400
VISITS_A_CITIZEN = 2.3
# A visit is 12 resources where one doctor is seen, 39 where there are tests.
RESOURCES = (12, 39)
# Visits in a busy hour; the bulk is half as many again.
BUSY = 20_000
# Reads by id that wait at the same time go in one question.
TOGETHER = 20
KEYS = ("patient", "patient in ranges", "resource id", "hospital", "province", "time")


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: whose, where, when in the year (0 to 1), of how many resources."""

    citizen: int
    hospital: int
    when: float
    resources: int


@dataclass(frozen=True)
class World:
    """The citizens and their visits; the same for the same seed. `busy`: visits in a busy hour."""

    seed: int = SEED
    citizens: int = CITIZENS
    shards: int = SHARDS
    busy: int = BUSY

    @cached_property
    def _rng(self) -> Random:
        return Random(self.seed)  # noqa: S311 - synthetic, not secret

    @cached_property
    def home(self) -> Sequence[int]:
        """Province of each citizen: the second has half as many as the first, the third a third."""
        weights = [1 / rank for rank in range(1, PROVINCES + 1)]
        return self._rng.choices(range(PROVINCES), weights, k=self.citizens)

    @cached_property
    def illness(self) -> Sequence[float]:
        """How often each citizen is ill, next to others; the first is dialysed thrice a week."""
        often = [self._rng.lognormvariate(0, 1) for _ in range(self.citizens)]
        scale = VISITS_A_CITIZEN * self.citizens / sum(often)
        return [150.0, *(one * scale for one in often[1:])]

    def visits(self, number: int, hour: float | None = None) -> list[Visit]:
        """Give so many visits of the year, or all in one hour of it."""
        rng, ill = self._rng, list(accumulate(self.illness))
        who = rng.choices(range(self.citizens), cum_weights=ill, k=number)
        return [
            Visit(
                one,
                self._hospital(self.home[one]),
                rng.random() if hour is None else hour + rng.random() / 8_760,
                rng.randint(*RESOURCES),
            )
            for one in who
        ]

    def _hospital(self, province: int) -> int:
        """Choose one of the province's: the larger its number, the smaller it is."""
        several = HOSPITALS // PROVINCES
        return province * several + int(several * self._rng.random() ** 3)

    def bulk(self, number: int, hour: float) -> list[Visit]:
        """Give visits of the largest hospital, sent again within one hour."""
        people = [one for one, home in enumerate(self.home) if home == 0]
        who = self._rng.choices(people, k=number)
        return [Visit(one, 0, hour, self._rng.randint(*RESOURCES)) for one in who]


Place = Callable[[Visit], Sequence[int]]


def hashed(shards: int, name: str) -> int:
    """Give the shard of a value of a hashed key, in as many equal ranges as there are shards."""
    return int.from_bytes(hashlib.md5(name.encode()).digest()[:8]) * shards >> 64  # noqa: S324 - as MongoDB does


def places(world: World, year: Sequence[Visit]) -> Mapping[str, Place]:
    """Give for each key what tells the shard of each resource of a visit.

    Ranges are cut so that the year lies evenly in them, as the balancer would.
    """
    shards, rng = world.shards, Random(world.seed)  # noqa: S311 - synthetic, not secret
    of_province = packed(Counter(world.home), shards)
    ranged = in_ranges(world, year)

    def by(value: Callable[[Visit], int], visit: Visit) -> Sequence[int]:
        return [value(visit)] * visit.resources

    return {
        "patient": partial(by, lambda one: hashed(shards, f"patient/{one.citizen}")),
        "patient in ranges": partial(by, lambda one: ranged[one.citizen]),
        "resource id": lambda one: [rng.randrange(shards) for _ in range(one.resources)],
        "hospital": partial(by, lambda one: hashed(shards, f"hospital/{one.hospital}")),
        "province": partial(by, lambda one: of_province[world.home[one.citizen]]),
        # What is new is always in the last range.
        "time": partial(by, lambda one: min(int(one.when * shards), shards - 1)),
    }


def in_ranges(world: World, year: Sequence[Visit]) -> dict[int, int]:
    """Give the shard of each citizen where ids begin with the province, as citizen numbers do."""
    made: Counter[int] = Counter()
    for visit in year:
        made[visit.citizen] += visit.resources
    ordered = sorted(range(world.citizens), key=lambda one: (world.home[one], one))
    before = accumulate((made[one] for one in ordered), initial=0)
    shards, total = world.shards, made.total() + 1
    return {one: done * shards // total for one, done in zip(ordered, before, strict=False)}


def packed(sizes: Mapping[int, int], bins: int) -> dict[int, int]:
    """Give for each of the sizes a bin: the largest first, each into the emptiest."""
    full, found = [0] * bins, {}
    for name in sorted(sizes, key=lambda one: -sizes[one]):
        found[name] = emptiest = full.index(min(full))
        full[emptiest] += sizes[name]
    return found


@dataclass(frozen=True, slots=True)
class Spread:
    """How one key spreads: the fullest and the hottest shard ÷ the mean; shards of a visit.

    `bulk` is what each shard gets of the busy hour with one hospital's bulk in it.
    """

    full: float
    hottest: float
    bulk: tuple[float, ...]
    written: float
    most_written: int


def spread(place: Place, shards: int, samples: Sequence[Sequence[Visit]]) -> Spread:
    """Give how a key spreads the year, the busy hour and the bulk, in this order in `samples`."""
    year, hour, bulk = (loads(place, shards, some) for some in samples)
    touched = sorted(len(set(place(one))) for one in samples[1])
    return Spread(
        max(year),
        max(hour),
        tuple(bulk),
        statistics.mean(touched),
        touched[len(touched) * 99 // 100],
    )


def loads(place: Place, shards: int, visits: Sequence[Visit]) -> list[float]:
    """Give what each shard gets ÷ the mean."""
    got: Counter[int] = Counter()
    for visit in visits:
        got.update(place(visit))
    mean = got.total() / shards
    return [got[one] / mean for one in range(shards)]


def together(shards: int, seed: int = SEED, times: int = 1_000) -> float:
    """Give how many shards some reads by id ask at once where the id says the shard."""
    rng = Random(seed)  # noqa: S311 - synthetic, not secret
    asked = (len({rng.randrange(shards) for _ in range(TOGETHER)}) for _ in range(times))
    return statistics.mean(asked)


def questions(shards: int) -> Mapping[str, Sequence[float]]:
    """Give for each question how many shards it asks, by each of KEYS: one that names the key, all.

    A patient's province and hospital are not in what is asked.
    """
    all_, some = float(shards), together(shards)
    return {
        "one resource by its id": (all_, all_, 1, all_, all_, all_),
        f"{TOGETHER} reads by id that wait together": (all_, all_, some, all_, all_, all_),
        "a patient's results by code, newest first": (1, 1, all_, all_, all_, all_),
        "a patient's whole book": (1, 1, all_, all_, all_, all_),
        "a hospital's visits of a day": (all_, all_, all_, 1, all_, 1),
        "who has this identifier": (all_,) * len(KEYS),
        "who has this name": (all_,) * len(KEYS),
    }


def simulated(world: World) -> Mapping[str, Spread]:
    """Give how each of KEYS spreads."""
    year = world.visits(round(world.citizens * VISITS_A_CITIZEN))
    hour = world.visits(world.busy, hour=0.999)
    samples = (year, hour, [*hour, *world.bulk(world.busy // 2, 0.999)])
    found = places(world, year)
    return {key: spread(found[key], world.shards, samples) for key in KEYS}


def tables(world: World, found: Mapping[str, Spread]) -> Iterator[str]:
    """Give the lines of the tables of docs/scale.md."""
    yield (
        "| key | fullest shard, a year | hottest, a busy hour | with one hospital's bulk "
        "| shards a visit is written to | 99 of 100 |"
    )
    yield "|---|---|---|---|---|---|"
    for key, one in found.items():
        yield (
            f"| {key} | {one.full:.2f} | {one.hottest:.2f} | {max(one.bulk):.2f} "
            f"| {one.written:.1f} | {one.most_written} |"
        )
    yield ""
    yield f"| shards of {world.shards} asked for | {' | '.join(KEYS)} |"
    yield f"|---{'|---' * len(KEYS)}|"
    for question, asked in questions(world.shards).items():
        yield f"| {question} | {' | '.join(f'{one:.3g}' for one in asked)} |"


def main() -> None:
    """Print the tables; draw them where a folder is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shards", type=int, default=SHARDS)
    parser.add_argument("--citizens", type=int, default=CITIZENS)
    parser.add_argument("--draw", type=Path)
    given = parser.parse_args()
    world = World(citizens=given.citizens, shards=given.shards)
    found = simulated(world)
    print("\n".join(tables(world, found)))
    if given.draw:
        hours = {key: one.bulk for key, one in found.items()}
        (given.draw / "shards-busy-hour.svg").write_text(drawing.bars(hours), "utf-8")
        asked = questions(world.shards)
        whole = drawing.matrix(KEYS, asked, world.shards)
        (given.draw / "shards-asked.svg").write_text(whole, "utf-8")


if __name__ == "__main__":
    main()

"""One visit as plain data: when, where, why, what was found, done and prescribed."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from mappings.synthetic.catalogue import Diagnosis, Medicine, Service, medicines, services
from mappings.synthetic.findings import Finding, findings, vital_signs
from mappings.synthetic.people import Person

REFERRAL, SLIP = "GCT", "GHK"
EXAMINATION, LONG_TERM, INPATIENT = "01", "05", "03"
LABORATORY, SUPPLY, BED = 1, 10, 15  # cost groups

_CHILD, _GROWN_UP = 12, 18
_SOMETIMES, _SEEN_AGAIN, _ON_REQUEST = 0.3, 0.1, 0.15  # chances
_SENT_TO_STAY = 0.4  # and more when referred
_SUNDAY = 6
_LONG = 28  # days: a treatment this long goes on after the first visit
_TECHNICIAN, _READER = 9, 11  # the first staff numbers of those who measure and who read images


@dataclass(frozen=True, slots=True)
class Paper:
    """A referral letter or a follow-up slip: its kind, and the visit that gave it."""

    kind: str
    facility: int
    visit: int


@dataclass(frozen=True, slots=True)
class Occasion:
    """Why a citizen comes: `progress` is 0 for a lasting disease untreated, 1 for one controlled.

    `came_by` is the paper that brought the citizen, `came_from` the facility that referred them.
    """

    number: int
    facility: int
    arrived: datetime
    diagnosis: Diagnosis
    others: tuple[Diagnosis, ...]
    progress: float
    category: str
    again: bool = False
    came_from: int = 0
    came_by: Paper | None = None

    @property
    def diseases(self) -> tuple[Diagnosis, ...]:
        """Give the main diagnosis and the others, in order."""
        return (self.diagnosis, *self.others)

    @property
    def over(self) -> bool:
        """Say whether the citizen comes back from an illness that has passed."""
        return self.again and not self.diagnosis.chronic

    @property
    def seen(self) -> tuple[Diagnosis, ...]:
        """Give the diseases that still show."""
        return self.others if self.over else self.diseases


@dataclass(frozen=True, slots=True)
class Done:
    """One service done `count` times; `resulted` is when its findings were known."""

    service: Service
    count: int
    ordered: datetime
    resulted: datetime
    staff: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Prescription:
    """One medicine for a number of days; `quantity` in the medicine's unit."""

    medicine: Medicine
    days: int
    quantity: int
    ordered: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """One entry of the clinical course, vital signs included."""

    time: datetime
    text: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit; `admitted` is None for an outpatient, `referred_to` 0 when nobody is referred."""

    occasion: Occasion
    kind: str
    admitted: datetime | None
    left: datetime
    doctor: int
    reason: str
    weight: float
    done: tuple[Done, ...]
    prescriptions: tuple[Prescription, ...]
    notes: tuple[Note, ...]
    referred_to: int
    on_request: bool
    follow_up: datetime | None

    @property
    def paper(self) -> Paper:
        """Give the paper the visit ended with, if it ended with one."""
        kind = REFERRAL if self.referred_to else SLIP
        return Paper(kind, self.occasion.facility, self.occasion.number)


def visit(rng: Random, person: Person, occasion: Occasion, referral: int) -> Visit:
    """Let a visit happen; `referral` is the facility to refer to, 0 for none."""
    main, arrived = occasion.diagnosis, occasion.arrived
    stays = rng.random() < _chance_to_stay(occasion)
    nights = rng.randint(*main.days) if stays else 0
    admitted = arrived + timedelta(minutes=rng.randint(40, 120)) if stays else None
    left = _left(rng, arrived, nights)
    refers = rng.random() < main.refer and referral > 0 and not occasion.over
    kind = INPATIENT if stays else LONG_TERM if main.chronic else EXAMINATION
    follow = main.follow and not refers and (main.chronic or not occasion.again)
    return Visit(
        occasion=occasion,
        kind=kind,
        admitted=admitted,
        left=left,
        doctor=rng.randint(1, 8),
        reason=main.again if occasion.again else rng.choice(main.reasons),
        weight=max(3.0, person.weight + rng.uniform(-1, 1) + _grown(person, arrived)),
        done=_done(rng, person, occasion, nights),
        prescriptions=_prescriptions(person, occasion, nights, left),
        notes=_notes(rng, person, occasion, nights),
        referred_to=referral if refers else 0,
        on_request=rng.random() < _ON_REQUEST,
        follow_up=_morning(rng, left + timedelta(days=main.follow)) if follow else None,
    )


def _chance_to_stay(occasion: Occasion) -> float:
    if occasion.over:
        return 0
    return occasion.diagnosis.stay + (_SENT_TO_STAY if occasion.came_from else 0)


def _grown(person: Person, day: datetime) -> float:
    """Give the kilograms a child has grown since the beginning of 2023."""
    years = (day - datetime(2023, 1, 1)).days / 365  # noqa: DTZ001 the decree's times have no zone
    return years * 2.6 if person.age(day.date()) < _GROWN_UP else 0


def _left(rng: Random, arrived: datetime, nights: int) -> datetime:
    if not nights:
        return arrived + timedelta(minutes=5 * rng.randint(18, 48))
    hour = timedelta(hours=rng.randint(9, 15), minutes=5 * rng.randrange(12))
    return arrived.replace(hour=0, minute=0) + timedelta(days=nights) + hour


def _morning(rng: Random, day: datetime) -> datetime:
    """Give a morning of that day, of the day after where it is a Sunday."""
    open_day = day + timedelta(days=day.weekday() == _SUNDAY)
    return open_day.replace(hour=rng.choice((7, 8, 8, 9)), minute=rng.choice((0, 30)))


def _done(rng: Random, person: Person, occasion: Occasion, nights: int) -> tuple[Done, ...]:
    known, main = services(), occasion.diagnosis
    first = occasion.arrived + timedelta(minutes=15)
    names = [*main.services, *(name for name in main.sometimes if rng.random() < _SOMETIMES)]
    if occasion.again:  # most of what is repeated is laboratory work
        names = [name for name in names if _repeated(rng, known[name])]
    for other in occasion.others:
        names += [name for name in other.services if known[name].group == LABORATORY][:1]
    found = [Done(known["exam"], 1, occasion.arrived, first, 1)]
    if nights:
        found.append(Done(known["bed"], nights, first, first, 1))
    for name in dict.fromkeys(names):
        service = known[name]
        resulted = first + timedelta(minutes=rng.randint(20, 70))
        staff = (_READER if service.findings else _TECHNICIAN) + rng.randrange(2)
        results = findings(rng, service, person.sex, occasion.seen, occasion.progress)
        found.append(Done(service, 1, first, resulted, staff, results))
    return tuple(found)


def _repeated(rng: Random, service: Service) -> bool:
    return service.group == LABORATORY or (not service.icd9 and rng.random() < _SEEN_AGAIN)


def _prescriptions(
    person: Person, occasion: Occasion, nights: int, left: datetime
) -> tuple[Prescription, ...]:
    main, known = occasion.diagnosis, medicines()
    child = person.age(occasion.arrived.date()) < _CHILD and main.child_drugs
    names = list(main.child_drugs if child else main.drugs)
    if occasion.over and main.follow < _LONG:
        names = []
    for other in occasion.others:
        names += other.drugs[:1]
    days = nights or (main.follow if main.chronic else main.supply)
    ordered = occasion.arrived + timedelta(hours=2) if nights else left - timedelta(minutes=20)
    found = []
    for name in dict.fromkeys(names):
        medicine = known[name]
        quantity = medicine.quantity or medicine.dose * medicine.times * days
        found.append(Prescription(medicine, days, quantity, ordered))
    return tuple(found)


_PASSED = "Tỉnh, không sốt, toàn trạng ổn định, không còn triệu chứng."
_COURSE = (
    "Còn mệt, ăn uống kém.",
    "Đỡ mệt, ăn uống khá hơn.",
    "Triệu chứng giảm rõ.",
    "Tỉnh táo, ăn ngủ được, sinh hiệu ổn định.",
)


def _notes(rng: Random, person: Person, occasion: Occasion, nights: int) -> tuple[Note, ...]:
    time = occasion.arrived + timedelta(minutes=5)
    age, diseases = person.age(time.date()), occasion.seen
    signs = vital_signs(rng, age, diseases, occasion.progress)
    told = _PASSED if occasion.over else occasion.diagnosis.signs
    if not nights:
        return (Note(time, f"{told} CSST<{signs}>"),)
    notes = [Note(time, f"{told} CSST<{signs}_HL2>")]
    for night in range(1, nights):
        better = night / nights
        text = _COURSE[int(better * len(_COURSE))]
        signs = vital_signs(rng, age, diseases, occasion.progress, better)
        morning = time.replace(hour=8, minute=0) + timedelta(days=night)
        level = 2 + round(better)
        notes.append(Note(morning, f"{text} CSST<{signs}_HL{level}>"))
    return tuple(notes)

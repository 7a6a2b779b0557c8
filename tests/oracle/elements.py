"""Elements drawn at random: names, codes, times, references, measures."""

from decimal import Decimal

from hypothesis import strategies as st

from tests.oracle.quantities import UCUM, UNITS

CODES = "http://example.org/codes"
OTHER_CODES = "http://example.org/other|codes"
SIDS = ("http://example.org/sid/a", "http://example.org/sid/b")
# Code → its parent, in CODES.
ALL_CODES = ("A", "A.1", "A.1.1", "A.1.2", "A.2", "B", "B.1", "a", "x|y", "p$q", "1,2")
PARENTS = {"A.1": "A", "A.2": "A", "A.1.1": "A.1", "A.1.2": "A.1", "B.1": "B"}
VALUE_SET = "http://example.org/ValueSet/some"
IN_VALUE_SET = ("A.1", "B", "a")
ELSEWHERE = "http://elsewhere.example.org/fhir"
BASE = "http://test.invalid/fhir"
# Ids end here; a few that are referred to are not there.
MOST = 30

FAMILIES = ["Nguyễn", "Trần", "Đặng", "Đỗ", "Lê", "Phạm", "O'Brien-Smith", "Strauß", "Nguyên"]
GIVEN = [
    "Thị",
    "Bưởi",
    "Văn",
    "Anh",
    "Ánh",
    "đức",
    "Đông",
    "Minh Anh",
    "A\u0302nh",
    "Ly, Ly",
    "x$y",
]
PLACES = ["Hà Nội", "Đà Nẵng", "12 Lê Lợi", "Phường 5", "Quận 1", "TP. Hồ Chí Minh", "12/3 Lê  Lợi"]
LONG = " ".join(f"chữ{number}" for number in range(60))
TEXTS = ["Sốt xuất huyết", "sốt", "Xuất-huyết", "Tăng huyết áp", "Đau đầu", "a|b, c", LONG]
WORDS = ["Bệnh viện Bạch Mai", "Bệnh viện Đa khoa", "Trạm y tế", "Bạch Mai", "bach  mai", LONG]

DAYS = ["2024", "2025", "2024-02", "2024-12", "2025-01", "2024-02-29", "2024-12-31", "2025-01-01"]
MOMENTS = [
    "2024-12-31T23:30:00+07:00",
    "2024-12-31T16:59:59.999Z",
    "2024-12-31T17:00:00Z",
    "2025-01-01T00:00:00Z",
    "2025-01-01T00:00:00.5+07:00",
    "2025-01-01T07:00:00.123456Z",
    "2025-01-01T08:30:15-05:00",
    "2024-02-29T10:30:00+07:00",
]
NUMBERS = ["0", "0.1", "0.5", "0.50", "1", "1.0", "1.00", "5", "5.4", "5.40", "5.45", "37", "98.6"]
NUMBERS += ["100", "1E+2", "100.0", "1000", "0.001", "-3.2", "120", "0.12", "7.5e-2", "1.5", "99.5"]
NUMBERS += ["-3", "-3.21", "-1E+1", "-0.05", "0.0000001", "12345678901234567890.5", "99.50"]

texts = st.sampled_from(TEXTS)
words = st.sampled_from(WORDS)
booleans = st.booleans()
days = st.sampled_from(DAYS)
moments = st.sampled_from(MOMENTS)
times = days | moments
decimals = st.sampled_from(NUMBERS).map(Decimal)


def some(strategy, most=2):
    return st.lists(strategy, min_size=1, max_size=most)


def one_of(*values):
    return st.sampled_from(values)


def made(needed=None, **optional):
    """Give objects with these elements; what is optional is there every other time."""
    return st.fixed_dictionaries(needed or {}, optional=optional)


def first(**choices):
    """Give objects with one of these elements, or none: a choice of types."""
    return st.one_of(st.just({}), *(made({name: inner}) for name, inner in choices.items()))


def joined(*parts):
    """Give the elements of several objects in one."""
    return st.tuples(*parts).map(lambda some: {name: one[name] for one in some for name in one})


def resource(type_, needed=None, *choices, **optional):
    """Give resources of a type, without their ids."""
    head = st.just({"resourceType": type_})
    return joined(head, made(needed, meta=metas, **optional), *choices)


codings = made(
    {"code": st.sampled_from(ALL_CODES)},
    system=one_of(CODES, CODES, OTHER_CODES),
    display=texts,
)
coded = made({"coding": some(codings)}, text=texts)
concepts = st.one_of(coded, coded, made({"text": texts}))
identifiers = made(
    {"value": one_of("1", "2", "A-1", "a-1", "099000000001", "x,y")},
    system=st.sampled_from(SIDS),
    type=made({"coding": some(codings, 1)}, text=texts),
)
periods = made({"start": times}, end=one_of("2025-01", "2025-01-02", "2026")) | made({"end": times})
# An element may say that it has no value, and why.
ABSENT = {
    "extension": [
        {
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
            "valueCode": "unknown",
        }
    ]
}
nameless = made(
    {"given": st.just(["Văn", None, "Anh"]), "_given": st.just([None, ABSENT, None])},
    family=st.sampled_from(FAMILIES),
)
names = nameless | made(
    {"family": st.sampled_from(FAMILIES)},
    text=st.builds("{} {}".format, st.sampled_from(FAMILIES), st.sampled_from([*GIVEN, LONG])),
    given=some(st.sampled_from(GIVEN)),
    prefix=some(one_of("Bác sĩ", "GS.TS"), 1),
    suffix=some(one_of("Jr.", "II"), 1),
)
addresses = made(
    {"city": st.sampled_from(PLACES)},
    use=one_of("home", "work"),
    text=st.sampled_from(PLACES),
    line=some(st.sampled_from(PLACES)),
    district=st.sampled_from(PLACES),
    state=one_of("Hà Nội", "099"),
    postalCode=one_of("10000", "10001"),
    country=one_of("VN", "Việt Nam"),
)
contacts = made(
    {"system": one_of("phone", "email"), "value": one_of("0990000001", "a@example.org")}
)
metas = made(
    tag=some(codings),
    security=some(codings, 1),
    profile=some(
        one_of("http://example.org/p/a", "http://example.org/p/a|1", "http://example.org/p")
    ),
    source=one_of("http://example.org/s", "urn:oid:2.999.1", "http://example.org/s/1"),
).filter(bool)


def references(*types):
    """Give references: here, by address, versioned, elsewhere, logical."""
    ids = st.integers(1, MOST).map(str)
    type_ = st.sampled_from(types)
    here = st.builds("{}/{}".format, type_, ids)
    literal = st.one_of(
        here,
        here,
        here,
        here.map(lambda text: f"{BASE}/{text}"),
        here.map(lambda text: f"{ELSEWHERE}/{text}"),
        here.map(lambda text: f"{text}/_history/1"),
    )
    return made({"reference": literal}, display=texts) | made(
        {"identifier": identifiers, "type": type_}
    )


def units(*codes):
    """Give the units of a measure: by their UCUM codes, or as they are printed only."""
    ucum = made({"system": st.just(UCUM), "code": st.sampled_from(codes)}, unit=one_of("đơn vị"))
    return st.one_of(ucum, ucum, made({"unit": st.sampled_from(codes)}), st.just({}))


def measures(*codes):
    value = made({"value": decimals}, comparator=one_of("<", "<=", ">", ">="))
    return joined(value | made({"value": decimals}), units(*codes))


quantities = measures(*UNITS)
ages = measures("d", "h").filter(lambda age: age.get("code"))
money = made({"value": decimals, "currency": one_of("VND", "USD")})
ranges = st.one_of(
    st.tuples(decimals, decimals, units("mg", "g", "kg"))
    .map(lambda found: (*sorted(found[:2]), found[2]))
    .map(lambda f: {"low": {"value": f[0], **f[2]}, "high": {"value": f[1], **f[2]}}),
    made({"low": measures("mg", "g")}),
).filter(lambda found: "comparator" not in found["low"])
timings = made({"event": some(times)}) | made(
    {"repeat": made({"boundsPeriod": periods})}, event=some(times)
)

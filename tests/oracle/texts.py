"""Strategies for what is asked of a value: texts that find it, nearly find it, or miss it."""

import unicodedata
from decimal import Decimal

from hypothesis import strategies as st

from tests.oracle import places, quantities, references, strings, tokens
from tests.oracle.definitions import Value
from tests.oracle.elements import BASE, CODES, DAYS, MOMENTS, NUMBERS, PARENTS, VALUE_SET
from tests.oracle.quantities import UNITS
from tests.oracle.words import escaped, fold
from tests.oracle.world import World

PREFIXES = ["", "", "", "eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap"]


# Where resources refer to: enough to read a reference.
HERE = World({}, BASE)


def telling(value, kind, modifier):
    """Say whether a value has what a question with this modifier looks at."""
    if kind == "reference" and value.type == "Reference":
        if modifier in ("above", "below"):
            there = references.local(value, HERE)
            return there is not None and there[0] in references.PARENTS
        return ("identifier" if modifier == "identifier" else "reference") in value.json
    if kind == "token" and modifier == "of-type":
        return value.type == "Identifier" and "coding" in value.json.get("type", {})
    if kind == "token" and modifier == "text":
        return bool(tokens.texts(value))
    return True


def searchable(text):
    """Give a text that has something to look for."""
    return text if fold(text) else "a"


def bare(text):
    """Take the accents off."""
    letters = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


@st.composite
def string(draw, value, modifier, _world):
    part = draw(st.sampled_from([*strings.parts(value), strings.whole(value)]))
    cut = {
        "all": lambda: part,
        "beginning": lambda: part[: draw(st.integers(1, 9))],
        "from a word": lambda: part.split(" ", draw(st.integers(0, 3) | st.integers(0, 17)))[-1],
        "middle": lambda: part[draw(st.integers(0, 6)) :][: draw(st.integers(1, 6))],
    }
    typed = {
        "as it is": str,
        "bare": bare,
        "large": str.upper,
        "apart": lambda text: unicodedata.normalize("NFD", text),
        "wide": lambda text: text.replace(" ", " -  "),
    }
    text = cut[draw(st.sampled_from(["all", *cut]))]()
    text = typed[draw(st.sampled_from(["as it is", *typed]))](text)
    return escaped(text if modifier == "exact" and text else searchable(text))


@st.composite
def token(draw, value, modifier, world):
    if modifier == "text":
        said = draw(st.sampled_from(tokens.texts(value) or ["sốt"]))
        return escaped(searchable(said.split(" ", draw(st.integers(0, 2)))[-1][:9]))
    if modifier in ("in", "not-in"):
        return VALUE_SET
    if modifier in ("above", "below"):
        code = draw(st.sampled_from([*PARENTS, *PARENTS.values()]))
        return f"{CODES}|{code}"
    if modifier == "of-type":
        return draw(of_type(value))
    pairs = tokens.pairs(value) or [("http://example.org/none", "none")]
    system, code = (escaped(part) for part in draw(st.sampled_from(pairs)))
    forms = [code, code, f"{system}|{code}", f"|{code}", code.swapcase()]
    return draw(st.sampled_from([*forms, f"{system}|"] if system else forms))


@st.composite
def of_type(draw, value):
    type_ = value.json.get("type", {}) if value.type == "Identifier" else {}
    coding = draw(st.sampled_from(type_.get("coding") or [{"code": "A"}]))
    parts = (coding.get("system", CODES), coding["code"], value.json.get("value", "1"))
    return "|".join(map(escaped, parts))


@st.composite
def reference(draw, value, modifier, world):
    if modifier == "identifier":
        inner = value.json.get("identifier") if value.type == "Reference" else None
        return draw(token(Value("Identifier", inner or {"value": "1"}), "", world))
    if value.type != "Reference" and modifier:
        return "1"
    if value.type != "Reference":
        url, _, version = value.json.partition("|")
        return draw(st.sampled_from([url, f"{url}|{version or 1}", f"{url}/x"]))
    there = references.local(value, world)
    if modifier and modifier not in ("above", "below"):
        id_ = there[1] if there else "1"
        return draw(st.sampled_from([id_, f"{modifier}/{id_}"]))
    if there is None:
        return value.json.get("reference", "Patient/1")
    type_, id_ = there
    if modifier:
        id_ = draw(st.sampled_from([id_, str(draw(st.integers(1, 20)))]))
    path = f"{type_}/{id_}"
    return draw(st.sampled_from([id_, path, f"{BASE}/{path}", f"{path}/_history/7"]))


@st.composite
def date(draw, value, _modifier, _world):
    written = [value.json] if isinstance(value.json, str) else dated(value.json)
    text = draw(st.sampled_from(written) if written else st.sampled_from(DAYS + MOMENTS))
    if draw(st.integers(0, 3)) == 0:
        text = draw(st.sampled_from(DAYS + MOMENTS))
    short = [text[:size] for size in (4, 7, 10, 16) if len(text) > size]
    prefix = draw(st.sampled_from(PREFIXES))
    return prefix + draw(st.sampled_from([text, text, *short]))


def dated(json):
    """Give every date inside a Period or Timing."""
    inner = json.values() if isinstance(json, dict) else json
    return [
        text
        for one in inner
        for text in (dated(one) if isinstance(one, dict | list) else [one])
        if isinstance(text, str)
    ]


@st.composite
def decimal(draw, number):
    """Write a number with more digits, fewer, or with an exponent."""
    place = draw(st.integers(-1, 3))
    rounded = number.quantize(Decimal(1).scaleb(-place)) if number < 10**9 else number
    forms = [str(number), f"{number:f}", f"{number}0" if "." in f"{number:f}" else f"{number:f}.0"]
    forms = [form for form in forms if form.count("E") == 0] + [str(number), str(rounded)]
    other = draw(st.sampled_from(NUMBERS))
    return draw(st.sampled_from([*forms, other]))


@st.composite
def number(draw, value, _modifier, _world):
    json = value.json
    if value.type == "Range":
        json = (json.get("low") or json.get("high"))["value"]
    text = draw(decimal(Decimal(json)))
    return draw(st.sampled_from(PREFIXES)) + text


@st.composite
def quantity(draw, value, _modifier, _world):
    found = quantities.interval(value)
    here = quantities.unit_of(value)
    ends = [end for end in (found or ())[:2] if end.is_finite()] or [Decimal(1)]
    wanted = draw(st.sampled_from(ends))
    system, code = here.system, here.code or here.printed or "mg"
    if here.code in UNITS and draw(st.booleans()):
        factor, zero, dimension = UNITS[here.code]
        code = draw(st.sampled_from([one for one in UNITS if UNITS[one][2] == dimension]))
        base = wanted * Decimal(factor) + Decimal(zero)
        wanted = shortened((base - Decimal(UNITS[code][1])) / Decimal(UNITS[code][0]))
    text = draw(st.sampled_from(PREFIXES)) + draw(decimal(wanted))
    return draw(st.sampled_from([text, f"{text}|{escaped(system)}|{code}", f"{text}||{code}"]))


def shortened(number):
    """Give a number to six digits, without zeros at its end but for whole ones."""
    found = Decimal(f"{number:.6g}")
    return found if found.as_tuple().exponent <= 0 else Decimal(f"{found:f}")


@st.composite
def uri(draw, value, _modifier, _world):
    url = value.json
    parent = url.rpartition("/")[0]
    forms = [url, url, f"{url}/x", url.upper(), f"{url}x"]
    return escaped(draw(st.sampled_from([*forms, parent] if parent[6:] else forms)))


@st.composite
def near(draw, value, _modifier, _world):
    at = [value.json["latitude"], value.json["longitude"]]
    moved = draw(st.sampled_from(["0", "0.001", "0.5", "-3"]))
    latitude, longitude = (coordinate + Decimal(moved) for coordinate in at)
    unit = draw(st.sampled_from(["", "|km", "|m", "|[mi_us]"]))
    distance = draw(st.sampled_from(["1", "20", "150.5", "2000"]))
    assert set(places.KILOMETRES) >= {"km", "m", "[mi_us]"}
    # Beyond the last meridian the count begins again.
    longitude -= 360 if longitude > 180 else 0
    longitude += 360 if longitude < -180 else 0
    return f"{latitude:f}|{longitude:f}|{distance}{unit}"


KINDS = {
    "string": string,
    "token": token,
    "reference": reference,
    "date": date,
    "number": number,
    "quantity": quantity,
    "uri": uri,
    "special": near,
}

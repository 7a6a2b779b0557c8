"""Mutants of the official examples: the same seed and number always give the same bytes.

`python -m tests.fuzz.mutants SEED NUMBER` prints one.
"""

import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random

from msgspec import Raw

from fhir_server.fhir import json

EXAMPLES = sorted((Path(__file__).parents[1] / "conformance/r4_examples").glob("*.json"))
# Longer ones say the same more often.
LARGEST = 24_000

EXTENSION = {"url": "http://example.org/x", "valueString": "x"}
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">{}</div>'
# What stands in a JSON document as it is, whether JSON allows it or not.
LITERALS = [
    b"1e999999", b"-1E-999999", b"1e400", b"0." + b"0" * 400 + b"1", b"9" * 5000, b"-0", b"-0.0",
    b"1.00", b"1.", b"01", b".5", b"+1", b"0x1", b"NaN", b"Infinity", b"-Infinity", b"nul",
    b"18446744073709551616", b"-9223372036854775809", b"1.0E+3", b'"\\ud800"', b'"\\udc00\\ud800"',
    b'"\\u0000"', b'"\\u001f"', b'"\\x"', b'"\xff"', b'"\xed\xa0\x80"', b"'a'", b"{,}", b"[1,]",
    b"/**/null",
]  # fmt: skip
TEXTS = [
    "", " ", "a", "\x00", "a\x0bb", "\x7f", "\x85", "\u2028", "\ufeff", "\ufffe", "\U0001f9ec",
    "\u202egnp", "e\u0301", "\u1ec7", "a" * 70_000, "&<>\"'", "]]>", "$where", "true", "1", "null",
]  # fmt: skip
DATES = [
    "2023-02-29", "2020-13", "2020-00-00", "0000", "0001-01-01", "9999-12-31T23:59:60Z", "20200101",
    "2020-01-01T24:00:00Z", "2020-01-01T00:00:00+14:01", "2020-01-01T10:00", "12:60:00", "23:59:60",
    "2020-01-01T00:00:00.000000000000000000001Z", "2020-1-1", "+2020", "2020-01-01T00:00:00-00:00",
]  # fmt: skip
IDS = ["..", ".", "-", "a/b", "A" * 64, "A" * 65, "á", "a b", "$meta", "_history", "#", "%2e"]
LINKS = [
    "Patient/1", "Patient/1/_history/1", "Patient/", "/Patient/1", "Patient/1/2/3", "Nothing/1",
    "Patient/..", "http://[", "http://test.invalid/fhir/Patient/1", "urn:uuid:", "urn:oid:9.9", "#",
    "urn:uuid:b3c1a7e0-0000-4000-8000-000000000000", "#nothing", "Patient?identifier=a|b",
    "Patient?", "Patient?_id=a&_id=b", "?", "//x", "javascript:alert(1)",
    "http://\u0111.example.org",
]  # fmt: skip
NARRATIVES = [
    DIV.format(inside)
    for inside in ["", "<p>a", "<script>a</script>", "<p onclick='a'>a</p>", "&nbsp;", "&x;",
    "a<!--",
                   "<p>" * 300 + "</p>" * 300, "\x01", "<img src='http://example.org/a'/>", "a"]
]  # fmt: skip
VALUES = [
    None, True, False, 0, 1, -1, 2**31, 2**63, [], {}, [[]], [{}], [None], [[["a"]]], {"": 1},
    {"extension": []}, {"extension": [EXTENSION]}, {"id": "a"}, [EXTENSION], {"$ne": 1},
    {"reference": 5}, {"reference": {}}, {"coding": [None]}, {"start": "2021", "end": "2020"},
    {"system": "\x00", "value": ["a"]}, {"resourceType": ["Patient"]}, {"resourceType": "Patient"},
]  # fmt: skip
KEYS = [
    "", "a.b", "$where", "__proto__", "resourceType", "id", "_id", "meta", "contained", "extension",
    "modifierExtension", "text", "value", "valueString", "valueQuantity", "fhir_comments", "Status",
    "\u0000", "a" * 3000, "_", "__",
]  # fmt: skip


@cache
def originals():
    """Give the examples, parsed once."""
    files = (file for file in EXAMPLES if file.stat().st_size < LARGEST)
    return [json.parse_object(file.read_bytes()) for file in files]


def places(value):
    """Yield (container, key) of everything inside."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in list(items):
        yield value, key
        if isinstance(inner, dict | list):
            yield from places(inner)


def deep(random):
    """Give something nested, mostly deeper than may be."""
    opened, closed = random.choice(
        [(b"[", b"]"), (b'{"extension":[', b"]}"), (b'{"contained":[', b"]}")]
    )
    times = random.choice([3, 30, 64, 70, 5000])
    return Raw(opened * times + json.dump(EXTENSION) + closed * times)


def any_value(random):
    """Give a value of any kind."""
    texts = random.choice([TEXTS, DATES, IDS, LINKS, NARRATIVES])
    match random.randrange(6):
        case 0:
            return Raw(random.choice(LITERALS))
        case 1:
            return deepcopy(random.choice(VALUES))
        case 2:
            return deep(random)
        case 3:
            return deepcopy(random.choice(originals()))
        case _:
            return random.choice(texts)


def changed_text(random, text):
    """Give a text much like this one."""
    at = random.randrange(len(text) + 1)
    return random.choice(
        [text[:at], text[at:], text[:at] + random.choice(TEXTS) + text[at:], text.swapcase(),
         text[::-1], text * 2, f" {text}", f"{text}\n", random.choice(DATES), random.choice(LINKS)]
    )  # fmt: skip


def delete(_random, inside, key):
    del inside[key]


def put_anything(random, inside, key):
    inside[key] = any_value(random)


def change_a_little(random, inside, key):
    """Keep the kind of a plain value, not what it says."""
    match inside[key]:
        case bool() as value:
            inside[key] = not value
        case int() as value:
            inside[key] = value + random.choice([-1, 1, -value, 2**31, 2**53])
        case str() as value:
            inside[key] = changed_text(random, value)
        case Raw():
            inside[key] = Raw(random.choice(LITERALS[:12]))
        case list() as value:
            random.shuffle(value)
        case dict() as value:
            inside[key] = dict(reversed(value.items()))


def swap_kind(_random, inside, key):
    """Number for text, text for number, array for value and back."""
    match inside[key]:
        case list([only]):
            inside[key] = only
        case str() as value if value.isdigit():
            inside[key] = Raw(value.encode())
        case int() | Raw() as value:
            inside[key] = json.dump(value).decode(errors="replace")
        case value:
            inside[key] = [value]


def repeat(random, inside, key):
    inside[key] = [deepcopy(inside[key]) for _ in range(random.choice([2, 2, 60]))]


def rename(random, inside, key):
    """Give a value another name: odd, in other case, or that of a neighbour."""
    if isinstance(inside, dict):
        names = [*KEYS, key.upper(), f"_{key}", key[1:], f"{key} ", *inside]
        inside[random.choice(names)] = inside.pop(key)


def say_twice(random, inside, key):
    """Write a key twice into an object, the second time perhaps with an escape."""
    if isinstance(inside[key], dict) and inside[key]:
        whole = inside[key]
        name = random.choice(list(whole))
        spelt = json.dump(name)
        if name and random.random() < 0.5:
            spelt = b'"\\u%04x' % (ord(name[0]) & 0xFFFF) + spelt[2:]
        again = spelt + b":" + json.dump(whole[name])
        inside[key] = Raw(json.dump(whole)[:-1] + b"," + again + b"}")


def misalign(random, inside, key):
    """Put a `_` companion beside a value, rarely one that fits."""
    if isinstance(inside, dict):
        one = {"extension": [dict(EXTENSION)]}
        many = [random.choice([None, one, {}]) for _ in range(random.randrange(4))]
        inside[f"_{key}"] = random.choice([one, many, [one], None, {"id": "a"}, "a"])
        if random.random() < 0.4:
            inside[key] = random.choice([None, [None], [None] * len(many), []])


def contain(random, inside, _key):
    """Put a resource in this one, perhaps with one in it."""
    if isinstance(inside, dict):
        inner = deepcopy(random.choice(originals()))
        inner["id"] = random.choice([*IDS, "a"])
        if random.random() < 0.3:
            inner["contained"] = [deepcopy(inner)]
        inside["contained"] = [deepcopy(inner) for _ in range(random.choice([1, 2]))]


def exchange(random, inside, key):
    """Let this value and its neighbour change places."""
    names = list(inside) if isinstance(inside, dict) else range(len(inside))
    other = random.choice(names)
    inside[key], inside[other] = inside[other], inside[key]


# As often as they stand here: small changes reach the store, others seldom pass the checks.
WAYS = [change_a_little] * 4 + [delete] * 3 + [put_anything] * 4 + [swap_kind, repeat, rename]
WAYS += [say_twice, misalign, misalign, contain, exchange]


def damage(random, body):
    """Cut bytes out of a body, put some in, or end it early."""
    at = random.randrange(len(body))
    odd = random.choice([*LITERALS, b"\xef\xbb\xbf", b"\\", b'"', b"{", b"[", b"]", b"\xc0\x80"])
    return random.choice([body[:at], body[:at] + odd + body[at:], body[:at] + body[at + 1 :]])


def mutant(seed, number):
    """Give (type of the example, bytes): mutant `number` of this seed."""
    random = Random(f"{seed} {number}")
    original = random.choice(originals())
    whole = [deepcopy(original)]
    for _ in range(random.choice([1, 1, 1, 2, 4])):
        found = list(places(whole))
        if found:
            inside, key = random.choice(found)
            random.choice(WAYS)(random, inside, key)
    body = b",".join(json.dump(one) for one in whole)
    if body and random.random() < 0.08:
        body = damage(random, body)
    return original["resourceType"], body


if __name__ == "__main__":
    sys.stdout.buffer.write(mutant(int(sys.argv[1]), int(sys.argv[2]))[1])

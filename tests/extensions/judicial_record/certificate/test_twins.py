"""Twins: form No. 1 does not tell who was once convicted from who never was."""

import json
from unicodedata import normalize

from hypothesis import given, settings
from hypothesis import strategies as st

from extensions.judicial_record.certificate.disclosure import TABLE
from extensions.judicial_record.certificate.forms import frozen
from tests.extensions.judicial_record.certificate.test_forms import AS_OF, wanted
from tests.extensions.judicial_record.certificates import FAMILY, SUBJECT

WORDS = st.text("aăâđêôơưáầẫảạ ABCĐ0123/-\u0301", min_size=1, max_size=8)
DATES = st.dates().map(str)
ENDS = st.sampled_from(
    [
        {"expungement": {"basis": "automatic", "date": "2020-01-01", "number": "canary-x"}},
        {"expungement": {"basis": "amnesty", "issuer": "canary-x"}},
        {"noCriminalRecord": "canary-x"},
    ]
)
FORBIDDEN = set(TABLE["form-2"]["conviction"]) - set(TABLE["form-1"]["conviction"])


def trees(table, path=""):
    """Give records with some of the table's elements; each text says where it stands."""
    elements = {
        name: trees(inner, f"{path}.{name}").map(lambda one: [one])
        if isinstance(inner, dict)
        else WORDS.map(lambda word, at=f"canary{path}.{name}": f"{at}-{word}")
        for name, inner in table.items()
    }
    needed = {name: elements.pop(name) for name in list(elements) if name in NEEDED}
    return st.fixed_dictionaries(needed, optional=elements)


NEEDED = {"judgmentNumber", "court", "offence", "text"}
RECORDS = trees(
    {
        name: inner
        for name, inner in TABLE["form-2"]["conviction"].items()
        if name not in (*TABLE["withoutRecord"], "judgmentDate", "executionDecision")
    }
)
JUDGED = st.tuples(RECORDS, DATES).map(lambda one: {**one[0], "judgmentDate": one[1]})
CLEARED = st.tuples(JUDGED, ENDS).map(lambda one: marked({**one[0], **one[1]}))


def marked(record):
    """Give a record whose every text is known from those of records that still count."""
    return json.loads(json.dumps(record).replace("canary", "cleared"))


def canonical(body):
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def strings(value):
    if isinstance(value, dict):
        for name, inner in value.items():
            yield name
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)
    else:
        yield str(value)


@settings(max_examples=100, deadline=None)
@given(st.lists(JUDGED, max_size=3), st.lists(CLEARED, min_size=1, max_size=3), st.randoms())
def test_form_1_is_the_same_to_the_byte_with_and_without_what_is_cleared(kept, cleared, random):
    mixed = [*kept, *cleared]
    random.shuffle(mixed)
    with_it = frozen(wanted(), as_of=AS_OF, convictions=mixed)
    without_it = frozen(wanted(), as_of=AS_OF, convictions=kept)
    assert canonical(with_it) == canonical(without_it)
    assert list(strings(with_it)) == list(strings(without_it))


@settings(max_examples=100, deadline=None)
@given(st.lists(JUDGED, max_size=3), st.lists(CLEARED, min_size=1, max_size=3))
def test_form_1_holds_no_word_of_what_is_cleared_and_form_2_every_one(kept, cleared):
    told = wanted(snapshot={**SUBJECT, "family": FAMILY})
    form_1 = frozen(told, as_of=AS_OF, convictions=[*kept, *cleared])
    words = list(strings(form_1))
    assert not [word for word in words if "cleared" in word]
    for conviction in form_1.get("conviction", ()):
        assert FORBIDDEN.isdisjoint(strings(conviction))
        assert {"provision", "note"}.isdisjoint(strings(conviction))
    assert "family" not in words
    form_2 = frozen(wanted("form-2"), as_of=AS_OF, convictions=[*kept, *cleared])
    sources = [normalize("NFC", word) for one in (*kept, *cleared) for word in strings(one)]
    told_of = [word for word in sources if word.startswith(("canary", "cleared"))]
    assert set(told_of) <= set(strings(form_2))


def test_two_persons_differ_in_who_they_are_alone():
    one = wanted(subject="Person/p1", requester="Person/p1", request="Task/t1")
    other = wanted(
        subject="Person/p2",
        requester="Person/p2",
        request="Task/t2",
        snapshot={**SUBJECT, "name": "TRẦN THỊ MẪU"},
    )
    cleared = {
        "judgmentDate": "2019-05-06",
        "offence": [{"text": "cleared"}],
        "expungement": {"basis": "court"},
    }
    clean = frozen(one, as_of=AS_OF)
    once = frozen(other, as_of=AS_OF, convictions=[cleared])
    apart = ("subject", "requester", "request")
    for body in (clean, once):
        body["subjectSnapshot"]["name"] = "X" * len("NGUYỄN VĂN THỬ")
        body.update({name: {"reference": "x"} for name in apart})
    assert canonical(clean) == canonical(once)

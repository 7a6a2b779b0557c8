"""Strategies for searches: what is asked, where, in which order, what else is wanted with it."""

from dataclasses import dataclass
from urllib.parse import urlencode

from hypothesis import strategies as st

from tests.oracle.asked import COMPARTMENT, INCLUDE, JOINS, MODIFIERS, NOT_YET, SEVERAL_TYPES
from tests.oracle.clauses import clause, own
from tests.oracle.definitions import COMPARTMENTS, parameter
from tests.oracle.reach import able, askable, leading, referring, rows

SORTED = ("string", "token", "reference", "date", "number", "quantity", "uri")


@dataclass(frozen=True)
class Query:
    """A search of one type, or of those in `_type`: its parameters, the labels of what it asks.

    `within` is the root of a compartment, type and id; `count` is the page size; `counted` asks
    for the total too, `posted` sends it as a form.
    """

    type: str
    parameters: tuple[tuple[str, str], ...]
    count: int = 1_000
    counted: bool = False
    posted: bool = False
    within: tuple[str, ...] = ()
    labels: frozenset[str] = frozenset()

    def __str__(self):
        """Give it as it is sent, without the page size."""
        path = "/".join([*self.within, self.type])
        return f"{path}?{urlencode(self.parameters, safe=':,|$/')}"


@st.composite
def queries(draw, world):
    """Give searches: of one type, most of them, or of several."""
    several = SEVERAL_TYPES not in NOT_YET and draw(st.integers(0, 9)) == 9
    return draw(of_several_types(world) if several else of_one_type(world))


@st.composite
def of_one_type(draw, world):
    """Give a search that asks in one way, in others beside it, and in some order."""
    joins = [join for join in JOINS if join not in NOT_YET]
    way = draw(st.sampled_from([*(kind for kind in MODIFIERS if kind not in NOT_YET), *joins]))
    type_ = draw(st.sampled_from(sorted(able(world, way))))
    resource = draw(st.sampled_from(able(world, way)[type_]))
    # Few resources are on a list: beside something else, nothing is left to find.
    beside = [join for join in joins if join != "_list"]
    more = st.lists(st.sampled_from([None] * 5 + beside), max_size=2)
    asked = [draw(clause(world, resource, one)) for one in (way, *draw(more))]
    keys, labels = draw(sorts(type_))
    parameters = list(dict.fromkeys((name, text) for name, text, _ in asked))
    if keys:
        parameters.append(("_sort", ",".join(keys)))
    if INCLUDE not in NOT_YET:
        brought = draw(st.lists(includes(world, resource), max_size=2, unique=True))
        parameters += brought
        labels |= {name for name, _ in brought}
    labels = labels.union(*(kinds for _, _, kinds in asked))
    within = draw(compartments(world, resource))
    labels |= {COMPARTMENT} if within else set()
    return Query(type_, tuple(parameters), *draw(WAYS), within, labels)


@st.composite
def of_several_types(draw, world):
    """Give a search for what two types, or three, have in common."""
    types = draw(st.lists(st.sampled_from(sorted(world.resources)), min_size=2, max_size=3))
    resource = draw(st.sampled_from(rows(world, types[0])))
    common = [
        code
        for code in askable(types[0])
        if parameter(types[0], code)["type"] in ("token", "date", "string", "number", "uri")
        and len({parameter(one, code) and parameter(one, code)["type"] for one in types}) == 1
    ]
    asked = draw(
        st.lists(own(world, resource, only=common, types=tuple(types)), min_size=1, max_size=2)
    )
    parameters = dict.fromkeys((name, text) for name, text, _ in asked)
    order = draw(st.sampled_from(["", "", "_id", "-_id", "_lastUpdated", "-_lastUpdated"]))
    sorting = [("_sort", order)] if order else []
    named = ("_type", ",".join(dict.fromkeys(types)))
    labels = frozenset({SEVERAL_TYPES}).union(*(kinds for _, _, kinds in asked))
    if len(set(types)) == 1:
        labels -= {SEVERAL_TYPES}
    return Query("", (named, *parameters, *sorting), *draw(WAYS), (), labels)


# The page size, whether to count, whether to post.
WAYS = st.tuples(st.sampled_from([1_000, 1_000, 17, 4]), st.booleans(), st.booleans())


@st.composite
def compartments(draw, world, resource):
    """Give a compartment the resource is in, now and then; () for none."""
    type_ = resource["resourceType"]
    roots = [
        (root, target["id"])
        for code, target in leading(world)[type_, resource["id"]]
        for root in COMPARTMENTS
        if root == target["resourceType"] and code in COMPARTMENTS[root].get(type_, ())
    ]
    if COMPARTMENT in NOT_YET or not roots:
        return ()
    return draw(st.sampled_from([(), (), *roots]))


@st.composite
def includes(draw, world, resource):
    """Give what to bring along: what the resource refers to, or what refers to it."""
    here = (resource["resourceType"], resource["id"])
    ways = [
        ("_include", f"{here[0]}:{code}", target["resourceType"])
        for code, target in leading(world)[here]
    ] + [
        ("_revinclude", f"{other['resourceType']}:{code}", here[0])
        for other, code in referring(world).get(here, ())
    ]
    if not ways:
        return "_include", "*"
    name, value, type_ = draw(st.sampled_from(ways))
    iterate = draw(st.sampled_from(["", "", ":iterate"]))
    source = value.partition(":")[0]
    return name + iterate, draw(st.sampled_from([value, f"{value}:{type_}", f"{source}:*", "*"]))


@st.composite
def sorts(draw, type_):
    """Give sort keys and their labels."""
    known = [code for code in askable(type_) if parameter(type_, code)["type"] in SORTED]
    several = draw(st.lists(st.sampled_from(known), max_size=3, unique=True))
    keys = [draw(st.sampled_from([code, f"-{code}"])) for code in several]
    kinds = [parameter(type_, key.removeprefix("-"))["type"] for key in keys]
    return keys, frozenset(f"sort:{kind}" for kind in kinds)

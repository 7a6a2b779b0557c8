"""The kinds of search parameter there are here; a new one is a file in `types` and a line here.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from fhir_server.search import words
from fhir_server.search.collect import Writes
from fhir_server.search.condition import Condition
from fhir_server.search.place import Place
from fhir_server.search.types import (
    composite,
    date,
    near,
    number,
    own,
    quantity,
    reference,
    string,
    token,
    uri,
)
from fhir_server.spec.spec import SearchParam

Modifier: TypeAlias = Callable[[SearchParam, Sequence[str], Place], Condition]


@dataclass(frozen=True, slots=True)
class Kind:
    """Both sides of one parameter type, and the fields it lives in, `{}` standing for the code.

    `writes` says what is indexed under `x` (None: nothing, or what the parts of a composite write);
    `modifiers` what may be asked, "" without one; those in `only` are for some parameters. The
    parameter is missing when every field of `presence` is. `sort` is the field of its order, an
    array unless `sort_single`: None says as the parameter is; of its strings those that begin with
    `sort_prefix` count. Without `sort` there is no order.
    """

    writes: Writes | None
    modifiers: Mapping[str, Modifier]
    presence: tuple[str, ...] = ("x.{}",)
    sort: str | None = "x.{}"
    sort_single: bool | None = False
    only: Mapping[str, Callable[[SearchParam], bool]] = field(default_factory=dict)
    sort_prefix: str = ""


_PLAIN: Mapping[str, Kind] = {
    "string": Kind(string.WRITES, string.MODIFIERS, ("x.{}", "x.{}:exact"), "x.{}:sort"),
    "token": Kind(
        token.WRITES,
        token.MODIFIERS,
        ("x.{}", "x.{}:text"),
        only=token.ONLY,
        sort_prefix=f"{token.ANY_SYSTEM}|",
    ),
    "reference": Kind(
        reference.WRITES,
        reference.MODIFIERS,
        ("x.{}", "x.{}:identifier"),
        only=reference.ONLY,
    ),
    "date": Kind(date.WRITES, date.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "number": Kind(number.WRITES, number.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "quantity": Kind(quantity.WRITES, quantity.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "uri": Kind(uri.WRITES, uri.MODIFIERS),
}

_COMPOSITE = Kind(
    None,
    {"": partial(composite.asked, {name: kind.modifiers[""] for name, kind in _PLAIN.items()})},
    sort=None,
)
# What the components of a composite write; what only modifiers ask of it is left out.
SIDES: Mapping[str, Writes] = {
    **{name: kind.writes for name, kind in _PLAIN.items() if kind.writes},
    "token": token.CODES,
}

KINDS: Mapping[str, Kind] = {**_PLAIN, "composite": _COMPOSITE}

# By code: the standard says in words what these mean.
SPECIAL: Mapping[str, Kind] = {
    "near": Kind(near.WRITES, near.MODIFIERS, sort=None),
    # Indexed with the resource as a whole, in search/index.
    words.TEXT: Kind(None, words.MODIFIERS, ("x._text",), sort=None),
    words.CONTENT: Kind(None, words.MODIFIERS, ("x._content", "x._text"), sort=None),
}

OWN: Mapping[str, Kind] = {
    "_id": Kind(None, own.ID_MODIFIERS, ("_id",), "_id", sort_single=True),
    "_lastUpdated": Kind(None, own.TIME_MODIFIERS, ("ts",), "ts", sort_single=True),
}


def kind_of(param: SearchParam) -> Kind | None:
    """Give the kind of a parameter; None for one this server does not search."""
    if param.code in OWN:
        return OWN[param.code]
    if param.type == "special":
        return SPECIAL.get(param.code)
    if not all(one.type in _PLAIN for one in param.components):
        return None
    return KINDS.get(param.type) if param.expression else None


def modifiers_of(param: SearchParam, kind: Kind) -> Mapping[str, Modifier]:
    """Give what a parameter may be asked with, "" for no modifier; `:missing` comes on top."""
    return {
        name: modifier
        for name, modifier in kind.modifiers.items()
        if name not in kind.only or kind.only[name](param)
    }

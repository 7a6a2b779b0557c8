"""The kinds of search parameter there are here; a new one is a file in `types` and a line here.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from fhir_server.search import words
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

Fields: TypeAlias = Callable[[SearchParam, Iterable[tuple[str, Any]], Place], dict[str, Any]]
Modifier: TypeAlias = Callable[[SearchParam, Sequence[str], Place], Condition]


@dataclass(frozen=True, slots=True)
class Kind:
    """Both sides of one parameter type, and the fields it lives in, `{}` standing for the code.

    `fields` gives what is indexed under `x` (None: nothing is); `modifiers` what may be asked,
    "" without one; those in `only` are for some parameters. The parameter is missing when every
    field of `presence` is. `sort` is the field of its order, an array unless `sort_single`: None
    says as the parameter is; of its strings those that begin with `sort_prefix` count. Without
    `sort` there is no order.
    """

    fields: Fields | None
    modifiers: Mapping[str, Modifier]
    presence: tuple[str, ...] = ("x.{}",)
    sort: str | None = "x.{}"
    sort_single: bool | None = False
    only: Mapping[str, Callable[[SearchParam], bool]] = field(default_factory=dict)
    sort_prefix: str = ""


_PLAIN: Mapping[str, Kind] = {
    "string": Kind(string.fields, string.MODIFIERS, ("x.{}", "x.{}:exact"), "x.{}:sort"),
    "token": Kind(
        token.fields,
        token.MODIFIERS,
        ("x.{}", "x.{}:text"),
        only=token.ONLY,
        sort_prefix=f"{token.ANY_SYSTEM}|",
    ),
    "reference": Kind(
        reference.fields,
        reference.MODIFIERS,
        ("x.{}", "x.{}:identifier"),
        only=reference.ONLY,
    ),
    "date": Kind(date.fields, date.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "number": Kind(number.fields, number.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "quantity": Kind(quantity.fields, quantity.MODIFIERS, sort="x.{}.lo", sort_single=None),
    "uri": Kind(uri.fields, uri.MODIFIERS),
}

_COMPOSITE = Kind(
    partial(
        composite.fields,
        {**{name: kind.fields for name, kind in _PLAIN.items()}, "token": token.codes},
    ),
    {"": partial(composite.asked, {name: kind.modifiers[""] for name, kind in _PLAIN.items()})},
    sort=None,
)

KINDS: Mapping[str, Kind] = {**_PLAIN, "composite": _COMPOSITE}

# By code: the standard says in words what these mean.
SPECIAL: Mapping[str, Kind] = {
    "near": Kind(near.fields, near.MODIFIERS, sort=None),
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

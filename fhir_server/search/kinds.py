"""The kinds of search parameter there are here; a new one is a file in `types` and a line here.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fhir_server.search.condition import Condition
from fhir_server.search.place import Place
from fhir_server.search.types import date, own, reference, string, token
from fhir_server.spec.spec import SearchParam

Fields: TypeAlias = Callable[[SearchParam, Iterable[tuple[str, Any]], Place], dict[str, Any]]
Modifier: TypeAlias = Callable[[SearchParam, Sequence[str], Place], Condition]


@dataclass(frozen=True, slots=True)
class Kind:
    """Both sides of one parameter type, and the fields it lives in, `{}` standing for the code.

    `fields` gives what is indexed under `x` (None: nothing is); `modifiers` what may be asked,
    "" without one. The parameter is missing when every field of `presence` is. `sort` is the
    field of its order, an array unless `sort_single`: None says as the parameter is; of its strings
    those that begin with `sort_prefix` count. An empty `sort`: its values have no order.
    """

    fields: Fields | None
    modifiers: Mapping[str, Modifier]
    presence: tuple[str, ...] = ("x.{}",)
    sort: str = "x.{}"
    sort_single: bool | None = False
    sort_prefix: str = ""


KINDS: Mapping[str, Kind] = {
    "string": Kind(string.fields, string.MODIFIERS, ("x.{}", "x.{}:exact"), "x.{}:sort"),
    "token": Kind(token.fields, token.MODIFIERS, sort_prefix=f"{token.ANY_SYSTEM}|"),
    "reference": Kind(reference.fields, reference.MODIFIERS, ("x.{}", "x.{}:identifier")),
    "date": Kind(date.fields, date.MODIFIERS, sort="x.{}.lo", sort_single=None),
}

OWN: Mapping[str, Kind] = {
    "_id": Kind(None, own.ID_MODIFIERS, ("_id",), "_id", sort_single=True),
    "_lastUpdated": Kind(None, own.TIME_MODIFIERS, ("ts",), "ts", sort_single=True),
}


def kind_of(param: SearchParam) -> Kind | None:
    """Give the kind of a parameter; None for one this server does not search."""
    if param.code in OWN:
        return OWN[param.code]
    return KINDS.get(param.type) if param.expression else None

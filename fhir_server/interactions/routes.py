"""The REST API as a table: method and shape of the path → interaction.

HTTP requests and Bundle entries are both looked up here.
https://hl7.org/fhir/R4/http.html#summary
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from fhir_server.fhir.errors import Invalid, MethodNotAllowed, NotFound
from fhir_server.fhir.exchange import FhirRequest, FhirResponse
from fhir_server.interactions.context import Context, Target

Handler = Callable[[Context, FhirRequest, Target], Awaitable[FhirResponse]]

_WORDS = frozenset({"metadata", "_history", "_search"})
_PLACEHOLDERS = ("type", "id", "compartment", "version")
# Of paths that have none of the words.
_SHAPES = (
    "",
    "{type}",
    "{type}/{id}",
    *("{type}/{id}/{compartment}" + end for end in ("", "/{version}")),
)
_OPERATION_TARGET = ("type", "id", "operation")
_VERSION_PARTS = 5


@dataclass(frozen=True, slots=True)
class Route:
    """One row: `pattern` is like `{type}/{id}/_history/{version}`, `code` the interaction's."""

    method: str
    pattern: str
    code: str
    handler: Handler


@dataclass(frozen=True, slots=True)
class Routes:
    """The table, looked up by method and shape; `rows` keeps its order for documentation."""

    rows: tuple[Route, ...]
    operations: Mapping[tuple[str, str, str], "OperationRoute"]
    by_shape: Mapping[tuple[str, str], Route] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OperationRoute:
    """One operation's row: which methods it takes, its canonical URL, what runs."""

    methods: tuple[str, ...]
    definition: str
    handler: Handler


def table(
    rows: Iterable[Route], operations: Mapping[tuple[str, str, str], OperationRoute]
) -> Routes:
    """Build the table from its rows; operations are keyed by (level, name, type).

    The type is `Resource` for every type, "" at system level.
    """
    kept = tuple(rows)
    return Routes(kept, operations, {(row.method, row.pattern): row for row in kept})


def find(routes: Routes, method: str, path: str) -> tuple[str, Handler, Target]:
    """Give the interaction's code, its handler and what the path names.

    Raises NotFound for a path of no known shape and MethodNotAllowed for a wrong verb.
    """
    shape, target = _shape(path)
    if target.operation is not None:
        return _operation(routes, method, target)
    wanted = "GET" if method == "HEAD" else method
    route = routes.by_shape.get((wanted, shape))
    if route is None:
        allowed = sorted(verb for verb, pattern in routes.by_shape if pattern == shape)
        if not allowed:
            raise NotFound(f"There is nothing at {path[:120]!r}.")
        raise _not_allowed(method, path, allowed)
    return route.code, route.handler, target


def _operation(routes: Routes, method: str, target: Target) -> tuple[str, Handler, Target]:
    level = _level(target)
    name = target.operation or ""
    route = routes.operations.get((level, name, target.type or ""))
    if route is None and target.type:
        route = routes.operations.get((level, name, "Resource"))
    if route is None:
        raise NotFound(f"There is no operation ${name[:64]} on {target.type or 'the system'}.")
    if ("GET" if method == "HEAD" else method) not in route.methods:
        raise _not_allowed(method, f"${name}", route.methods)
    return f"${name}", route.handler, target


def _level(target: Target) -> str:
    if target.id:
        return "version" if target.version else "instance"
    return "type" if target.type else "system"


def _not_allowed(method: str, path: str, allowed: Iterable[str]) -> MethodNotAllowed:
    verbs = ", ".join(allowed)
    message = f"{method[:16]} is not offered at {path[:120]!r}; allowed: {verbs}."
    return MethodNotAllowed(message, headers=[("Allow", verbs)])


def _shape(path: str) -> tuple[str, Target]:
    parts = path.split("/") if path else []
    if "" in parts:
        raise Invalid(f"The path {path[:120]!r} has an empty part.")
    if parts and parts[-1].startswith("$") and len(parts) <= len(_OPERATION_TARGET):
        named = dict(zip(_OPERATION_TARGET, parts[:-1], strict=False))
        return "", Target(**named, operation=parts[-1][1:])
    if len(parts) == _VERSION_PARTS and parts[2] == "_history" and parts[-1].startswith("$"):
        return "", Target(parts[0], parts[1], version=parts[3], operation=parts[-1][1:])
    if len(parts) > len(_PLACEHOLDERS):
        raise NotFound(f"There is nothing at {path[:120]!r}.")
    if _WORDS.isdisjoint(parts):
        return _SHAPES[len(parts)], Target(*parts)
    pairs = list(zip(_PLACEHOLDERS, parts, strict=False))
    shape = "/".join(part if part in _WORDS else "{" + name + "}" for name, part in pairs)
    return shape, Target(**{name: part for name, part in pairs if part not in _WORDS})

"""The rows of the route table: which interaction answers what.

https://hl7.org/fhir/R4/http.html#summary
"""

from collections.abc import Collection, Iterable

from fhir_server.interactions.batch import handler as batch
from fhir_server.interactions.capabilities import handler as capabilities
from fhir_server.interactions.create import CREATE
from fhir_server.interactions.delete import DELETE
from fhir_server.interactions.history import history
from fhir_server.interactions.operation import Operation
from fhir_server.interactions.patch import PATCH
from fhir_server.interactions.read import read
from fhir_server.interactions.routes import OperationRoute, Route, Routes, table
from fhir_server.interactions.search import search
from fhir_server.interactions.search_compartment import search_compartment
from fhir_server.interactions.search_system import search_system
from fhir_server.interactions.single import handler as single
from fhir_server.interactions.update import UPDATE
from fhir_server.interactions.vread import vread


def build(
    operations: Iterable[Operation], only: Collection[tuple[str, str]] | None = None
) -> Routes:
    """Give the whole table: the interactions below and the operations listed by hand.

    `only` are method and pattern of the interactions that are offered, where not all are.
    """
    rows = (
        Route("GET", "metadata", "capabilities", capabilities(lambda: routes)),
        Route("POST", "", "transaction", batch(lambda: routes)),
        Route("GET", "", "search-system", search_system),
        Route("POST", "_search", "search-system", search_system),
        Route("GET", "{type}", "search-type", search),
        Route("POST", "{type}/_search", "search-type", search),
        Route("POST", "{type}", "create", single(CREATE)),
        Route("PUT", "{type}", "update", single(UPDATE)),
        Route("PATCH", "{type}", "patch", single(PATCH)),
        Route("DELETE", "{type}", "delete", single(DELETE)),
        Route("GET", "{type}/{id}/{compartment}", "search-compartment", search_compartment),
        Route(
            "POST",
            "{type}/{id}/{compartment}/_search",
            "search-compartment",
            search_compartment,
        ),
        Route("GET", "{type}/{id}", "read", read),
        Route("PUT", "{type}/{id}", "update", single(UPDATE)),
        Route("PATCH", "{type}/{id}", "patch", single(PATCH)),
        Route("DELETE", "{type}/{id}", "delete", single(DELETE)),
        Route("GET", "_history", "history-system", history),
        Route("GET", "{type}/_history", "history-type", history),
        Route("GET", "{type}/{id}/_history", "history-instance", history),
        Route("GET", "{type}/{id}/_history/{version}", "vread", vread),
    )
    routes: Routes = table(
        [row for row in rows if only is None or (row.method, row.pattern) in only],
        {
            (operation.level, operation.name, type_): _route(operation)
            for operation in operations
            for type_ in operation.types or ("",)
        },
    )
    return routes


def _route(operation: Operation) -> OperationRoute:
    usual = ("POST",) if operation.affects_state else ("GET", "POST")
    methods = operation.methods or usual
    return OperationRoute(methods, operation.definition, operation.handler)

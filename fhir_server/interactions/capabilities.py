"""The capabilities interaction: statements made from the tables that do the work.

https://hl7.org/fhir/R4/http.html#capabilities
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from typing import Any

from fhir_server.fhir import dates, json
from fhir_server.fhir.errors import Invalid
from fhir_server.fhir.exchange import FORMATS, FhirRequest, FhirResponse
from fhir_server.interactions import respond
from fhir_server.interactions.context import Context, Target
from fhir_server.interactions.parameters import only
from fhir_server.interactions.routes import Routes
from fhir_server.patch.apply import MEDIA_TYPES
from fhir_server.search import include
from fhir_server.search.clause import Scope
from fhir_server.search.parse import is_searched
from fhir_server.spec.spec import Spec
from fhir_server.terminology.listing import PARAMETERS

# https://hl7.org/fhir/R4/valueset-system-restful-interaction.html
_SYSTEM = ("transaction", "batch", "search-system", "history-system")
# What is not told with each type; a compartment by its definition.
_ELSEWHERE = (*_SYSTEM, "search-compartment")
_HL7 = "http://hl7.org/fhir/"
_DEFINITION = (
    f"{_HL7}6.0/StructureDefinition/extension-CapabilityStatement.rest.resource.definition"
)
_COMPARTMENT = "http://hl7.org/fhir/CompartmentDefinition/{}"


def handler(
    routes: Callable[[], Routes],
) -> Callable[[Context, FhirRequest, Target], Awaitable[FhirResponse]]:
    """Give the handler of `GET [base]/metadata`; each statement is built once per base and Spec."""
    built: dict[tuple[str, str, bool], tuple[Spec, FhirResponse]] = {}

    async def capabilities(context: Context, request: FhirRequest, _: Target) -> FhirResponse:
        asked = only(request, "mode", "strict")
        mode, strict = asked.get("mode", "full"), asked.get("strict") == "true"
        if mode not in _MODES:
            told = f"mode={mode[:32]!r} is not known; known: {', '.join(_MODES)}."
            raise Invalid(told, code="not-supported")
        key = (context.base_url, mode, strict)
        if key not in built or built[key][0] is not context.spec:
            said = _MODES[mode](routes(), context)
            built[key] = (context.spec, _answer(_strict(said) if strict else said, context))
        answer = built[key][1]
        if respond.unchanged(request, dict(answer.headers)["ETag"], _since(context)):
            return FhirResponse(304, b"", answer.headers)
        return answer

    return capabilities


def _since(context: Context) -> int:
    """Give when this process came to the definitions it has, in µs."""
    return max(context.started, context.current.since)


def _answer(told: Mapping[str, Any], context: Context) -> FhirResponse:
    # The date is that of this process; another worker says the same in all else.
    lasting = {name: value for name, value in told.items() if name != "date"}
    etag = f'W/"{sha256(json.dump(lasting)).hexdigest()[:16]}"'
    headers = [("ETag", etag), ("Last-Modified", respond.http_date(_since(context)))]
    return FhirResponse(200, json.dump(told), headers)


def statement(routes: Routes, context: Context) -> dict[str, Any]:
    """Give the CapabilityStatement of this base."""
    return _statement(routes, context, sorted(context.spec.types))


def normative(routes: Routes, context: Context) -> dict[str, Any]:
    """Give the CapabilityStatement of the types that are normative in R4."""
    kept = [name for name, structure in context.spec.types.items() if structure.normative]
    return _statement(routes, context, sorted(kept))


def terminology(routes: Routes, context: Context) -> dict[str, Any]:
    """Give the TerminologyCapabilities; code systems are resources, found by a search.

    https://hl7.org/fhir/R4/terminologycapabilities.html
    """
    told = {"resourceType": "TerminologyCapabilities", **_head(context)}
    searched = {row["name"] for row in _search_params(context, "ValueSet")}
    offered = {name for _, name, _ in routes.operations}
    told |= dict(what for name, what in _TERMINOLOGY.items() if name in offered)
    return told | ({"codeSearch": "explicit"} if "code" in searched else {})


# What an operation that is offered adds to the TerminologyCapabilities.
_TERMINOLOGY: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "expand": (
        "expansion",
        {
            "hierarchical": True,
            "paging": True,
            "incomplete": False,
            "parameter": [{"name": name} for name in PARAMETERS],
            "textFilter": "Each word begins a word of the code, its display or a designation; "
            "case and accents do not count.",
        },
    ),
    "validate-code": ("validateCode", {"translations": True}),
    "translate": ("translation", {"needsMap": True}),
    "closure": ("closure", {"translation": False}),
}
_MODES: Mapping[str, Callable[[Routes, Context], dict[str, Any]]] = {
    "full": statement,
    "normative": normative,
    "terminology": terminology,
}


def _head(context: Context) -> dict[str, Any]:
    return {
        "status": "active",
        "date": dates.instant(_since(context)),
        "kind": "instance",
        "software": {"name": "fhir-server", "version": version("fhir-server")},
        "implementation": {"description": "FHIR server for Viet Nam", "url": context.base_url},
    }


def _statement(routes: Routes, context: Context, types: list[str]) -> dict[str, Any]:
    codes = _codes(routes)
    rest = {
        "mode": "server",
        **_security(context),
        "resource": [_resource(routes, context, type_) for type_ in types],
        "interaction": [{"code": code} for code in _SYSTEM if code in codes],
        "searchParam": _common_params(context),
        "operation": _operations(routes, None),
        "compartment": [_COMPARTMENT.format(name.lower()) for name in _compartments(context)],
    }
    return {
        "resourceType": "CapabilityStatement",
        **_head(context),
        "fhirVersion": "4.0.1",
        "format": list(FORMATS),
        **({"patchFormat": list(MEDIA_TYPES)} if "patch" in codes else {}),
        "rest": [_filled(rest)],
    }


def _compartments(context: Context) -> list[str]:
    """Give the compartments that have anything in them."""
    return [name for name, members in context.spec.compartments.items() if members]


def _security(context: Context) -> dict[str, Any]:
    """Tell who may ask."""
    if context.security is None:
        return {"documentation": "Access: --auth none, everybody on loopback may do everything."}
    return {"security": context.security}


def _codes(routes: Routes) -> dict[str, None]:
    """Give the interactions in the table's order; one row answers both kinds of Bundle."""
    codes = dict.fromkeys(row.code for row in routes.rows if row.pattern != "metadata")
    return codes | ({"batch": None} if "transaction" in codes else {})


def _resource(routes: Routes, context: Context, type_: str) -> dict[str, Any]:
    codes, writes = _codes(routes), _writes(routes, context)
    return _filled(
        {
            **_defined(context.spec.types[type_].url),
            "type": type_,
            "profile": context.spec.types[type_].url,
            "interaction": [{"code": code} for code in codes if code not in _ELSEWHERE],
            "versioning": "versioned-update",
            "readHistory": "vread" in codes,
            "conditionalRead": "full-support",
            **writes,
            "referencePolicy": _reference_policy(context),
            **_includes(context, type_),
            "searchParam": _search_params(context, type_),
            "operation": _operations(routes, type_),
            **_built(context, type_),
        }
    )


def _writes(routes: Routes, context: Context) -> dict[str, Any]:
    """Tell how writes go; a conditional one is a row without an id."""
    offered = {
        ("PUT", "{type}/{id}"): ("updateCreate", context.limits.update_create),
        ("POST", "{type}"): ("conditionalCreate", True),
        ("PUT", "{type}"): ("conditionalUpdate", True),
        ("DELETE", "{type}"): ("conditionalDelete", _conditional_delete(context)),
    }
    return dict(told for row, told in offered.items() if row in routes.by_shape)


def _includes(context: Context, type_: str) -> dict[str, Sequence[str]]:
    if not context.limits.max_includes:
        return {}
    return {
        "searchInclude": include.offered(context.spec, type_),
        "searchRevInclude": include.offered_back(context.spec)[type_],
    }


def _defined(url: str) -> dict[str, Any]:
    """Tell where a type that is not HL7's is defined, in the words of R6.

    https://build.fhir.org/capabilitystatement-definitions.html#CapabilityStatement.rest.resource.definition
    """
    if url.startswith(_HL7):
        return {}
    return {"extension": [{"url": _DEFINITION, "valueCanonical": url}]}


def _strict(told: Mapping[str, Any]) -> dict[str, Any]:
    """Give the statement with types that are not R4's as profiles of Basic: `type` is bound."""
    rest = [
        {**one, "resource": _as_basic(one["resource"])} if "resource" in one else one
        for one in told.get("rest", ())
    ]
    return {**told, **({"rest": rest} if rest else {})}


def _as_basic(resources: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    own = [one for one in resources if "extension" in one]
    kept = {one["type"]: one for one in resources if "extension" not in one}
    if own:
        supported = [one["profile"] for one in own]
        kept["Basic"] = {**kept.get("Basic", {"type": "Basic"}), "supportedProfile": supported}
    return list(kept.values())


def _built(context: Context, type_: str) -> dict[str, str]:
    """Tell which parameters cannot be asked yet."""
    codes = ", ".join(sorted(context.spec.building.get(type_, ())))
    return {"documentation": f"Search parameters being built: {codes}."} if codes else {}


def _conditional_delete(context: Context) -> str:
    """Tell how much of https://hl7.org/fhir/R4/valueset-conditional-delete-status.html there is."""
    return "multiple" if context.limits.conditional_delete_max > 1 else "single"


def _reference_policy(context: Context) -> list[str]:
    """Tell which rules of https://hl7.org/fhir/R4/valueset-reference-handling-policy.html hold."""
    enforced = ["enforced"] if context.limits.referential_integrity else []
    return ["literal", "logical", *enforced]


def _filled(told: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what is empty: FHIR has no empty lists."""
    return {name: value for name, value in told.items() if value != []}


def _search_params(context: Context, type_: str) -> list[dict[str, str]]:
    scope = Scope(context.spec, type_, context.place)
    return [
        {"name": code, "definition": param.url, "type": param.type}
        for code, param in sorted(context.spec.search_params(type_).items())
        if is_searched(scope, code)
    ]


def _common_params(context: Context) -> list[dict[str, str]]:
    """Give the search parameters that every type has: what the whole base can be asked."""
    told = [_search_params(context, type_) for type_ in context.spec.types]
    return [one for one in told[0] if all(one in others for others in told)]


def _operations(routes: Routes, type_: str | None) -> list[dict[str, str]]:
    """Give the operations, each name once: a type and its instances may share one."""
    found = {
        name: route.definition
        for (_, name, on), route in routes.operations.items()
        if (on in (type_, "Resource") if type_ else not on)
    }
    return [{"name": name, "definition": definition} for name, definition in sorted(found.items())]

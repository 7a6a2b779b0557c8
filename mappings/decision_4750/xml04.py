"""XML4, results: an Observation per row, a DiagnosticReport per service and result time.

https://hl7.org/fhir/R4/diagnosticreport.html
"""

from collections.abc import Sequence

from mappings.decision_4750.measurements import LABORATORY, issued, observation
from mappings.decision_4750.rows import EMPTY, Row
from mappings.decision_4750.scene import Scene, when
from mappings.decision_4750.xml03 import is_service, request_key
from mappings.mapping import Draft
from mappings.terms import codes
from mappings.terms.concepts import TERMINOLOGY, Fhir, coding, concept, present
from mappings.terms.quantities import reference_range, result

IMAGING, FUNCTION = "imaging", "procedure"
# Cost group of the ordering row (Decision 5937/QĐ-BYT, annex 3) → what kind of result it is.
COST_GROUPS = {"1": LABORATORY, "2": IMAGING, "3": FUNCTION}
SERVICE_SECTIONS = {LABORATORY: "LAB", IMAGING: "RAD", FUNCTION: "OTH"}

Group = tuple[str, str]


def results(scene: Scene) -> list[Draft]:
    """Give the drafts of XML4, each report before its observations."""
    groups: dict[Group, list[Row]] = {}
    for row in scene.rows("XML4"):
        groups.setdefault((row["MA_DICH_VU"], row["NGAY_KQ"]), []).append(row)
    orders = [row for row in scene.rows("XML3") if is_service(row)]
    found = []
    for group, rows in groups.items():
        order = _order(group, orders)
        kind = _kind(rows, order)
        found.append(_report(scene, group, rows, order, kind))
        found += [_result(scene, row, order, kind) for row in rows]
    return found


def _order(group: Group, orders: Sequence[Row]) -> Row:
    """Give the XML3 row a result answers: of the same service, best with the same result time."""
    service, time = group
    same = [row for row in orders if row["MA_DICH_VU"] == service]
    return next((row for row in same if row["NGAY_KQ"] == time), same[0] if same else EMPTY)


def _kind(rows: Sequence[Row], order: Row) -> str:
    measured = any(row["GIA_TRI"] for row in rows)
    return COST_GROUPS.get(order["MA_NHOM"], LABORATORY if measured else IMAGING)


def _report(scene: Scene, group: Group, rows: Sequence[Row], order: Row, kind: str) -> Draft:
    service, time = group
    code = [coding(_system(scene, "MA_DICH_VU"), service)] if service else []
    section = coding(f"{TERMINOLOGY}v2-0074", SERVICE_SECTIONS[kind])
    readers = dict.fromkeys(one for row in rows for one in row.many("MA_BS_DOC_KQ"))
    conclusions = dict.fromkeys(row["KET_LUAN"] for row in rows if row["KET_LUAN"])
    resource = present(
        resourceType="DiagnosticReport",
        basedOn=_based_on(scene, order),
        status="final",
        category=[{"coding": [section]}],
        code=concept(code, order["TEN_DICH_VU"] or rows[0]["TEN_CHI_SO"]),
        **scene.about,
        effectiveDateTime=when(time),
        **issued(time),
        resultsInterpreter=[scene.practitioner(reader) for reader in readers],
        result=[scene.to(_key(row)) for row in rows],
        conclusion="\n".join(conclusions),
    )
    return Draft(f"DiagnosticReport/{service}/{time}", resource)


def _result(scene: Scene, row: Row, order: Row, kind: str) -> Draft:
    index = row["MA_CHI_SO"]
    code = concept([coding(_system(scene, "MA_CHI_SO"), index)] if index else [], row["TEN_CHI_SO"])
    text = row["MO_TA"]
    value: Fhir = {"valueString": text} if text else {}
    note: list[Fhir] = []
    # The table has no field for the range of what is normal: it stands in the description.
    limits: Fhir = {}
    if row["GIA_TRI"]:
        value = result(row["GIA_TRI"], row["DON_VI_DO"])
        limits = reference_range(text, row["DON_VI_DO"])
        note = [{"text": text}] if text and not limits else []
    more = issued(row["NGAY_KQ"]) | {
        "basedOn": _based_on(scene, order),
        "note": note,
        "referenceRange": [limits] if limits else [],
    }
    return observation(scene, _key(row), kind, code, value=value, time=row["NGAY_KQ"], **more)


def _based_on(scene: Scene, order: Row) -> list[Fhir]:
    return [scene.to(request_key(order))] if order.place else []


def _key(row: Row) -> str:
    return f"Observation/XML4/{row.identity}"


def _system(scene: Scene, field: str) -> str:
    return scene.systems.codes(codes.CODE_SYSTEMS[field])

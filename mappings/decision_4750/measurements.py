"""Observations: how one is built, and those of XML1 (weight, blood group, weight of newborns).

https://hl7.org/fhir/R4/observation.html, https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from mappings.decision_4750.scene import Scene, instant, period, when
from mappings.mapping import Draft
from mappings.terms.concepts import LOINC, Fhir, category, coding, concept, present
from mappings.terms.quantities import positive, quantity

VITAL, LABORATORY, EXAM = "vital-signs", "laboratory", "exam"


def observation(
    scene: Scene, key: str, kind: str, code: Fhir, *, value: Fhir, time: str, **more: object
) -> Draft:
    """Give a final Observation; `value` is its value[x], `time` the decree's, `more` the rest."""
    resource = present(
        resourceType="Observation",
        status="final",
        category=category("observation-category", kind),
        code=code,
        **scene.about,
        effectiveDateTime=when(time),
        **value,
        **more,
    )
    return Draft(key, resource)


def measurements(scene: Scene) -> list[Draft]:
    """Give the Observations of XML1, taken on arrival."""
    row = scene.summary
    arrival = row["NGAY_VAO"]
    found = []
    if positive(row["CAN_NANG"]):
        value = {"valueQuantity": quantity(row["CAN_NANG"], "kg", "kg")}
        code = loinc("29463-7", "Body weight", "Cân nặng")
        found.append(
            observation(scene, "Observation/weight", VITAL, code, value=value, time=arrival)
        )
    if row["NHOM_MAU"]:
        value = {"valueCodeableConcept": concept([], row["NHOM_MAU"])}
        code = loinc("882-1", "ABO and Rh group [Type] in Blood", "Nhóm máu")
        key = "Observation/blood-group"
        found.append(observation(scene, key, LABORATORY, code, value=value, time=arrival))
    code = loinc("8339-4", "Birth weight Measured", "Cân nặng con")
    for child, grams in enumerate(row.many("CAN_NANG_CON"), 1):
        if positive(grams):
            value = {"valueQuantity": quantity(grams, "g", "g")}
            key = f"Observation/newborn-weight/{child}"
            # The mother is the subject; the child, who has no record yet, is what it is about.
            focus = [{"display": f"Con thứ {child}"}]
            # Born some time in the stay: the table does not say when.
            more = {"effectivePeriod": stay(scene), "focus": focus}
            found.append(observation(scene, key, EXAM, code, value=value, time="", **more))
    return found


def stay(scene: Scene) -> Fhir:
    """Give the Period of the visit, for what was measured at an unknown time of it."""
    return period(scene.summary["NGAY_VAO"], scene.summary["NGAY_RA"])


def loinc(code: str, display: str, text: str) -> Fhir:
    """Give the concept of a LOINC code with its Vietnamese text."""
    return concept([coding(LOINC, code, display)], text)


def issued(text: str) -> Fhir:
    """Give `issued` where the time is known."""
    time = instant(text)
    return {"issued": time} if time else {}

"""XML14, the follow-up slip, and XML1's follow-up days it does not cover → Appointment.

https://hl7.org/fhir/R4/appointment.html
"""

from mappings.decision_4750.diagnoses import condition_key, icd_codes
from mappings.decision_4750.papers import number
from mappings.decision_4750.scene import Scene, instant, when
from mappings.mapping import ENCOUNTER, PATIENT, Draft
from mappings.terms.concepts import TERMINOLOGY, Fhir, coding, logical, present
from mappings.terms.identifiers import SLIP

_DAY = 8


def follow_ups(scene: Scene) -> list[Draft]:
    """Give an Appointment for the slip, and one per day of NGAY_TAI_KHAM that is not the slip's."""
    found = []
    covered = set()
    for row in scene.rows("XML14"):
        time = row["NGAY_HEN_KL"]
        covered.add(time[:_DAY])
        slip = present(
            identifier=[number(scene, SLIP, row["SO_GIAYHEN_KL"])],
            description=row["CHAN_DOAN_RV"],
            created=when(row["NGAY_CT"]),
        )
        doctors = [scene.practitioner(one) for one in row.many("MA_BAC_SI")]
        found.append(Draft("Appointment/XML14", _appointment(scene, time, slip, doctors)))
    days = dict.fromkeys(scene.summary.many("NGAY_TAI_KHAM"))
    return found + [
        Draft(f"Appointment/{day}", _appointment(scene, day, {}, []))
        for day in days
        if day not in covered
    ]


def _appointment(scene: Scene, time: str, slip: Fhir, doctors: list[Fhir]) -> Fhir:
    place = logical("Location", scene.systems.sid("ma-cskcb"), scene.facility)
    actors = [scene.to(PATIENT), *doctors, place]
    return present(
        resourceType="Appointment",
        appointmentType={"coding": [coding(f"{TERMINOLOGY}v2-0276", "FOLLOWUP")]},
        reasonReference=[scene.to(condition_key(icd)) for icd in icd_codes(scene)],
        supportingInformation=[scene.to(ENCOUNTER)],
        participant=[{"actor": actor, "status": "accepted"} for actor in actors],
        **slip,
        **_timing(time),
    )


def _timing(time: str) -> Fhir:
    start = instant(time)
    if not start:
        period = {"start": when(time), "end": when(time)}
        return {"status": "proposed", "requestedPeriod": [period]}
    # The slip names no end, but a booked appointment must have one (constraint app-3).
    return {"status": "booked", "start": start, "end": start}

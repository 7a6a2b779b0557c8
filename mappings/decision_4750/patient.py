"""XML1, the person: Patient with its identifiers, and one Coverage per insurance card.

https://hl7.org/fhir/R4/patient.html, https://hl7.org/fhir/R4/coverage.html
"""

from itertools import zip_longest

from mappings.decision_4750.people import is_facility
from mappings.decision_4750.rows import Row
from mappings.decision_4750.scene import Scene, period, when
from mappings.decision_4750.values import positions
from mappings.mapping import PATIENT, Draft, PatientDraft, Strength, token
from mappings.terms import codes, dates
from mappings.terms.concepts import TERMINOLOGY, Fhir, coding, present
from mappings.terms.identifiers import citizen_number, identifier, insurance, personal
from mappings.terms.names import human_name
from mappings.terms.places import address

CORE = "http://hl7.org/fhir/StructureDefinition/"
VIETNAM = "000"
INSURER = "Bảo hiểm xã hội Việt Nam"

_DIED_HERE, _DIED_OUTSIDE = "5", "8"


def patient(scene: Scene) -> PatientDraft:
    """Give the patient of a visit, and what to match by."""
    row, systems = scene.summary, scene.systems
    cards = row.many("MA_THE_BHYT")
    # Since August 2025 the citizen number may stand where a card's number stood.
    citizen = next(filter(citizen_number, [row["SO_CCCD"], *cards]), "")
    known = [identifier(systems.sid("cccd"), citizen, "NI")] if citizen else []
    numbers = {found["value"]: found for card in cards for found in insurance(card, systems)}
    own = identifier(systems.sid("ma-bn", scene.facility), row["MA_BN"], "MR")
    matching = (
        Strength(tuple(map(token, known))),
        Strength(
            tuple(token(one) for one in numbers.values() if "system" in one),
            needs_demographics=True,
        ),
        Strength((token(own),)),
    )
    if row["SO_CCCD"] not in {"", citizen}:
        vietnamese = row["MA_QUOCTICH"] == VIETNAM
        known.append(personal(row["SO_CCCD"], systems, vietnamese=vietnamese))
    return PatientDraft(
        _patient(scene, [*known, *numbers.values(), own]),
        tuple(strength for strength in matching if strength.tokens),
    )


def _patient(scene: Scene, identifiers: list[Fhir]) -> Fhir:
    row = scene.summary
    units = (row["MATINH_CU_TRU"], row["MAHUYEN_CU_TRU"], row["MAXA_CU_TRU"])
    home = address(row["DIA_CHI"], units, scene.systems, row["NGAY_VAO"])
    born, time = dates.birth(row["NGAY_SINH"])
    birth_time = {"url": CORE + "patient-birthTime", "valueDateTime": time}
    registered = filter(is_facility, dict.fromkeys(row.many("MA_DKBD")))
    return present(
        resourceType=PATIENT,
        extension=_extensions(scene),
        identifier=identifiers,
        name=[human_name(row["HO_TEN"])],
        telecom=[{"system": "phone", "value": row["DIEN_THOAI"]}] if row["DIEN_THOAI"] else [],
        gender=codes.fhir_code("GIOI_TINH", row["GIOI_TINH"]),
        birthDate=born,
        address=[home] if row["DIA_CHI"] or any(units) else [],
        generalPractitioner=[scene.organization(code) for code in registered],
        _birthDate={"extension": [birth_time]} if time else None,
        **_death(row),
    )


def _extensions(scene: Scene) -> list[Fhir]:
    row, systems = scene.summary, scene.systems
    found: list[Fhir] = []
    if row["MA_QUOCTICH"]:
        nationality = codes.coded("MA_QUOCTICH", row["MA_QUOCTICH"], systems)
        inner = [{"url": "code", "valueCodeableConcept": nationality}]
        found.append({"url": CORE + "patient-nationality", "extension": inner})
    for field, name in (("MA_DANTOC", "ethnicity"), ("MA_NGHE_NGHIEP", "occupation")):
        if row[field]:
            url = systems.extension(f"vn-ext-{name}")
            value = codes.coded(field, row[field], systems)
            found.append({"url": url, "valueCodeableConcept": value})
    return found


def _death(row: Row) -> Fhir:
    if row["KET_QUA_DTRI"] == _DIED_HERE and row["NGAY_RA"]:
        return {"deceasedDateTime": when(row["NGAY_RA"])}
    died = row["KET_QUA_DTRI"] in {_DIED_HERE, _DIED_OUTSIDE}
    return {"deceasedBoolean": True} if died else {}


def coverages(scene: Scene) -> list[Draft]:
    """Give a Coverage per card: the lists of cards and of their dates run in parallel."""
    row = scene.summary
    lists = (positions(row[name]) for name in ("MA_THE_BHYT", "GT_THE_TU", "GT_THE_DEN"))
    cards = {card: (start, end) for card, start, end in zip_longest(*lists, fillvalue="") if card}
    return [_coverage(scene, card, *valid) for card, valid in cards.items()]


def _coverage(scene: Scene, card: str, start: str, end: str) -> Draft:
    known = insurance(card, scene.systems) or [identifier(scene.systems.sid("cccd"), card)]
    own = [coding(f"{TERMINOLOGY}subscriber-relationship", "self", "Self")]
    public = [coding(f"{TERMINOLOGY}v3-ActCode", "PUBLICPOL", "public healthcare")]
    resource = present(
        resourceType="Coverage",
        identifier=known[:1],
        status="active",
        type={"coding": public},
        subscriberId=card,
        beneficiary=scene.to(PATIENT),
        relationship={"coding": own},
        period=period(start, end) or None,
        payor=[{"type": "Organization", "display": INSURER}],
    )
    return Draft(f"Coverage/{card}", resource)

"""Strategies for resources that share few values, so that searches find several of them.

The ids of every type begin at 1: a bare id means a resource of each type.
"""

from decimal import Decimal

from hypothesis import strategies as st

from tests.oracle.elements import (
    ABSENT,
    ALL_CODES,
    CODES,
    FAMILIES,
    IN_VALUE_SET,
    PARENTS,
    VALUE_SET,
    addresses,
    ages,
    booleans,
    codings,
    concepts,
    contacts,
    days,
    decimals,
    first,
    identifiers,
    joined,
    made,
    measures,
    money,
    names,
    one_of,
    periods,
    quantities,
    ranges,
    references,
    resource,
    some,
    texts,
    times,
    timings,
    words,
)

PATIENT = resource(
    "Patient",
    None,
    first(deceasedBoolean=booleans, deceasedDateTime=times),
    identifier=some(identifiers),
    active=booleans,
    name=some(names),
    telecom=some(contacts),
    gender=one_of("male", "female", "other"),
    birthDate=days,
    _birthDate=st.just(ABSENT),
    address=some(addresses),
    communication=some(made({"language": concepts}), 1),
    generalPractitioner=some(references("Practitioner", "Organization")),
    managingOrganization=references("Organization"),
    link=some(made({"other": references("Patient"), "type": st.just("seealso")}), 1),
    extension=some(
        made(
            {
                "url": st.just(
                    "http://hl7.org/fhir/StructureDefinition/"
                    "patient-extensions-Patient-mothersMaidenName"
                ),
                "valueString": st.sampled_from(FAMILIES),
            }
        ),
        1,
    ),
)
PRACTITIONER = resource(
    "Practitioner",
    None,
    identifier=some(identifiers),
    active=booleans,
    name=some(names),
    gender=one_of("male", "female"),
    telecom=some(contacts, 1),
    communication=some(concepts, 1),
)
ORGANIZATION = resource(
    "Organization",
    {"name": words},
    identifier=some(identifiers),
    active=booleans,
    type=some(concepts),
    alias=some(words),
    address=some(addresses, 1),
    partOf=references("Organization"),
)
LOCATION = resource(
    "Location",
    None,
    identifier=some(identifiers, 1),
    status=one_of("active", "suspended"),
    name=words,
    alias=some(words),
    type=some(concepts, 1),
    address=addresses,
    position=made(
        {
            "latitude": one_of("21.0285", "21.03", "10.8231", "16.0544", "-33.87", "0").map(
                Decimal
            ),
            "longitude": one_of("105.8542", "105.9", "106.6297", "179.9", "-179.9").map(Decimal),
        }
    ),
    managingOrganization=references("Organization"),
    partOf=references("Location"),
)
SUBJECT = references("Patient", "Patient", "Group")
VALUE = first(
    valueQuantity=quantities,
    valueCodeableConcept=concepts,
    valueString=texts,
    valueDateTime=times,
    valuePeriod=periods,
)
OBSERVATION = resource(
    "Observation",
    {"status": one_of("final", "preliminary", "amended"), "code": concepts},
    first(effectiveDateTime=times, effectivePeriod=periods, effectiveTiming=timings),
    VALUE,
    identifier=some(identifiers, 1),
    category=some(concepts),
    subject=SUBJECT,
    encounter=references("Encounter"),
    performer=some(references("Practitioner", "Organization")),
    hasMember=some(references("Observation"), 1),
    dataAbsentReason=concepts,
    component=some(joined(made({"code": concepts}), VALUE), 3),
)
ENCOUNTER = resource(
    "Encounter",
    {"status": one_of("planned", "finished", "in-progress"), "class": codings},
    identifier=some(identifiers, 1),
    type=some(concepts),
    subject=SUBJECT,
    participant=some(made({"individual": references("Practitioner")}, type=some(concepts, 1))),
    period=periods,
    length=measures("h", "min", "d"),
    reasonCode=some(concepts, 1),
    diagnosis=some(made({"condition": references("Condition")}), 1),
    location=some(made({"location": references("Location")}, period=periods)),
    serviceProvider=references("Organization"),
    partOf=references("Encounter"),
)
CONDITION = resource(
    "Condition",
    {"subject": SUBJECT},
    first(
        onsetDateTime=times,
        onsetPeriod=periods,
        onsetAge=ages,
        onsetRange=ranges,
        onsetString=texts,
    ),
    first(abatementDateTime=times, abatementAge=ages, abatementString=texts),
    identifier=some(identifiers, 1),
    category=some(concepts),
    severity=concepts,
    code=concepts,
    encounter=references("Encounter"),
    recordedDate=times,
    asserter=references("Practitioner", "Patient"),
)
MEDICATION_REQUEST = resource(
    "MedicationRequest",
    {
        "status": one_of("active", "completed"),
        "intent": one_of("order", "plan"),
        "subject": SUBJECT,
    },
    st.one_of(
        made({"medicationCodeableConcept": concepts}),
        made({"medicationReference": references("Medication")}),
    ),
    identifier=some(identifiers, 1),
    priority=one_of("routine", "urgent"),
    encounter=references("Encounter"),
    authoredOn=times,
    requester=references("Practitioner", "Organization"),
    dosageInstruction=some(made({"timing": made({"event": some(times)})})),
)
CONTEXTS = some(
    joined(
        made({"code": codings}),
        st.one_of(
            made({"valueCodeableConcept": concepts}),
            made({"valueQuantity": quantities}),
            made({"valueRange": ranges}),
        ),
    )
)
URLS = one_of(
    "http://example.org/d", "http://example.org/d/a", "http://example.org/d/a/1",
    "http://example.org/da", "urn:oid:2.999.1", "urn:oid:2.999.1.2", "http://example.org/D",
)  # fmt: skip
canonicals = st.builds("{}{}".format, URLS, one_of("", "|1", "|2"))
PLAN_DEFINITION = resource(
    "PlanDefinition",
    {"status": one_of("draft", "active")},
    url=URLS,
    identifier=some(identifiers, 1),
    version=one_of("1", "1.0", "2"),
    name=words,
    title=texts,
    date=times,
    description=texts,
    effectivePeriod=periods,
    topic=some(concepts, 1),
    useContext=CONTEXTS,
    library=some(canonicals),
    relatedArtifact=some(
        made(
            {
                "type": one_of("composed-of", "depends-on", "derived-from"),
                "resource": canonicals,
            }
        )
    ),
)
RISK_ASSESSMENT = resource(
    "RiskAssessment",
    {"status": st.just("final"), "subject": SUBJECT},
    first(occurrenceDateTime=times),
    code=concepts,
    condition=references("Condition"),
    prediction=some(
        joined(
            first(probabilityDecimal=decimals, probabilityRange=ranges),
            made(qualitativeRisk=concepts, whenRange=ranges, rationale=texts),
        ).filter(bool)
    ),
)
CHARGE_ITEM = resource(
    "ChargeItem",
    {"status": one_of("billable", "billed"), "code": concepts, "subject": SUBJECT},
    first(occurrenceDateTime=times, occurrencePeriod=periods, occurrenceTiming=timings),
    context=references("Encounter"),
    quantity=quantities,
    factorOverride=decimals,
    priceOverride=money,
    enteredDate=times,
)
GROUP = resource(
    "Group",
    {"type": one_of("person", "animal"), "actual": booleans},
    code=concepts,
    name=words,
    identifier=some(identifiers, 1),
    characteristic=some(
        joined(
            made({"code": concepts, "exclude": booleans}),
            made({"valueCodeableConcept": concepts}) | made({"valueBoolean": booleans}),
        )
    ),
    member=some(made({"entity": references("Patient", "Group")})),
)
LIST = resource(
    "List",
    {"status": one_of("current", "retired"), "mode": st.just("working")},
    title=texts,
    code=concepts,
    subject=references("Patient"),
    note=some(made({"text": texts})),
    entry=some(made({"item": references("Patient", "Observation", "Condition")}), 9),
)

# Strategy of each type, and how many of it are in a set.
TYPES = {
    "Patient": (PATIENT, 40),
    "Practitioner": (PRACTITIONER, 15),
    "Organization": (ORGANIZATION, 25),
    "Location": (LOCATION, 25),
    "Observation": (OBSERVATION, 60),
    "Encounter": (ENCOUNTER, 35),
    "Condition": (CONDITION, 35),
    "MedicationRequest": (MEDICATION_REQUEST, 25),
    "PlanDefinition": (PLAN_DEFINITION, 30),
    "RiskAssessment": (RISK_ASSESSMENT, 25),
    "ChargeItem": (CHARGE_ITEM, 25),
    "Group": (GROUP, 15),
    "List": (LIST, 10),
}

# What the codes mean: a code system with its hierarchy, and a value set.
CONTENT = [
    {
        "resourceType": "CodeSystem",
        "id": "codes",
        "url": CODES,
        "status": "active",
        "content": "complete",
        "property": [{"code": "parent", "type": "code"}],
        "concept": [
            {"code": code, "property": [{"code": "parent", "valueCode": PARENTS[code]}]}
            if code in PARENTS
            else {"code": code}
            for code in ALL_CODES
        ],
    },
    {
        "resourceType": "ValueSet",
        "id": "some",
        "url": VALUE_SET,
        "status": "active",
        "compose": {
            "include": [{"system": CODES, "concept": [{"code": code} for code in IN_VALUE_SET]}]
        },
    },
]

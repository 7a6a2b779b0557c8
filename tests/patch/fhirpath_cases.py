"""What each operation of FHIRPath Patch does: https://hl7.org/fhir/R4/fhirpatch.html"""

from tests.patch.written import operation, patient

FOUR = [{"value": str(place)} for place in range(1, 5)]
CONTACT = {"name": {"text": "a"}, "gender": "male"}
BIRTH_TIME = {"url": "http://example.org/time", "valueDateTime": "2000-01-01T10:00:00Z"}
JOB = {"url": "http://example.org/job", "valueString": "x"}


def numbered(*values):
    return patient(identifier=[{"value": str(value)} for value in values])


# What is done, the resource before, the operations, the resource after.
CASES = [
    ("nothing is done", patient(active=True), [], patient(active=True)),
    (
        "a primitive is added",
        patient(),
        [operation("add", "Patient", name="birthDate", value={"valueDate": "1930-01-01"})],
        patient(birthDate="1930-01-01"),
    ),
    (
        "a primitive is replaced",
        patient(birthDate="1920-01-01"),
        [operation("replace", "Patient.birthDate", value={"valueDate": "1930-01-01"})],
        patient(birthDate="1930-01-01"),
    ),
    (
        "a primitive is deleted",
        patient(birthDate="1920-01-01", active=True),
        [operation("delete", "Patient.birthDate")],
        patient(active=True),
    ),
    (
        "what is not there is deleted",
        patient(active=True),
        [operation("delete", "Patient.birthDate"), operation("delete", "Patient.name[3].given")],
        patient(active=True),
    ),
    (
        "a nested primitive is added",
        patient(contact=[{"name": {"text": "a"}}]),
        [operation("add", "Patient.contact[0]", name="gender", value={"valueCode": "male"})],
        patient(contact=[CONTACT]),
    ),
    (
        "a nested primitive is replaced",
        patient(contact=[CONTACT]),
        [operation("replace", "Patient.contact[0].name.text", value={"valueString": "b"})],
        patient(contact=[{"name": {"text": "b"}, "gender": "male"}]),
    ),
    (
        "the last of an object is deleted, and the object with it",
        patient(contact=[CONTACT]),
        [operation("delete", "Patient.contact[0].name.text")],
        patient(contact=[{"gender": "male"}]),
    ),
    (
        "a complex value is added",
        patient(),
        [
            operation(
                "add",
                "Patient",
                name="maritalStatus",
                value={"valueCodeableConcept": {"text": "married"}},
            )
        ],
        patient(maritalStatus={"text": "married"}),
    ),
    (
        "a complex value is replaced whole",
        patient(maritalStatus={"id": "1", "text": "married"}),
        [
            operation(
                "replace",
                "Patient.maritalStatus",
                value={"valueCodeableConcept": {"id": "2", "text": "single"}},
            )
        ],
        patient(maritalStatus={"id": "2", "text": "single"}),
    ),
    (
        "an element without a type name is added by its parts",
        patient(),
        [
            operation(
                "add",
                "Patient",
                name="contact",
                value={
                    "part": [
                        {"name": "name", "valueHumanName": {"text": "a"}},
                        {"name": "gender", "valueCode": "male"},
                    ]
                },
            )
        ],
        patient(contact=[CONTACT]),
    ),
    (
        "parts build arrays and objects inside",
        {"resourceType": "Questionnaire", "status": "draft"},
        [
            operation(
                "add",
                "Questionnaire",
                name="item",
                value={
                    "part": [
                        {"name": "linkId", "valueString": "1"},
                        {"name": "type", "valueCode": "group"},
                        {"name": "item", "part": [{"name": "linkId", "valueString": "1.1"}]},
                        {"name": "item", "part": [{"name": "linkId", "valueString": "1.2"}]},
                    ]
                },
            )
        ],
        {
            "resourceType": "Questionnaire",
            "status": "draft",
            "item": [
                {"linkId": "1", "type": "group", "item": [{"linkId": "1.1"}, {"linkId": "1.2"}]}
            ],
        },
    ),
    (
        "an extension is added by its parts, the choice without its type",
        patient(),
        [
            operation(
                "add",
                "Patient",
                name="extension",
                value={
                    "part": [
                        {"name": "url", "valueUri": "http://example.org/job"},
                        {"name": "value", "valueString": "x"},
                    ]
                },
            )
        ],
        patient(extension=[JOB]),
    ),
    (
        "add appends to a list",
        numbered(1, 2),
        [operation("add", "Patient", name="identifier", value={"valueIdentifier": FOUR[2]})],
        numbered(1, 2, 3),
    ),
    (
        "insert at the start",
        numbered(1, 2),
        [operation("insert", "Patient.identifier", index=0, value={"valueIdentifier": FOUR[2]})],
        numbered(3, 1, 2),
    ),
    (
        "insert at the end",
        numbered(1, 2),
        [operation("insert", "Patient.identifier", index=2, value={"valueIdentifier": FOUR[2]})],
        numbered(1, 2, 3),
    ),
    (
        "insert into a list that is not there",
        patient(),
        [operation("insert", "Patient.identifier", index=0, value={"valueIdentifier": FOUR[0]})],
        numbered(1),
    ),
    (
        "an item is deleted by its place",
        numbered(1, 2, 3),
        [operation("delete", "Patient.identifier[1]")],
        numbered(1, 3),
    ),
    (
        "an item is deleted by what it says",
        numbered(1, 2, 3),
        [operation("delete", "Patient.identifier.where(value = '3')")],
        numbered(1, 2),
    ),
    (
        "the last item is deleted, and the list with it",
        numbered(1),
        [operation("delete", "Patient.identifier[0]")],
        patient(),
    ),
    (
        "an item is moved forward",
        numbered(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=3, destination=1)],
        numbered(1, 4, 2, 3),
    ),
    (
        "an item is moved back, to the place it then has",
        numbered(1, 2, 3, 4),
        [operation("move", "Patient.identifier", source=0, destination=3)],
        numbered(2, 3, 4, 1),
    ),
    (
        "moves follow each other",
        numbered(1, 2, 3, 4),
        [
            operation("move", "Patient.identifier", source=3, destination=0),
            operation("move", "Patient.identifier", source=3, destination=1),
            operation("move", "Patient.identifier", source=3, destination=2),
        ],
        numbered(4, 3, 2, 1),
    ),
    (
        "a choice is added as its value's type",
        patient(),
        [operation("add", "Patient", name="deceased", value={"valueBoolean": True})],
        patient(deceasedBoolean=True),
    ),
    (
        "a choice is replaced by one of another type",
        patient(deceasedDateTime="2020", _deceasedDateTime={"id": "x"}, active=True),
        [operation("replace", "Patient.deceased", value={"valueBoolean": True})],
        patient(deceasedBoolean=True, active=True),
    ),
    (
        "a choice is selected by its type",
        {"resourceType": "Observation", "status": "final", "valueString": "x"},
        [operation("delete", "Observation.value.ofType(Quantity)")],
        {"resourceType": "Observation", "status": "final", "valueString": "x"},
    ),
    (
        "a part of a choice is replaced",
        {"resourceType": "Observation", "valueQuantity": {"unit": "kg"}},
        [operation("replace", "(Observation.value as Quantity).unit", value={"valueString": "g"})],
        {"resourceType": "Observation", "valueQuantity": {"unit": "g"}},
    ),
    (
        "a primitive comes with its extensions, and goes with them",
        patient(birthDate="1920", _birthDate={"id": "old"}),
        [
            operation(
                "replace",
                "Patient.birthDate",
                value={"valueDate": "2000-01-01", "_valueDate": {"extension": [BIRTH_TIME]}},
            )
        ],
        patient(birthDate="2000-01-01", _birthDate={"extension": [BIRTH_TIME]}),
    ),
    (
        "the value of a primitive with extensions alone is added",
        patient(name=[{"given": ["a"]}]),
        [
            operation(
                "add",
                "Patient.name",
                name="given",
                value={"_valueString": {"extension": [JOB]}},
            )
        ],
        patient(name=[{"given": ["a", None], "_given": [None, {"extension": [JOB]}]}]),
    ),
    (
        "extensions stay with their primitive when it moves",
        patient(name=[{"given": ["a", "b"], "_given": [{"id": "x"}, None]}]),
        [operation("move", "Patient.name[0].given", source=0, destination=1)],
        patient(name=[{"given": ["b", "a"], "_given": [None, {"id": "x"}]}]),
    ),
    (
        "extensions go with their primitive",
        patient(name=[{"given": ["a", "b"], "_given": [{"id": "x"}, None]}]),
        [operation("delete", "Patient.name[0].given.first()")],
        patient(name=[{"given": ["b"]}]),
    ),
    (
        "an extension is added to a primitive that has none",
        patient(birthDate="2000-01-01"),
        [
            operation(
                "add",
                "Patient.birthDate",
                name="extension",
                value={
                    "part": [
                        {"name": "url", "valueUri": BIRTH_TIME["url"]},
                        {"name": "value", "valueDateTime": BIRTH_TIME["valueDateTime"]},
                    ]
                },
            )
        ],
        patient(birthDate="2000-01-01", _birthDate={"extension": [BIRTH_TIME]}),
    ),
    (
        "an extension of a primitive is found by its url",
        patient(birthDate="2000-01-01", _birthDate={"extension": [JOB, BIRTH_TIME]}),
        [operation("delete", "Patient.birthDate.extension('http://example.org/job')")],
        patient(birthDate="2000-01-01", _birthDate={"extension": [BIRTH_TIME]}),
    ),
    (
        "the value of an extension is replaced",
        patient(extension=[BIRTH_TIME, JOB]),
        [
            operation(
                "replace",
                "Patient.extension('http://example.org/job').value",
                value={"valueInteger": 3},
            )
        ],
        patient(extension=[BIRTH_TIME, {"url": JOB["url"], "valueInteger": 3}]),
    ),
    (
        "narrative is replaced as a string",
        patient(text={"status": "generated", "div": "<div>a</div>"}),
        [operation("replace", "Patient.text.div", value={"valueString": "<div>b</div>"})],
        patient(text={"status": "generated", "div": "<div>b</div>"}),
    ),
    (
        "a contained resource is added, and changed",
        patient(),
        [
            operation(
                "add",
                "Patient",
                name="contained",
                value={"resource": {"resourceType": "Organization", "id": "o"}},
            ),
            operation("add", "Patient.contained[0]", name="name", value={"valueString": "x"}),
        ],
        patient(contained=[{"resourceType": "Organization", "id": "o", "name": "x"}]),
    ),
    (
        "an operation sees what the one before it did",
        patient(),
        [
            operation("add", "Patient", name="name", value={"valueHumanName": {"family": "a"}}),
            operation("add", "Patient.name[0]", name="given", value={"valueString": "b"}),
            operation("replace", "Patient.name.last().given", value={"valueString": "c"}),
        ],
        patient(name=[{"family": "a", "given": ["c"]}]),
    ),
]

"""Whatever a patch says, and whatever it is applied to: an error of FHIR's, and nothing changed."""

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.fhir import json
from fhir_server.fhir.errors import FhirError
from fhir_server.main import definitions
from fhir_server.patch.apply import MEDIA_TYPES, read_patch
from fhir_server.validation.structure import structural_issues
from tests.patch.mutants import EXAMPLES, example
from tests.patch.written import operation

SPEC = definitions()
# The longest examples say nothing that others do not.
SMALL = [file for file in EXAMPLES if file.stat().st_size < 20_000]
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "resourceType", "given", "_given"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
examples = settings(deadline=None, max_examples=300)


def is_harmless(media_type, body, resource):
    """Read and apply; say so where that ends as it may: in a resource, or an error of FHIR's."""
    before = json.dump(resource)
    try:
        patch = read_patch(SPEC, media_type, body, None)
        found = patch.apply(resource)
        again = patch.apply(resource)
    except FhirError as error:
        return error.status < 500 and json.dump(resource) == before
    structural_issues(SPEC, found)
    json.parse(json.dump(found))
    return json.dump(resource) == before and json.dump(found) == json.dump(again)


def pointers(value, path=""):
    """Give the JSON Pointers of what is there."""
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    found = [path]
    for key, one in inner:
        below = f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"
        found += pointers(one, below) if isinstance(one, dict | list) else [below]
    return found


@examples
@given(st.sampled_from(SMALL), st.data())
def test_a_random_json_patch_is_harmless(file, data):
    resource = example(file)
    there = st.sampled_from(pointers(resource))
    anywhere = there | st.builds(
        "{}/{}".format, there, st.sampled_from(["-", "0", "1", "a", "~", ""])
    )
    one = st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "remove", "replace", "move", "copy", "test"])},
        optional={"path": anywhere, "from": anywhere, "value": VALUES},
    )
    operations = data.draw(st.lists(one, max_size=6))
    assert is_harmless("application/json-patch+json", json.dump(operations), resource)


STEPS = st.sampled_from(
    [
        *(".extension", ".name", ".id", ".text.div", ".value", ".contained", ".identifier.value"),
        *("[0]", "[1]", ".first()", ".last()", ".where(true)", ".where($this = 'a')", ".resolve()"),
        *(".extension('a')", ".ofType(Quantity)", ".where(id.exists())", "as string", "|", "("),
    ]
)
PATHS = st.builds(
    "{}{}".format,
    st.sampled_from(["Patient", "Resource", "%resource", ""]),
    st.lists(STEPS, max_size=4).map("".join),
)
PART = st.recursive(
    st.dictionaries(
        st.sampled_from(["valueString", "_valueString", "valueHumanName", "valueQuantity", "name"]),
        VALUES,
        max_size=2,
    ),
    lambda inner: (
        st.fixed_dictionaries({"part": st.lists(inner, max_size=3)})
        | st.fixed_dictionaries({"resource": VALUES})
    ),
    max_leaves=4,
)


@examples
@given(st.sampled_from(SMALL), st.data())
def test_a_random_fhirpath_patch_is_harmless(file, data):
    resource = example(file)
    paths = PATHS.map(lambda path: path.replace("Patient", resource["resourceType"]))
    one = st.builds(
        lambda type_, path, parts: operation(type_, path, **parts),
        st.sampled_from(["add", "insert", "delete", "replace", "move"]),
        paths,
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["extension", "text", "id", "contained", "name", "value"]),
                "value": PART,
                "index": st.integers(-1, 2),
                "source": st.integers(-1, 2),
                "destination": st.integers(-1, 2),
            },
        ),
    )
    parameters = {"resourceType": "Parameters", "parameter": data.draw(st.lists(one, max_size=6))}
    assert is_harmless("application/fhir+json", json.dump(parameters), resource)


SELECTORS = st.builds(
    "{}/{}".format,
    st.sampled_from(["*", "/*", "f:Patient", "*/*[1]", "*/*[2]/*[1]", "//*", "id('a')"]),
    st.sampled_from(["*", "@value", "text()", "*[1]", "*[id='a']", "namespace::f", "..", "@x²"]),
)
CONTENT = st.sampled_from(
    ["", "x", "<id value='a'/>", "<extension url='u'/>", "<x/>y<x/>", "<h:div>a<h:b/></h:div>"]
)
DIRECTIVES = st.builds(
    "<{} sel={}{}>{}</{}>".format,
    name := st.shared(st.sampled_from(["add", "replace", "remove"]), key="name"),
    SELECTORS.map('"{}"'.format),
    st.sampled_from(["", " pos='before'", " pos='after'", " pos='prepend'", " type='@id'"]),
    CONTENT,
    name,
)


@examples
@given(st.sampled_from(SMALL), st.lists(DIRECTIVES, max_size=4))
def test_a_random_xml_patch_is_harmless(file, directives):
    head = '<diff xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">'
    body = f"{head}{''.join(directives)}</diff>".encode()
    assert is_harmless("application/xml-patch+xml", body, example(file))


@examples
@given(st.sampled_from(MEDIA_TYPES), st.binary(max_size=60) | VALUES.map(json.dump))
def test_a_random_body_is_harmless(media_type, body):
    assert is_harmless(media_type, body, {"resourceType": "Patient", "id": "a"})


@examples
@given(st.sampled_from([*MEDIA_TYPES, "text/plain", ""]), st.binary(max_size=60))
def test_a_random_binary_is_harmless(media_type, data):
    binary = {"resourceType": "Binary", "contentType": media_type}
    binary["data"] = base64.b64encode(data).decode()
    body = json.dump(binary)
    assert is_harmless("application/fhir+json", body, {"resourceType": "Patient", "id": "a"})

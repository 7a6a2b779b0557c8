"""A cross-section of the official R4 examples is put and read back equal, digits and all."""

import json
import re
from pathlib import Path

import msgspec
import pytest

from fhir_server.fhir.json import parse_object
from tests.client import issues

HERE = Path(__file__).parent
BROKEN = json.loads((HERE / "broken_examples.json").read_text())
EXAMPLES = sorted((HERE / "r4_examples").glob("*.json"))
GOOD = [file for file in EXAMPLES if file.name not in BROKEN]
REFUSED = sorted({*EXAMPLES, *(HERE / "r4_broken").glob("*.json")} - {*GOOD})

# The package has no example of these.
WITHOUT_EXAMPLE = {
    "Parameters",
    "SubstanceNucleicAcid",
    "SubstancePolymer",
    "SubstanceProtein",
    "SubstanceReferenceInformation",
    "SubstanceSourceMaterial",
}
AWKWARD = [
    "1.0",
    "1.00",
    "1.0",
    "1E-22",
    "1000000000000000000",
    "1.000000000000000000E-245",
    "-1.000000000000000000E+245",
]


def read(file):
    return parse_object(file.read_bytes().removeprefix(b"\xef\xbb\xbf"))


def plain(value):
    """Give the value with each decimal as its literal, so that 1.0 is not 1.00."""
    match value:
        case dict():
            return {name: plain(inner) for name, inner in value.items()}
        case list():
            return [plain(inner) for inner in value]
        case msgspec.Raw():
            return ("decimal", bytes(value))
        case _:
            return value


def unstamped(resource):
    meta = resource.get("meta", {})
    kept = {name: meta[name] for name in meta if name not in ("versionId", "lastUpdated")}
    rest = {name: inner for name, inner in resource.items() if name != "meta"}
    return plain(rest | ({"meta": kept} if kept else {}))


@pytest.mark.parametrize("file", GOOD, ids=lambda file: file.stem)
async def test_an_official_example_is_read_back_as_it_was_put(fhir, file):
    resource = read(file)
    path = f"{resource['resourceType']}/{resource['id']}"
    put = await fhir.put(path, file.read_bytes().removeprefix(b"\xef\xbb\xbf"))
    assert put.is_success, put.text
    got = parse_object((await fhir.get(path, Accept="application/fhir+json")).content)
    assert unstamped(got) == unstamped(resource)


@pytest.mark.parametrize("file", REFUSED, ids=lambda file: file.stem)
async def test_an_example_that_is_shipped_broken_is_refused(fhir, file):
    assert file.name in BROKEN
    resource = read(file)
    path = f"{resource['resourceType']}/{resource['id']}"
    put = await fhir.put(path, file.read_bytes())
    assert put.status_code in (400, 422)
    assert issues(put)[0]["diagnostics"]
    assert (await fhir.get(path)).status_code in (400, 404)


def test_every_resource_type_has_an_example(spec):
    here = {read(file)["resourceType"] for file in EXAMPLES}
    assert set(spec.types) - here == WITHOUT_EXAMPLE


async def test_decimals_keep_their_digits(fhir):
    [file] = [file for file in EXAMPLES if file.name == "Observation-decimal.json"]
    await fhir.put("Observation/decimal", file.read_bytes())
    text = (await fhir.get("Observation/decimal")).content.decode()
    assert re.findall(r'"value":(-?[0-9.]+E?[+-]?[0-9]*)', text.replace(" ", "")) == AWKWARD

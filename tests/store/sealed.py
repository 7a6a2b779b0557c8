"""A person of whom nothing may be read in a database, and a store that sees to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fhir_server.search.condition import Everything
from fhir_server.store.encryption import Encryption
from fhir_server.store.key_file import Keys
from fhir_server.store.veil import Veil
from fhir_server.store.veiled import Veiled

NAME, GIVEN, NUMBER = "CANARYNGUYEN", "Canarythu", "099000000001"
OFFENCE, CITY = "canary theft of property", "Canaryville"
CANARIES = (NAME, GIVEN, NUMBER, OFFENCE, CITY, "male", "1987-06-05")
SYSTEM = "http://fhir.hl7.org.vn/core/sid/cccd"
ALL = Everything()

PERSON = {
    "resourceType": "Person",
    "id": "p1",
    "identifier": [{"system": SYSTEM, "value": NUMBER}],
    "name": [{"family": NAME, "given": [GIVEN]}],
    "gender": "male",
    "birthDate": "1987-06-05",
    "address": [{"city": CITY}],
}


def subject_of(type_: str, _: str, resource) -> str:
    return f"Person/{resource['id']}" if type_ == "Person" else ""


@asynccontextmanager
async def veiled(uri: str, keys: Keys, name: str) -> AsyncIterator[Veiled]:
    encryption = Encryption.over(uri, name, lambda: keys)
    store = Veiled.under(Veil(encryption, subject_of), uri, name)
    await store.prepare()
    yield store
    await store.close()
    encryption.close()

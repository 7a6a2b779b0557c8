"""A browser signed in at the pages of one base is nobody at those of the other."""

import asyncio
import secrets

import pytest

from fhir_server.oauth import sessions, users
from fhir_server.oauth.users import User
from tests.security.legal.sending import outline

COOKIES = {"health": "session", "legal": "legal-session"}
OTHER = {"health": "legal", "legal": "health"}
# A page for who is signed in, by base.
PAGES = {"health": "/apps", "legal": "/legal/apps"}
USER = User("both-sides", fhir_user="Practitioner/clerk-99", organisations=("issuer-99",),
            roles=("clerk", "signer", "operator"))  # fmt: skip


@pytest.fixture(scope="module")
async def signed_in(world):
    """Give by base the session of a user of the same name."""
    found = {}
    for base, oauth in world.oauths.items():
        user = await asyncio.to_thread(users.add, oauth.records, USER)
        found[base] = sessions.start(oauth, user, auth_time=oauth.clock())
    return found


async def shown(world, path, name, value):
    """Give the answer to a browser with one cookie."""
    return await world.http.get(path, headers={"Cookie": f"{name}={value}"})


@pytest.mark.parametrize("base", COOKIES)
async def test_a_session_of_one_base_is_none_at_the_other(world, signed_in, base):
    path, name = PAGES[base], COOKIES[base]
    assert (await shown(world, path, name, signed_in[base])).status_code == 200
    nobody = outline(await shown(world, path, name, secrets.token_urlsafe(32)))
    assert nobody[0] in (302, 303)
    for cookie in (name, COOKIES[OTHER[base]]):
        foreign = outline(await shown(world, path, cookie, signed_in[OTHER[base]]))
        assert foreign[0] == nobody[0]
        assert foreign[2] == nobody[2]


@pytest.mark.parametrize("base", COOKIES)
@pytest.mark.parametrize("what", ["queue", "dossier/TASK_OPEN", "certificate/CERT_NEVER"])
async def test_pages_of_the_legal_base_are_shown_to_its_users_alone(world, signed_in, base, what):
    path = f"/legal/{what}"
    for word in ("TASK_OPEN", "CERT_NEVER"):
        path = path.replace(word, world.words[word])
    answer = await shown(world, path, "legal-session", signed_in[base])
    assert (answer.status_code == 200) == (base == "legal")
    assert ("KANARIA" in answer.text) <= (base == "legal")


@pytest.mark.parametrize("what", ["queue", "dossier/TASK_OPEN", "certificate/CERT_NEVER", "v/x"])
async def test_health_has_no_such_pages(world, signed_in, what):
    one = await shown(world, f"/{what}", "session", signed_in["health"])
    other = await shown(world, "/never-was", "session", signed_in["health"])
    assert one.status_code == other.status_code == 404

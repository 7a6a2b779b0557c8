"""Tokens, codes, clients and proofs of one base at the other: unknown there, like made-up ones."""

import base64
import json
import secrets

import pytest

from fhir_server.oauth import clients, codes, grants, refresh
from fhir_server.oauth.clients import Client
from fhir_server.store.clock import wall
from tests.extensions.judicial_record.conftest import SITE
from tests.oauth.registry import KEYS, encoded, public, rewritten, signed
from tests.security.legal.sending import PATHS, outline

BASES = ["health", "legal"]
OTHER = {"health": "legal", "legal": "health"}
ROOT = {"health": "/oauth", "legal": "/legal/oauth"}
BACK = "https://app.example/back"
TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
CLIENT = "both-known"
SCOPE = {"health": "system/Patient.rs", "legal": "legal/Task.rs"}


async def form(world, base, path, **told):
    """Post a form to an authorization server."""
    return await world.http.post(f"{ROOT[base]}/{path}", data=told)


@pytest.fixture(scope="module")
async def known(world):
    """Give by base a client of the same id and key, and what was given to it."""
    found = {}
    for base, oauth in world.oauths.items():
        keys = {"keys": [public(KEYS["RS384"])]}
        told = {"scopes": (SCOPE[base],), "jwks": keys, "status": "active"}
        kinds = ("authorization_code", "client_credentials")
        client, _ = clients.add(
            oauth,
            Client(CLIENT, "Both", "asymmetric", kinds, (BACK,), **told),
        )
        grant = grants.new(oauth, client, (SCOPE[base], "offline_access"), seconds=3600)
        asked = {"client": CLIENT, "redirect_uri": BACK, "nonce": "", "dpop_jkt": "",
                 "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"}  # fmt: skip
        found[base] = {
            "refresh_token": refresh.new(oauth, grant, ""),
            "code": codes.new(oauth, asked, grant),
        }
    return found


def assertion(base, **header):
    """Give a proof of the client for the token endpoint of a base."""
    claims = {"iss": CLIENT, "sub": CLIENT, "aud": f"{SITE}{ROOT[base]}/token",
              "exp": wall() // 10**6 + 200, "jti": secrets.token_hex(16)}  # fmt: skip
    return signed(claims, **header)


def proof(base, **header):
    return {"client_assertion_type": TYPE, "client_assertion": assertion(base, **header)}


@pytest.mark.parametrize("base", BASES)
async def test_a_token_of_one_base_is_unknown_at_the_other(world, base):
    paths = ("Task/TASK_NEVER", "metadata", "Patient", "JudicialRecordCertificate/_search", "")
    tried = [one for one in world.tokens if one.startswith(f"{OTHER[base]}:")]
    assert len(tried) >= 6
    for path in paths:
        answers = set()
        for text in (*(world.tokens[one] for one in tried), secrets.token_urlsafe(32)):
            headers = {"Authorization": f"Bearer {text}"}
            method = "POST" if path.endswith("_search") or not path else "GET"
            told = path.replace("TASK_NEVER", world.words["TASK_NEVER"])
            answers.add(
                outline(
                    await world.http.request(method, f"{PATHS[base]}/{told}", headers=headers),
                )[::2]
            )
        assert len(answers) == 1
        # Capabilities are for everybody; where there is no such road, there is for nobody.
        roads = {("legal", "Patient"): 404, ("legal", ""): 404}
        expected = 200 if path == "metadata" else roads.get((base, path), 401)
        assert answers.pop()[0] == expected, path


@pytest.mark.parametrize("base", BASES)
async def test_a_refresh_token_of_one_base_is_unknown_at_the_other(world, known, base):
    told = {"grant_type": "refresh_token"}
    foreign, own = known[OTHER[base]]["refresh_token"], known[base]["refresh_token"]
    answers = [
        await form(world, base, "token", **told, refresh_token=one, **proof(base))
        for one in (foreign, secrets.token_urlsafe(32), own)
    ]
    assert [one.status_code for one in answers] == [400, 400, 200]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("base", BASES)
async def test_a_code_of_one_base_is_unknown_at_the_other(world, known, base):
    told = {"grant_type": "authorization_code", "redirect_uri": BACK,
            "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"}  # fmt: skip
    foreign, own = known[OTHER[base]]["code"], known[base]["code"]
    answers = [
        await form(world, base, "token", **told, code=one, **proof(base))
        for one in (foreign, secrets.token_urlsafe(32), own)
    ]
    assert [one.status_code for one in answers] == [400, 400, 200]
    assert answers[0].content == answers[1].content


@pytest.mark.parametrize("base", BASES)
async def test_a_proof_for_one_token_endpoint_is_none_at_the_other(world, known, base):
    told = {"grant_type": "client_credentials", "scope": SCOPE[base]}
    crossed = await form(world, base, "token", **told, **proof(OTHER[base]))
    assert crossed.status_code in (400, 401)
    assert (await form(world, base, "token", **told, **proof(base))).status_code == 200


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize(
    "header",
    [
        {"kid": "../../keys.json"},
        {"kid": "1' or '1'='1"},
        {"kid": f"{SITE}/.well-known/legal-jwks.json"},
        {"jku": f"{SITE}/legal/oauth/jwks"},
        {"jwk": public(KEYS["ES384"])},
    ],
)
async def test_no_word_in_the_head_of_a_proof_finds_another_key(world, known, base, header):
    key = KEYS["ES384"]
    text = assertion(base)
    head = {"alg": "RS384", "typ": "JWT", "kid": "one", **header}
    body = json.loads(_decoded(text))
    forged = signed({**body, "jti": secrets.token_hex(16)}, key, "ES384", **header)
    told = {"grant_type": "client_credentials", "scope": SCOPE[base]}
    none = rewritten(text, header={**head, "alg": "none"}, signature="")
    for one in (forged, none, f"{encoded({**head, 'alg': 'none'})}.{encoded(body)}."):
        answer = await form(
            world, base, "token", **told, client_assertion_type=TYPE, client_assertion=one
        )
        assert answer.status_code in (400, 401), answer.text
        assert "access_token" not in answer.text


def _decoded(text):
    body = text.split(".")[1]
    return base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))


@pytest.mark.parametrize("base", BASES)
async def test_introspection_and_revocation_know_nothing_of_the_other_base(world, known, base):
    tokens = {}
    for one in BASES:
        told = {"grant_type": "client_credentials", "scope": SCOPE[one]}
        answer = await form(world, one, "token", **told, **proof(one))
        tokens[one] = answer.json()["access_token"]
    foreign = tokens[OTHER[base]]
    answers = [
        (await form(world, base, "introspect", token=one, **proof(base))).json()
        for one in (foreign, secrets.token_urlsafe(32), tokens[base])
    ]
    assert answers[:2] == [{"active": False}] * 2
    assert answers[2]["active"] is True
    assert (await form(world, base, "revoke", token=foreign, **proof(base))).status_code == 200
    again = await form(world, OTHER[base], "introspect", token=foreign, **proof(OTHER[base]))
    assert again.json()["active"] is True


@pytest.mark.parametrize("base", BASES)
async def test_a_client_of_one_base_is_nobody_at_the_other(world, base):
    oauth = world.oauths[OTHER[base]]
    name = {"health": "bodies", "legal": "emr"}[base]
    assert clients.get(oauth, name)
    assert clients.get(world.oauths[base], name) is None
    asked = {"response_type": "code", "redirect_uri": BACK, "state": "s" * 22, "scope": "openid",
             "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
             "code_challenge_method": "S256", "aud": f"{SITE}{PATHS[base]}"}  # fmt: skip
    answers = [
        await world.http.get(f"{ROOT[base]}/authorize", params={**asked, "client_id": one})
        for one in (name, "never-registered")
    ]
    assert outline(answers[0], {"X": name}) == outline(answers[1], {"X": "never-registered"})


async def test_no_key_of_one_base_is_published_by_the_other(world):
    ids = {}
    for name, path in (
        ("health", "/oauth/jwks"),
        ("legal", "/legal/oauth/jwks"),
        ("issuers", "/.well-known/legal-jwks.json"),
    ):
        told = (await world.http.get(path)).json()["keys"]
        assert told
        ids[name] = {json.dumps(one.get("n") or one.get("x")) for one in told}
    assert not ids["health"] & ids["legal"]
    assert not ids["issuers"] & (ids["health"] | ids["legal"])

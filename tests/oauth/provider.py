"""An identity provider for the tests: it lies where a test wants it to."""

import base64
import hashlib
import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx2
from joserfc import jws, jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from fhir_server.oauth.provider import Provider, Registration
from fhir_server.outbound.client import Outbound
from tests.oauth.identity import Clock

ISSUER = "https://id.example.org"
CALLBACK = "https://example.org/federation"
SECRET = "a secret:with / odd signs"
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec"})
# A key the provider never published.
FOREIGN = RSAKey.generate_key(2048, {"kid": "rsa"})
OURS = Registration(
    issuer=ISSUER,
    client_id="the books",
    redirect_uri=CALLBACK,
    acr=("2", "3"),
    claim="citizen_number",
    scopes=("openid", "citizen"),
    secret=SECRET,
)


@dataclass
class Mock:
    """`claims` and `header` replace what an honest provider says; a value of None leaves it out."""

    clock: Clock = field(default_factory=Clock)
    claims: dict = field(default_factory=dict)
    header: dict = field(default_factory=dict)
    document: dict = field(default_factory=dict)
    answer: dict = field(default_factory=dict)
    key: object = field(default_factory=lambda: RSA)
    keys: list = field(default_factory=lambda: [RSA, EC])
    statuses: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    codes: dict = field(default_factory=dict)
    client_keys: KeySet | None = None

    def signs_in(self, address, number="099000000001", sub="person-1", **changed):
        """Do what the provider does when a browser comes and the person signs in."""
        assert address.startswith(f"{ISSUER}/authorize?")
        query = dict(parse_qsl(urlsplit(address).query, strict_parsing=True))
        assert query["response_type"] == "code"
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = {"query": query, "number": number, "sub": sub}
        answer = {"code": code, "state": query["state"], "iss": ISSUER} | changed
        return {name: value for name, value in answer.items() if value is not None}

    def handle(self, request):
        path = request.url.path
        self.asked.append(path)
        status = self.statuses.get(path, 200)
        told = {
            "/.well-known/openid-configuration": self.discovery,
            "/keys": lambda _: {"keys": [one.as_dict(private=False) for one in self.keys]},
            "/token": self.token,
        }[path](request)
        if isinstance(told, int):
            status, told = told, {}
        return answered(json.dumps(told).encode(), status)

    def discovery(self, _):
        told = {
            "issuer": ISSUER,
            "authorization_endpoint": f"{ISSUER}/authorize",
            "token_endpoint": f"{ISSUER}/token",
            "jwks_uri": f"{ISSUER}/keys",
            "authorization_response_iss_parameter_supported": True,
        }
        return told | self.document

    def token(self, request):
        form = dict(parse_qsl(request.content.decode(), strict_parsing=True))
        begun = self.codes.pop(form["code"], None)
        if begun is None or not self.knows(request, form):
            return 400
        challenge = hashlib.sha256(form["code_verifier"].encode()).digest()
        if encoded(challenge) != begun["query"]["code_challenge"]:
            return 400
        assert form["redirect_uri"] == CALLBACK
        token = "an access token"
        claims = {
            "iss": ISSUER,
            "sub": begun["sub"],
            "aud": OURS.client_id,
            "exp": self.clock() + 300,
            "iat": self.clock(),
            "auth_time": self.clock() - 5,
            "nonce": begun["query"]["nonce"],
            "acr": "2",
            "at_hash": encoded(hashlib.sha256(token.encode()).digest()[:16]),
            "citizen_number": begun["number"],
        } | self.claims
        told = {"access_token": token, "token_type": "Bearer", "id_token": self.signed(claims)}
        return told | self.answer

    def knows(self, request, form):
        if self.client_keys is not None:
            token = jwt.decode(form["client_assertion"], self.client_keys, algorithms=["ES256"])
            told = token.claims
            return told["iss"] == told["sub"] == OURS.client_id and told["aud"].endswith("/token")
        scheme, _, sent = request.headers["authorization"].partition(" ")
        name, _, secret = base64.b64decode(sent).decode().partition(":")
        return (scheme, unquote(name), unquote(secret)) == ("Basic", OURS.client_id, SECRET)

    def signed(self, claims):
        given = {name: value for name, value in claims.items() if value is not None}
        kind = {RSAKey: "RS256", ECKey: "ES256", OctKey: "HS256"}.get(type(self.key), "none")
        header = {"alg": kind, "kid": getattr(self.key, "kid", "rsa")} | self.header
        header = {name: value for name, value in header.items() if value is not None}
        signed = ".".join(encoded(json.dumps(part).encode()) for part in (header, given))
        if self.key is None:
            return f"{signed}.AA"
        # Not by joserfc's own writer, which refuses what a liar writes.
        algorithm = jws.JWSRegistry.algorithms[header["alg"]]
        return f"{signed}.{encoded(algorithm.sign(signed.encode(), self.key))}"

    def provider(self, registered=OURS):
        outbound = Outbound(frozenset({ISSUER}), transport=httpx2.MockTransport(self.handle))
        return Provider(registered, outbound, self.clock)


def answered(body, status=200):
    """Give an answer that is read as it comes, as from a socket."""
    headers = {"Cache-Control": "max-age=300"}
    return httpx2.Response(status, stream=httpx2.ByteStream(body), headers=headers)


def encoded(raw):
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")

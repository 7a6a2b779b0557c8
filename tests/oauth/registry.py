"""An authorization server for the tests of clients: records, a set clock, a net of fake servers."""

import base64
import hashlib
import json
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

import httpx2
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from joserfc.jws import JWSRegistry

from fhir_server.interactions.current import Current
from fhir_server.oauth import clients, server
from fhir_server.oauth.assertion import TYPE
from fhir_server.oauth.clients import Client
from fhir_server.oauth.exchange import answered
from fhir_server.oauth.server import OAuth
from fhir_server.outbound.client import Outbound
from fhir_server.store.records import Records
from tests.records import drop

NOW = 2_000_000_000
ISSUER = "https://fhir.example.org/oauth"
TOKEN_URL = f"{ISSUER}/token"
KEYS = {
    "RS384": RSAKey.generate_key(2048, {"kid": "one"}),
    "ES384": ECKey.generate_key("P-384", {"kid": "one"}),
    "ES256": ECKey.generate_key("P-256", {"kid": "one"}),
}
OTHER = RSAKey.generate_key(2048, {"kid": "one"})


class Clock:
    now = NOW

    def __call__(self):
        return self.now


class Net:
    """Servers of others: URL → status, headers, body; every request is noted."""

    def __init__(self):
        self.pages, self.asked = {}, []
        self.outbound = Outbound(resolve=self.resolve, transport=httpx2.MockTransport(self.answer))

    async def resolve(self, host, port):
        return ["93.184.216.34"]

    def answer(self, request):
        url = f"https://{request.headers['host']}{request.url.raw_path.decode()}"
        self.asked.append(url)
        status, headers, body = self.pages.get(url, (404, {}, b""))

        async def pieces():
            yield body

        return httpx2.Response(status, headers=headers, content=pieces())

    def serve(self, url, keys, status=200, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        self.pages[url] = (status, sent, json.dumps({"keys": keys}).encode())


@contextmanager
def registry(mongodb_uri, spec=None):
    """Give an authorization server, and the net it asks in; `emptied` makes it new again."""
    records = Records.open(mongodb_uri, f"test_{uuid4().hex}")
    records.prepare(server.KINDS)
    net, clock = Net(), Clock()
    base = ISSUER.removesuffix("/oauth") + "/fhir"
    try:
        yield OAuth(ISSUER, base, records, None, Current(spec), clock, net.outbound), net
    finally:
        drop(records)
        records.close()


def emptied(oauth, net):
    for kind in server.KINDS:
        oauth.records.remove(kind, {})
    oauth.clock.now = NOW
    net.pages.clear()
    net.asked.clear()
    return oauth, net


def public(key):
    return key.as_dict(private=False)


def kept(oauth, kind="asymmetric", **given):
    """Keep an active client; give it, and its secret."""
    told = {"id": "app", "name": "An app", "status": "active", **given}
    if kind == "asymmetric" and not {"jwks", "jwks_uri"} & set(told):
        told["jwks"] = {"keys": [public(KEYS["RS384"])]}
    return clients.add(oauth, Client(kind=kind, **told))


def claims(oauth, **changed):
    told = {
        "iss": "app",
        "sub": "app",
        "aud": TOKEN_URL,
        "exp": oauth.clock() + 240,
        "jti": uuid4().hex,
        **changed,
    }
    return {name: value for name, value in told.items() if value is not None}


def signed(told, key=KEYS["RS384"], alg="RS384", **header):
    head = {"alg": alg, "typ": "JWT", "kid": "one", **header}
    head = {name: value for name, value in head.items() if value is not None}
    registry_ = JWSRegistry(algorithms=[alg], strict_check_header=False)
    registry_.max_header_length = 4096
    return jwt.encode(head, told, key, registry=registry_, default_type=None)


def encoded(value):
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def rewritten(jwt_, *, header=None, payload=None, signature=None, key=KEYS["RS384"], alg="RS384"):
    """Give a JWT with these bytes in the place of its own, signed anew unless told how."""
    head, body, sign = jwt_.split(".")
    head = encoded(header) if header is not None else head
    body = encoded(payload) if payload is not None else body
    if signature is None:
        algorithm = JWSRegistry.algorithms[alg]
        sign = encoded(algorithm.sign(f"{head}.{body}".encode(), key))
    else:
        sign = signature
    return f"{head}.{body}.{sign}"


def proving(assertion, **more):
    form = {"client_assertion_type": TYPE, "client_assertion": assertion, **more}
    return tuple(form.items())


def at_hash(token):
    return base64.urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()


def changed(oauth, **fields):
    return replace(oauth, **fields)


def answer_of(error):
    """Give the answer an error becomes."""

    def make():
        raise error

    return answered(make)

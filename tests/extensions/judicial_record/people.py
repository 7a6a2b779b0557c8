"""Who has business with a certificate, each with a token of the legal base; and what they send."""

from collections.abc import Sequence
from typing import Any

import httpx2

from extensions.judicial_record.story import (
    APPLIES,
    CLERK,
    ISSUER,
    NUMBER,
    OFFICER,
    READS,
    SIGNER,
    TYPE,
    application,
    five,
    receipt,
    told,
)
from fhir_server.oauth import clients, grants, tokens
from fhir_server.oauth.clients import Client
from fhir_server.oauth.server import OAuth

__all__ = [
    "APPLIES",
    "CLERK",
    "HOLDS",
    "ISSUER",
    "NUMBER",
    "OFFICER",
    "READS",
    "SIGNER",
    "TYPE",
    "Asking",
    "application",
    "five",
    "receipt",
    "token",
    "told",
]
HOLDS = (*READS, *APPLIES, "legal/$passcode", "legal/$as-document", "legal/$as-basic")


def token(oauth: OAuth, scopes: Sequence[str], **whose: Any) -> str:
    """Give an access token of the client `app`, for a user where `fhir_user` is told."""
    name = whose.pop("client", "app")
    client = clients.get(oauth, name)
    if client is None:
        made = Client(name, f"App {name}", "public", scopes=tuple(scopes), status="active")
        client, _ = clients.add(oauth, made)
    whose = {"user": whose.get("fhir_user", ""), **whose}
    grant = grants.new(oauth, client, scopes, seconds=3600, **whose)
    return tokens.issue(oauth, grant, scopes, seconds=3600)[0]


class Asking:
    """Requests to the legal base with one token; bodies are Parameters' rows."""

    def __init__(self, http: httpx2.AsyncClient, token: str) -> None:
        self.http, self.headers = http, {"Authorization": f"Bearer {token}"} if token else {}

    async def do(self, path: str, *rows: Any, status: int | None = 200) -> Any:
        """Call an operation; give the resource of the answer."""
        body = {"resourceType": "Parameters", "parameter": list(rows)} if rows else None
        answer = await self.http.post(
            f"/legal/fhir/{path}",
            json=body,
            headers={**self.headers, "Content-Type": "application/fhir+json"},
        )
        assert status is None or answer.status_code == status, (path, answer.text)
        return answer.json()

    async def get(self, path: str, status: int = 200) -> Any:
        answer = await self.http.get(f"/legal/fhir/{path}", headers=self.headers)
        assert answer.status_code == status, (path, answer.text)
        return answer.json()

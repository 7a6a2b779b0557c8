"""An attack: a request that must not get further than its safe answer, in each form on the wire."""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from tests.client import Client
from tests.security.world import CANARY, SECRET

# As long as the canary.
NOBODY = "never07f3a"
assert len(NOBODY) == len(CANARY)
# In words, and as a file's data has them.
_SECRETS = (SECRET.encode(), base64.b64encode(SECRET.encode())[:-4])
_PASSING = re.compile(
    r'"(id|lastUpdated|lastModified|url)":\s*"[^"]*",?|request [0-9a-f]{32}'
    r'|<(id|lastUpdated|lastModified) value="[^"]*"/>'
    # The id a new resource would have had.
    r"|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)


@dataclass(frozen=True)
class Attack:
    """One request; `id` is the catalogue's, such as R02.

    `safe` names the answer it may get: `absent`, byte for byte what the same request gets for an
    id that never was; `empty`, a searchset without matches; `refused`, 401 or 403; `ours`, any
    answer; `invalid`, 400 to 422. No answer may hold the secret of another patient, or an id of
    theirs that was not asked for, and none is a 5xx.
    """

    id: str
    method: str
    path: str
    safe: str
    body: Any = None
    form: str = "http"
    headers: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        """Give a name for reports."""
        return f"{self.id} {self.form} {self.method} {self.path[:120]}"

    def of_nobody(self) -> "Attack":
        """Give the same request about what never was, ids as long as the ones attacked."""

        def told(text: str) -> str:
            return text.replace(CANARY, NOBODY)

        body = None if self.body is None else json.loads(told(json.dumps(self.body)))
        return replace(self, path=told(self.path), body=body)


def in_forms(attacks: Iterable[Attack]) -> Iterator[Attack]:
    """Give each attack alone, searches posted too, and as entry of a batch and a transaction."""
    for one in attacks:
        yield one
        path, _, query = one.path.partition("?")
        if one.method == "GET" and query and not path.endswith("_search") and "$" not in path:
            yield replace(one, form="post", method="POST", path=f"{path}/_search?{query}")
        if "Bundle" not in path and not path.startswith(("$", "_history", "metadata")):
            yield replace(one, form="batch")
            if one.method != "HEAD":
                yield replace(one, form="transaction")


async def sent(client: Client, attack: Attack) -> httpx2.Response:
    """Send an attack in its form."""
    headers = dict(attack.headers)
    if attack.form == "post":
        path, _, query = attack.path.partition("?")
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return await client.http.request(
            "POST", f"/fhir/{path}", content=query.encode(), headers=headers | form
        )
    if attack.form in ("batch", "transaction"):
        bundle = {"resourceType": "Bundle", "type": attack.form, "entry": [entry(attack)]}
        return await client.post("", bundle, **headers)
    content = None if attack.body is None else json.dumps(attack.body).encode()
    told = {"Content-Type": content_type(attack)} if content else {}
    return await client.http.request(
        attack.method, f"/fhir/{attack.path}", content=content, headers=told | headers
    )


def content_type(attack: Attack) -> str:
    patched = attack.method == "PATCH" and isinstance(attack.body, list)
    return "application/json-patch+json" if patched else "application/fhir+json"


def entry(attack: Attack) -> dict[str, Any]:
    """Give the attack as an entry of a Bundle."""
    names = {"if-match": "ifMatch", "if-none-match": "ifNoneMatch", "if-none-exist": "ifNoneExist"}
    request = {"method": attack.method, "url": attack.path.lstrip("/")}
    request |= {names[name]: value for name, value in attack.headers if name in names}
    given = {"request": request}
    if attack.body is None:
        return given
    resource = attack.body
    if isinstance(resource, list):
        data = base64.b64encode(json.dumps(resource).encode()).decode()
        resource = {"resourceType": "Binary", "contentType": "application/json-patch+json",
                    "data": data}  # fmt: skip
    return {**given, "resource": resource}


Judge = Callable[[Client, Attack, httpx2.Response], Awaitable[str]]


async def verdict(client: Client, attack: Attack) -> str:
    """Give what is wrong with the answer to an attack; empty where it is safe."""
    response = await sent(client, attack)
    text = response.content + repr(response.headers.multi_items()).encode()
    if any(one in text for one in _SECRETS):
        return f"the secret came out ({response.status_code})"
    asked = json.dumps([attack.path, attack.body, attack.headers])
    if CANARY.encode() in text and CANARY not in asked:
        return f"an id came out ({response.status_code})"
    if response.status_code >= 500:
        return f"a {response.status_code}"
    return await JUDGES[attack.safe](client, attack, response)


async def absent(client: Client, attack: Attack, response: httpx2.Response) -> str:
    other = await sent(client, attack.of_nobody())
    if other.status_code != response.status_code:
        return f"{response.status_code}, and {other.status_code} for what never was"
    if normal(response.text) != normal(other.text):
        return f"told apart from what never was: {response.text[:300]} | {other.text[:300]}"
    return ""


def normal(text: str) -> str:
    """Give an answer without what differs from one request to the next: ids and times."""
    return _PASSING.sub("", text.replace(CANARY, "X").replace(NOBODY, "X"))


async def empty(client: Client, attack: Attack, response: httpx2.Response) -> str:
    body = inner(attack, response)
    if response.status_code in (400, 403, 404) or body is None:
        return await absent(client, attack, response)
    entries = [one for one in body.get("entry", ()) if one.get("search", {}).get("mode") == "match"]
    if entries or body.get("total"):
        return f"{len(entries)} entries, total {body.get('total')}"
    return ""


def inner(attack: Attack, response: httpx2.Response) -> Any:
    body = response.json() if response.content else None
    if attack.form in ("batch", "transaction") and body and body.get("resourceType") == "Bundle":
        return body["entry"][0].get("resource", {})
    return body


def status(attack: Attack, response: httpx2.Response) -> int:
    """Give the status of the attack itself, in whichever form it was sent."""
    body = response.json() if response.content else {}
    if attack.form in ("batch", "transaction") and body.get("resourceType") == "Bundle":
        return int(body["entry"][0]["response"]["status"][:3])
    return response.status_code


async def refused(_: Client, attack: Attack, response: httpx2.Response) -> str:
    got = status(attack, response)
    return "" if got in (401, 403) else f"{got}, not refused"


async def ours(_: Client, _attack: Attack, _response: httpx2.Response) -> str:
    return ""


async def invalid(_: Client, attack: Attack, response: httpx2.Response) -> str:
    got = status(attack, response)
    return "" if 400 <= got < 500 else f"{got}, not refused"


JUDGES: dict[str, Judge] = {
    "absent": absent, "empty": empty, "refused": refused, "ours": ours, "invalid": invalid,
}  # fmt: skip

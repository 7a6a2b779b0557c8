"""Clients as they are kept, and what the operator decides of them."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from fhir_server.oauth import clients, grants, review
from fhir_server.oauth.clients import Client, ClientError
from tests.oauth.registry import KEYS, changed, emptied, kept, public, registry


@pytest.fixture(scope="module")
def opened(mongodb_uri):
    with registry(mongodb_uri) as found:
        yield found


@pytest.fixture
def oauth(opened):
    return emptied(*opened)[0]


def test_a_client_is_kept_as_it_is(oauth):
    app, _ = kept(
        oauth,
        facilities=("99001",),
        clearance=("HIV",),
        jwks={"keys": [public(KEYS["ES384"])]},
        contacts=("a@example.org",),
    )
    assert changed(clients.get(oauth, "app"), name_key="") == app
    assert clients.active(oauth, "app")


def test_a_secret_is_told_once_and_kept_as_a_hash(oauth):
    app, secret = kept(oauth, "symmetric")
    assert len(secret) == 43
    assert secret not in str(oauth.records.get("clients", "app"))
    assert clients.holds(app.secret, secret)
    assert app.secret not in repr(app)
    told = clients.told(app)
    assert not {"secret", "client_secret", "registration", "note"} & set(told)


def test_a_new_secret_ends_the_one_before(oauth):
    _, before = kept(oauth, "symmetric")
    after = clients.rotate_secret(oauth, "app")
    hash_ = clients.get(oauth, "app").secret
    assert clients.holds(hash_, after)
    assert not clients.holds(hash_, before)


def test_only_a_client_with_a_secret_has_it_rotated(oauth):
    kept(oauth, "public")
    for id_ in ("app", "nobody"):
        with pytest.raises(ClientError):
            clients.rotate_secret(oauth, id_)


@pytest.mark.parametrize("id_", ["", "nobody", "a" * 200, "$where", "\x00"])
def test_nobody_is_found_by_a_strange_id(oauth, id_):
    assert clients.get(oauth, id_) is None


def test_an_id_is_given_once(oauth):
    kept(oauth, "public")
    with pytest.raises(ClientError, match="already"):
        kept(oauth, "public", name="Another")


def test_a_name_that_looks_like_an_active_one_is_refused(oauth):
    kept(oauth, "public", name="Sổ sức khỏe")
    with pytest.raises(ClientError, match="looks like"):
        clients.add(oauth, Client(id="", name="So suc kh0e", kind="public"))
    review.decide(oauth, "app", "suspend")
    other, _ = clients.add(oauth, Client(id="", name="So suc kh0e", kind="public"))
    review.decide(oauth, other.id, "approve")
    # And when the first comes back, it is the one that looks like another.
    with pytest.raises(ClientError, match="looks like"):
        review.decide(oauth, "app", "approve")


JUMPS = {
    ("pending", "approve"): "active",
    ("pending", "reject"): "rejected",
    ("rejected", "approve"): "active",
    ("active", "suspend"): "suspended",
    ("suspended", "approve"): "active",
}


@pytest.mark.parametrize("decision", ["approve", "reject", "suspend"])
@pytest.mark.parametrize("status", ["pending", "active", "rejected", "suspended"])
def test_what_may_be_decided_of_a_client(oauth, status, decision):
    kept(oauth, "public", status=status)
    after = JUMPS.get((status, decision))
    if after is None:
        with pytest.raises(ClientError):
            review.decide(oauth, "app", decision)
    else:
        assert review.decide(oauth, "app", decision, "why").status == after
        assert clients.get(oauth, "app").note == "why"
    assert clients.get(oauth, "app").status == after or status


def test_of_two_who_decide_at_once_one_is_told(oauth):
    kept(oauth, "public", status="pending")

    def decided(_):
        try:
            return review.decide(oauth, "app", "approve")
        except ClientError:
            return None

    with ThreadPoolExecutor(8) as pool:
        assert len([one for one in pool.map(decided, range(8)) if one]) == 1


def test_what_changed_since_it_was_looked_at_is_not_approved(oauth):
    app, _ = kept(oauth, "public", status="pending")
    assert clients.update(oauth, changed(app, scopes=("openid",), version=1), 0)
    assert not clients.update(oauth, changed(app, scopes=(), version=1), 0)
    with pytest.raises(ClientError, match="meanwhile"):
        review.decide(oauth, "app", "approve", version=0)
    assert review.decide(oauth, "app", "approve", version=1).scopes == ("openid",)


@pytest.mark.parametrize("ended", ["suspend", "remove"])
def test_with_a_client_ends_all_it_was_granted(oauth, ended):
    app, _ = kept(oauth, "public")
    other, _ = kept(oauth, "public", id="two", name="Another")
    for client in (app, other):
        grant = grants.new(oauth, client, ["openid"], seconds=60)
        token = {"_id": client.id, "client": client.id, "grant": grant["_id"], "revoked": False}
        oauth.records.insert("tokens", token)
    if ended == "suspend":
        review.decide(oauth, "app", "suspend")
    else:
        review.remove(oauth, "app")
        assert clients.get(oauth, "app") is None
    for kind in ("grants", "tokens"):
        (left,) = oauth.records.find(kind, {"revoked": False})
        assert left["client"] == "two"

"""`fhir-server certificate verify`: a verdict as words in two languages and as an exit code."""

import json
import time
from datetime import UTC, datetime

import pytest
from joserfc.jwk import ECKey
from typer.testing import CliRunner

from fhir_server.cli import app
from tests.extensions.judicial_record.paper.bodies import form_1
from tests.extensions.judicial_record.paper.test_offline import ISSUED, code
from tests.extensions.judicial_record.proof.issuing import PAPER, World


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Give a folder with a certificate issued now, and all its evidence."""
    folder, world = tmp_path_factory.mktemp("certificate"), World()
    now = int(time.time())
    certificate = world.certificate(issued=datetime.fromtimestamp(now, UTC).isoformat())
    files = {
        "certificate.json": json.dumps(certificate),
        "tampered.json": json.dumps(certificate).replace("form-2", "form-1"),
        "keys.json": json.dumps({"keys": world.rows}),
        "status": world.status(iat=now, exp=now + 86_400) + "\n",
        "old": world.status(iat=now - 3600, exp=now + 86_400),
        "revoked": world.status(7, 1, iat=now, exp=now + 86_400),
        "log.json": json.dumps(world.inclusion(certificate)),
        "other.pdf": "something else",
        "page.pdf": PAPER.decode(),
        "nothing.json": "{}",
        "broken.json": "{",
    }
    for name, content in files.items():
        (folder / name).write_text(content)
    return folder


def verify(folder, file="certificate.json", **options):
    told = {"keys": "keys.json", "status": "status"} | options
    named = [text for name, one in told.items() if one for text in (f"--{name}", f"{folder}/{one}")]
    return CliRunner().invoke(app, ["certificate", "verify", f"{folder}/{file}", *named])


def test_a_good_certificate_is_valid_in_both_languages(folder):
    ended = verify(folder, pdf="page.pdf", log="log.json")
    assert ended.exit_code == 0, ended.output
    assert ended.output.startswith("VALID · CÓ GIÁ TRỊ\n")
    assert "issuer · cơ quan cấp: Organization/99" in ended.output


@pytest.mark.parametrize(
    ("changed", "code", "words"),
    [
        ({"file": "tampered.json"}, 1, "Chữ ký không khớp"),
        ({"file": "nothing.json"}, 1, "missing or misplaced"),
        ({"file": "page.pdf"}, 1, "not one strict JSON object"),
        ({"status": "revoked"}, 1, "It was revoked."),
        ({"pdf": "other.pdf"}, 1, "The PDF is not the one"),
        ({"log": "nothing.json"}, 1, "Bằng chứng từ nhật ký không khớp."),
        ({"status": None}, 2, "whether it was revoked"),
        ({"status": "old"}, 2, "Danh sách tình trạng đã cũ"),
        ({"keys": "nothing.json"}, 2, "holds no key"),
        ({"keys": "broken.json"}, 2, "is not JSON"),
        ({"log": "broken.json"}, 2, "is not JSON"),
        ({"roots": "keys.json"}, 2, "goes with --pdf"),
        ({"pdf": "page.pdf", "roots": "keys.json"}, 2, "in PEM"),
    ],
)
def test_what_is_wrong_ends_in_1_and_what_is_not_certain_in_2(folder, changed, code, words):
    ended = verify(folder, **changed)
    assert ended.exit_code == code, ended.output
    assert words in ended.output


def test_nothing_of_the_person_is_printed(folder):
    for file in ("certificate.json", "tampered.json"):
        told = verify(folder, file).output
        assert not any(word in told for word in ("NGUYỄN", "TRẦN", "099090000001", "HSST", "1990"))


def scan(folder, text):
    command = ["certificate", "scan", "--keys", f"{folder}/scanned.json"]
    return CliRunner().invoke(app, command, input=f"{text}\n")


def test_a_large_code_is_told_where_an_issuer_signed_it(folder):
    key = ECKey.generate_key("P-256", auto_kid=True)
    row = key.as_dict(private=False) | {"use": "sig", "issuer": "Organization/o1"}
    row |= {"nbf": ISSUED, "exp": ISSUED + 1}
    (folder / "scanned.json").write_text(json.dumps({"keys": [row]}))
    text = code(key, form_1())
    told = scan(folder, text)
    assert told.exit_code == 2, told.output
    assert form_1()["subjectSnapshot"]["name"] in told.output
    for wrong in (text[:-1], text[:20] + "00" + text[22:], "https://example.org", ""):
        assert scan(folder, wrong).exit_code == 1

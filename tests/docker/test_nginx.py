"""The proxy ends TLS, bounds what comes in, and writes nothing personal down."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCKER = Path(__file__).parents[2] / "docker"


@pytest.fixture(scope="module")
def text() -> str:
    return (DOCKER / "nginx.conf").read_text("utf-8")


def test_the_server_behind_is_on_loopback(text):
    assert re.findall(r"(?m)^        server ([\d.:]+)", text) == ["127.0.0.1:8080"]
    assert set(re.findall(r"proxy_pass (\S+);", text)) == {"http://fhir"}


def test_tls_is_1_2_or_newer_and_browsers_are_told_to_stay(text):
    assert re.findall(r"ssl_protocols (.+);", text) == ["TLSv1.2 TLSv1.3"]
    assert "add_header Strict-Transport-Security" in text


@pytest.mark.parametrize(
    "line",
    [
        "client_max_body_size 25m;",
        "large_client_header_buffers 4 16k;",
        "client_header_timeout 15s;",
        "client_body_timeout 30s;",
        "proxy_connect_timeout 2s;",
        "proxy_read_timeout 120s;",
    ],
)
def test_requests_are_bounded(text, line):
    assert line in text


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("X-Request-Id", "$fhir_request_id"),
        ("X-Forwarded-For", "$remote_addr"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", "$http_host"),
        ("Forwarded", '""'),
        ("X-Real-IP", '""'),
    ],
)
def test_the_headers_about_the_caller_are_the_proxys_own(text, header, value):
    assert f"proxy_set_header {header} {value};" in text


def test_metrics_and_the_write_probe_are_not_for_the_public(text):
    public = text[text.index("listen 8443") : text.index("listen 9090")]
    assert "location = /metrics { return 404; }" in public
    assert "location = /health/ready { return 404; }" in public


def test_what_the_proxy_answers_itself_is_an_operation_outcome(text):
    bodies = re.findall(r"return (\d+) '(.+)';", text)
    targets = re.findall(r"error_page [\d ]+(?:=\d+ )?/outcome/(\d+);", text)
    assert sorted(targets) == sorted(status for status, _ in bodies)
    for _, body in bodies:
        outcome = json.loads(body)
        assert outcome["resourceType"] == "OperationOutcome"
        (issue,) = outcome["issue"]
        assert set(issue) == {"severity", "code", "diagnostics"}


def test_the_log_holds_neither_path_nor_query_nor_address(text):
    (form,) = re.findall(r"(?s)log_format bare (.+?);", text)
    assert not re.findall(r"\$(?:request|uri|request_uri|args|remote_\w+|http_\w+)\b", form)
    assert re.findall(r"(?m)^error_log \S+ (\w+);", text) == ["alert"]


def test_nginx_reads_the_file(text, tmp_path):
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    version = subprocess.run([nginx, "-v"], capture_output=True, text=True, check=True).stderr
    if tuple(map(int, version.split("/")[1].split()[0].split("."))) < (1, 25, 1):
        pytest.skip("nginx is older than 1.25.1, which brought `http2 on`")
    subprocess.run([str(DOCKER / "make-secrets"), "localhost", str(tmp_path)], check=True)
    config = tmp_path / "nginx.conf"
    config.write_text(text.replace("/run/secrets", str(tmp_path)), "utf-8")
    done = subprocess.run(
        [nginx, "-t", "-c", str(config)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr

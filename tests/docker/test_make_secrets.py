"""The secrets script makes what the compose file mounts, and keeps what is there."""

import re
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def _run(folder: Path) -> None:
    subprocess.run(
        [str(DOCKER / "make-secrets"), "records.example", str(folder)],
        check=True,
        capture_output=True,
    )


def _contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("ascii") for path in folder.iterdir()}


@pytest.fixture
def folder(tmp_path):
    _run(tmp_path / "secrets")
    return tmp_path / "secrets"


def test_every_secret_of_the_compose_files_is_made(folder):
    files = [yaml.safe_load(path.read_text("utf-8")) for path in DOCKER.glob("compose*.yaml")]
    wanted = {Path(secret["file"]) for one in files for secret in one["secrets"].values()}
    assert {path.parent.name for path in wanted} == {"secrets"}
    assert {path.name for path in wanted} == set(_contents(folder))


def test_the_folder_is_closed_and_the_files_are_readable_inside_it(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o444}


def test_a_second_run_changes_nothing(folder):
    before = _contents(folder)
    _run(folder)
    assert _contents(folder) == before


def test_a_removed_password_is_new_in_every_file_that_repeats_it(folder):
    before = _contents(folder)
    (folder / "mongo_health_password").unlink()
    _run(folder)
    after = _contents(folder)
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"mongo_health_password", "health_mongodb_uri"}
    assert after["mongo_health_password"].strip() in after["health_mongodb_uri"]


def test_no_two_passwords_are_alike(folder):
    passwords = [text for name, text in _contents(folder).items() if name.endswith("_password")]
    assert len(set(passwords)) == 4
    assert all(re.fullmatch(r"[0-9a-f]{64}\n", password) for password in passwords)


def test_the_key_file_has_a_size_mongodb_takes(folder):
    letters = re.sub(r"\s", "", (folder / "mongo_keyfile").read_text("ascii"))
    assert 6 <= len(letters) <= 1024
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", letters)


def test_the_tool_configurations_are_yaml_with_an_address(folder):
    for user in ("admin", "backup"):
        config = yaml.safe_load((folder / f"{user}_config").read_text("ascii"))
        password = (folder / f"mongo_{user}_password").read_text("ascii").strip()
        expected = f"mongodb://{user}:{password}@mongo:27017/?replicaSet=rs0&authSource=admin"
        assert config == {"uri": expected}


def test_the_trial_certificate_names_the_host(folder):
    show = ["openssl", "x509", "-in", str(folder / "tls_certificate"), "-noout", "-ext"]
    done = subprocess.run([*show, "subjectAltName"], capture_output=True, text=True, check=True)
    assert "DNS:records.example" in done.stdout

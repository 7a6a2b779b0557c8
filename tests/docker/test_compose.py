"""The compose file keeps its promises: one door, two users, no secret in the open."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

DOCKER = Path(__file__).parents[2] / "docker"
SECRET_WORDS = re.compile(r"password|passwd|secret|token|key", re.IGNORECASE)
MONGO = ("mongo", "mongo-init", "backup", "restore", "counts")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def services(compose) -> dict[str, Any]:
    return compose["services"]


@pytest.fixture(scope="module")
def users() -> dict[str, tuple[str, str]]:
    script = (DOCKER / "mongo-init.js").read_text("utf-8")
    also = r'(?: also: \["(\w+)"\],)?'
    rows = re.findall(rf'database: "(\w+)",{also} user: "(\w+)", roles: \["(\w+)"\]', script)
    assert all(other in ("", f"{database}_oauth") for database, other, _, _ in rows)
    return {user: (database, role) for database, _, user, role in rows}


def test_only_the_proxy_publishes_and_only_on_loopback(services):
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"proxy": ["127.0.0.1:8443:8443"]}


def test_the_server_lives_in_the_proxys_network_namespace_and_listens_on_loopback(services):
    server = services["server"]
    assert server["network_mode"] == "service:proxy"
    assert "networks" not in server
    command = server["command"]
    assert command[0] == "serve"
    assert command[command.index("--host") + 1] == "127.0.0.1"
    assert command[command.index("--port") + 1] == "8080"


def test_a_new_proxy_takes_the_server_with_it(services):
    assert services["server"]["depends_on"]["proxy"]["restart"] is True


def test_the_server_waits_for_the_users(services):
    waited = services["server"]["depends_on"]["mongo-init"]
    assert waited == {"condition": "service_completed_successfully"}


def test_mongodb_is_version_8_a_replica_set_with_key_file_and_authentication(services):
    assert all(re.fullmatch(r"mongo:8(\.\d+)*", services[name]["image"]) for name in MONGO)
    command = services["mongo"]["command"]
    assert "--auth" in command
    assert "--keyFile=/tmp/keyfile" in command
    script = (DOCKER / "mongo-init.js").read_text("utf-8")
    (name,) = [option.split("=")[1] for option in command if option.startswith("--replSet=")]
    assert f'_id: "{name}"' in script
    assert 'host: "mongo:27017"' in script


def test_the_key_file_is_copied_to_memory_before_mongod_reads_it(services):
    start = services["mongo"]["entrypoint"][2]
    assert "install -m 0400 /run/secrets/mongo_keyfile /tmp/keyfile" in start
    assert 'exec mongod "$$@"' in start
    assert "/tmp" in services["mongo"]["tmpfs"]


def test_mongodb_does_not_offer_zlib(services):
    assert "--networkMessageCompressors=snappy,zstd" in services["mongo"]["command"]


def test_health_and_legal_have_a_database_and_a_user_each(users):
    assert users["health"] == ("fhir", "readWrite")
    assert users["legal"] == ("fhir_legal", "readWrite")
    assert [name for name, (_, role) in users.items() if role == "root"] == ["admin"]


def test_every_user_has_a_password_where_the_init_job_reads_it(users, services):
    assert set(services["mongo-init"]["secrets"]) == {f"mongo_{user}_password" for user in users}


def test_the_server_is_given_the_health_database_only(services):
    server = services["server"]
    assert server["environment"]["FHIR_DATABASE"] == "fhir"
    assert server["environment"]["FHIR_ENV"] == "production"
    assert not [secret for secret in server["secrets"] if "legal" in secret or "admin" in secret]


def test_the_legal_base_is_a_file_of_its_own_with_its_own_user_and_volume(compose):
    legal = yaml.safe_load((DOCKER / "compose.legal.yaml").read_text("utf-8"))
    (server,) = legal["services"].values()
    environment = server["environment"]
    assert environment["FHIR_LEGAL"] == "true"
    assert environment["FHIR_LEGAL_DATABASE"] == "fhir_legal"
    uri = environment["FHIR_LEGAL_MONGODB_URI_FILE"].removeprefix("/run/secrets/")
    assert server["secrets"] == [uri] == list(legal["secrets"])
    assert server["volumes"] == [f"legal:{environment['FHIR_LEGAL_FOLDER']}"]
    assert "legal" in legal["volumes"]
    assert "legal" not in compose["volumes"]
    built = (DOCKER / "Dockerfile").read_text("utf-8")
    assert "install -d -m 0700 -o 10001 -g 10001 /legal" in built


def test_no_secret_stands_in_an_environment_or_a_command(services):
    for name, service in services.items():
        for key, value in service.get("environment", {}).items():
            if SECRET_WORDS.search(key) or "URI" in key:
                assert key.endswith("_FILE"), (name, key)
                assert str(value).startswith("/run/secrets/"), (name, key)
        words = " ".join(map(str, service.get("command", [])))
        assert not re.search(r"--password|mongodb://", words), name


def test_every_secret_a_service_reads_is_given_to_it(services):
    for name, service in services.items():
        named = set(re.findall(r"/run/secrets/(\w+)", yaml.safe_dump(service)))
        assert named <= set(service.get("secrets", [])), name


def test_every_secret_is_declared_and_used(compose, services):
    used = {secret for service in services.values() for secret in service.get("secrets", [])}
    assert used == set(compose["secrets"])


def test_every_service_is_hardened(services):
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert "cap_add" not in service, name
        assert set(service["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}, name


def test_no_service_runs_as_root(services):
    for name, service in services.items():
        if name != "server":  # the image's own user: test_dockerfile.py
            assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", service["user"]), name


def test_what_runs_all_day_has_a_health_check_and_comes_back(services):
    for name in ("mongo", "proxy", "server"):
        assert services[name]["restart"] == "unless-stopped"
        assert name == "server" or "healthcheck" in services[name]
    assert "healthcheck" not in services["server"]


def test_the_database_network_has_no_way_out(compose, services):
    assert compose["networks"]["database"] == {"internal": True}
    assert services["mongo"]["networks"] == ["database"]
    assert services["mongo-init"]["network_mode"] == "service:mongo"


def test_records_live_in_a_named_volume(compose, services):
    assert "mongo-data:/data/db" in services["mongo"]["volumes"]
    assert "mongo-data" in compose["volumes"]


def test_a_backup_holds_both_databases_at_one_instant_and_a_restore_replays_it(services):
    assert "--oplog" in services["backup"]["command"]
    assert "--oplogReplay" in services["restore"]["command"]
    narrowed = re.compile(r"--(db|collection|ns|exclude)")  # refused beside the oplog options
    assert not list(filter(narrowed.match, services["backup"]["command"]))
    assert not list(filter(narrowed.match, services["restore"]["command"]))
    assert services["backup"]["profiles"]
    assert services["restore"]["profiles"]


def test_the_scripts_read_only_secrets_they_are_given(services):
    for name in ("mongo-init", "counts"):
        (mount,) = services[name]["volumes"]
        script = (DOCKER / mount.split(":")[0]).read_text("utf-8")
        named = set(re.findall(r"/run/secrets/(\w+)", script))
        assert all(secret in services[name]["secrets"] or secret == "mongo_" for secret in named)


def test_every_image_has_a_version(services):
    for name, service in services.items():
        assert re.fullmatch(r"[a-z-]+:\d[\w.-]*", service["image"]), name


def test_every_file_that_is_mounted_or_built_exists(compose, services):
    for service in services.values():
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in compose["volumes"] or (DOCKER / source).is_file(), source
    build = services["server"]["build"]
    assert (DOCKER / build["context"] / build["dockerfile"]).is_file()


def test_the_secrets_folder_is_never_committed():
    assert "secrets/" in (DOCKER / ".gitignore").read_text("utf-8").split()


def test_docker_compose_reads_the_file():
    docker = shutil.which("docker")
    if docker is None:
        pytest.skip("docker is not installed")
    if subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("`docker compose version` does not answer")
    config = [docker, "compose", "-f", str(DOCKER / "compose.yaml"), "config", "--quiet"]
    done = subprocess.run(config, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

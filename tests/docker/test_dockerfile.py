"""The image holds the runtime and nothing else, runs without root and knows whether it is well."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
INDEX_OPTIONS = ("--index-url", "--extra-index-url", "--trusted-host", "PIP_INDEX_URL")


def _instructions() -> list[tuple[str, str]]:
    text = re.sub(r"(?m)^#.*\n", "", (ROOT / "docker/Dockerfile").read_text("utf-8"))
    lines = text.replace("\\\n", " ").splitlines()
    return [
        (word, " ".join(rest.split()))
        for word, _, rest in (x.partition(" ") for x in lines)
        if word
    ]


def _stages() -> list[list[tuple[str, str]]]:
    stages: list[list[tuple[str, str]]] = []
    for word, rest in _instructions():
        if word == "FROM":
            stages.append([])
        stages[-1].append((word, rest))
    return stages


def _values(word: str, stage: int = -1) -> list[str]:
    return [rest for name, rest in _stages()[stage] if name == word]


def _all(word: str) -> list[str]:
    return [rest for name, rest in _instructions() if name == word]


def test_every_stage_starts_from_a_slim_python_named_by_version():
    bases = _all("FROM")
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"python:3\.1[23]-slim-[a-z]+( AS build)?", base)


def test_the_image_runs_as_a_numbered_user_that_is_not_root():
    (user,) = _values("USER")
    assert re.fullmatch(r"[1-9]\d{3,}:[1-9]\d{3,}", user)
    after = _stages()[-1][_stages()[-1].index(("USER", user)) :]
    assert not {"RUN", "COPY", "ADD"} & {word for word, _ in after}


def test_health_is_the_write_probe_asked_with_python():
    (check,) = _values("HEALTHCHECK")
    assert "/health/ready" in check
    assert "'127.0.0.1', 8080" in check
    assert 'CMD ["python"' in check
    assert "curl" not in check


def test_the_health_check_is_a_program_python_accepts():
    (check,) = _values("HEALTHCHECK")
    program = re.search(r'"-c", "(.+)"\]', check)
    assert program is not None
    compile(program[1], "healthcheck", "exec")


def test_requirements_of_both_bases_come_from_a_lock_by_hash():
    installs = [run for run in _all("RUN") if "pip install" in run]
    (locked,) = [run for run in installs if "--requirement" in run]
    assert "--require-hashes" in locked
    assert "--only-binary=:all:" in locked
    assert locked.endswith("--requirement requirements/legal.txt")
    for run in set(installs) - {locked}:
        assert "pip install --no-index --no-deps /wheels/*.whl" in run


def test_the_embedded_database_cannot_reach_the_image():
    text = (ROOT / "docker/Dockerfile").read_text("utf-8").lower()
    assert "secantus" not in text
    assert "embedded" not in text
    assert "[" not in "".join(run for run in _all("RUN") if "pip install" in run)
    assert "secantus" not in (ROOT / "requirements/legal.txt").read_text("utf-8").lower()


def test_no_package_index_is_named():
    text = (ROOT / "docker/Dockerfile").read_text("utf-8")
    assert not [option for option in INDEX_OPTIONS if option in text]
    assert "://" not in text


def test_only_the_environment_crosses_from_the_build():
    assert _values("COPY") == ["--from=build /opt/fhir-server /opt/fhir-server"]
    assert not _all("ADD")


def test_what_is_uninstalled_is_needed_by_the_build_tools_only():
    (run,) = [run for run in _all("RUN") if "pip uninstall" in run]
    removed = set(run.split("--yes ")[1].split()) - {"pip"}
    lock = (ROOT / "requirements/legal.txt").read_text("utf-8")
    for name in removed:
        entry = re.search(rf"(?m)^{name}==.*\n(?:    .*\n?)+", lock)
        assert entry is not None, name
        wanted_by = set(re.findall(r"#   (?!-c )(\S.*)", entry[0]))
        assert wanted_by <= removed | {"fhir-server (pyproject.toml:build)"}, name


def test_every_file_the_build_copies_exists_and_passes_the_ignore_file():
    ignore = (ROOT / ".dockerignore").read_text("utf-8").split()
    for copy in _values("COPY", stage=0):
        for source in copy.split()[:-1]:
            assert (ROOT / source).exists(), source
            assert f"!{source}" in ignore


def test_the_build_sees_only_what_is_named():
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "*"


def test_the_server_listens_on_loopback_and_takes_itself_for_production():
    (command,) = _values("CMD")
    assert '"--host", "127.0.0.1", "--port", "8080"' in command
    assert "FHIR_ENV=production" in _values("ENV")[0]
    assert not _all("EXPOSE")

"""The folder of an issuing system: made once for trying out, and never where it is meant."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from extensions.judicial_record.opening import ready
from fhir_server.store.key_file import keys_of


def test_many_who_begin_at_once_have_the_same_keys(tmp_path):
    folder = tmp_path / "legal"

    def begun(_):
        ready(folder, trying=True)
        return keys_of(folder / "keys.json"), (folder / "passphrase").read_bytes()

    with ThreadPoolExecutor(8) as pool:
        (_, passphrase), *others = found = list(pool.map(begun, range(32)))
    assert all(one == found[0] for one in others)
    assert len(passphrase) > 30
    assert {file.name for file in folder.iterdir()} == {"keys.json", "passphrase", "bodies.json"}
    assert all(file.stat().st_mode & 0o077 == 0 for file in folder.iterdir())


@pytest.mark.parametrize("lost", ["keys.json", "passphrase", "bodies.json"])
def test_what_is_lost_is_not_made_anew_unless_for_trying_out(tmp_path, lost):
    ready(tmp_path, trying=True)
    ready(tmp_path, trying=False)
    (tmp_path / lost).unlink()
    with pytest.raises(ValueError, match=lost) as refused:
        ready(tmp_path, trying=False)
    others = {"keys.json", "passphrase", "bodies.json"} - {lost}
    assert not any(f"{one} (" in str(refused.value) for one in others)
    assert not (tmp_path / lost).exists()


@pytest.mark.parametrize("trying", [True, False])
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("keys.json", "{"),
        ("keys.json", '{"keys": {}}'),
        ("bodies.json", "[]"),
        ("bodies.json", '{"sample": true}'),
    ],
)
def test_a_file_that_is_not_as_it_has_to_be_is_named_in_one_line(tmp_path, name, content, trying):
    ready(tmp_path, trying=True)
    (tmp_path / name).write_text(content)
    with pytest.raises(ValueError, match=r"Put back|schema\.json says") as refused:
        ready(tmp_path, trying=trying)
    assert str(tmp_path / name) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_later_start_changes_nothing(tmp_path):
    ready(tmp_path, trying=True)
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    ready(tmp_path, trying=True)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before

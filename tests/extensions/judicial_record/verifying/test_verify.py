"""A code and five fields: valid or not, and of everything else one answer."""

import unicodedata

import pytest

from extensions.judicial_record.verifying import attempts, lookup, verify
from extensions.judicial_record.verifying.gate import KINDS, certificate_of
from tests.extensions.judicial_record.verifying.conftest import CODES, FIELDS, parameters

SECRETS = (FIELDS["name"], FIELDS["identity"], FIELDS["birthDate"], CODES["c1"])
WRONG = {
    "dossier": "H99.1-261128-0002",
    "name": "NGUYEN VAN THU",
    "birthDate": "1990-03-02",
    "gender": "female",
    "identity": "099090000002",
}


async def test_who_has_the_paper_learns_that_it_is_valid_and_no_more(legal):
    status, body = await legal.verified()
    assert status == 200
    told = parameters(body)
    assert told.pop("updated").startswith("20")
    assert told == {"valid": True, "issued": "2026-08-03", "issuer": "Công an tỉnh thử nghiệm"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": unicodedata.normalize("NFD", "Nguyễn  văn thử ")},
        {"identity": "099 090 000 001"},
        {"dossier": "h99.1-261128-0001"},
    ],
)
async def test_the_fields_are_read_as_people_write_them(legal, change):
    _, body = await legal.verified(**change)
    assert parameters(body)["valid"] is True


async def test_whatever_is_wrong_has_one_answer_byte_for_byte(legal):
    answers = [await legal.verified("D" * 22, peer="192.0.2.9")]
    for number, (name, value) in enumerate(WRONG.items()):
        answers.append(await legal.verified(peer=f"192.0.2.{number}", **{name: value}))
    answers.append(await legal.verified(CODES["gone"], peer="192.0.2.8", name="TRẦN THỊ MẪU"))
    answers.append(await legal.verified("no code at all \u202e", peer="192.0.2.7"))
    assert set(answers) == {
        (200, b'{"resourceType":"Parameters","parameter":[{"name":"valid","valueBoolean":false}]}')
    }


async def test_a_withdrawn_certificate_is_not_valid_and_says_since_when_to_who_holds_it(legal):
    _, body = await legal.verified(CODES["gone"])
    told = parameters(body)
    assert told["valid"] is False
    assert told["updated"]


async def test_a_signature_that_does_not_hold_is_not_valid(legal):
    legal.told["sound"] = False
    _, body = await legal.verified()
    assert parameters(body)["valid"] is False


async def test_a_field_left_out_is_told_alike_for_every_code(legal):
    told = {await legal.asked("$verify", code=code, name="X") for code in (CODES["c1"], "D" * 22)}
    ((status, words),) = told
    assert status == 400
    assert "dossier" in words


async def test_too_long_a_field_is_refused(legal):
    status, words = await legal.verified(name="X" * (verify.LONGEST + 1))
    assert status == 400
    assert "X" * 10 not in words


@pytest.mark.parametrize("code", [CODES["c1"], "D" * 22])
async def test_who_guesses_waits_whether_or_not_there_is_such_a_code(legal, code):
    for _ in range(attempts.FREE):
        assert (await legal.verified(code, name="X"))[0] == 200
    assert (await legal.verified(code, name="X"))[0] == 200
    status, words = await legal.verified(code)
    assert status == 429
    assert "Try again in" in words
    assert (await legal.verified(code, peer="198.51.100.1"))[0] == 200
    legal.clock.now += 60_000_000
    assert (await legal.verified(code))[0] == 200


async def test_a_code_is_not_guessed_at_from_many_networks(legal, monkeypatch):
    monkeypatch.setattr(attempts, "FREE_OF_CODE", 5)
    for number in range(attempts.FREE_OF_CODE + 1):
        await legal.verified(peer=f"192.0.2.{number}", identity=str(number))
    assert (await legal.verified(peer="198.51.100.1"))[0] == 429


async def test_numbers_in_a_row_find_nothing(legal):
    found = {await legal.verified(f"{n:022}", peer=f"192.0.2.{n}") for n in range(5)}
    assert len(found) == 1


async def test_what_is_kept_says_nothing_of_a_person(legal):
    await legal.verified()
    await legal.verified(name="X")
    database = legal.records.database
    kept = str([list(database[name].find()) for name in KINDS])
    assert not [one for one in (*SECRETS, "192.0.2") if one in kept]


async def test_a_code_is_registered_once(legal):
    before = legal.records.find(lookup.KIND, {})
    found = await certificate_of(legal.context, "c1")
    lookup.register(legal.gate, {**found, "id": "another"})
    assert legal.records.find(lookup.KIND, {}) == before

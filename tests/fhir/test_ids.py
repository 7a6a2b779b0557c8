"""Ids are random, whoever gives them and when."""

import os
import threading
from uuid import UUID

from fhir_server.fhir import ids


def test_an_id_is_a_random_uuid():
    made = [ids.uuid() for _ in range(500)]
    assert len({*made}) == 500
    for one in made:
        assert str(UUID(one)) == one
        assert (UUID(one).version, UUID(one).variant) == (4, UUID(made[0]).variant)


def test_digits_are_128_bits_of_which_each_is_random():
    made = [int(ids.digits(), 16) for _ in range(400)]
    assert all(any(one >> bit & 1 for one in made) for bit in range(128))
    assert all(any(not one >> bit & 1 for one in made) for bit in range(128))


def test_a_child_gives_other_ids_than_its_parent():
    ids.digits()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, ids.digits().encode())
        os._exit(0)
    os.waitpid(child, 0)
    told = os.read(reading, 100).decode()
    os.close(reading)
    os.close(writing)
    assert len(told) == 32
    assert told not in {ids.digits() for _ in range(200)}


def test_threads_give_none_twice():
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(ids.digits() for _ in range(2000)))
        for _ in range(4)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join(10)
    assert len({*made}) == len(made) == 8000

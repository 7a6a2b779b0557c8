"""Stamps only go forward."""

from fhir_server.store.clock import Clock


def test_stamps_increase_while_the_wall_stands_still_or_goes_back():
    wall = iter([100, 100, 50, 200])
    clock = Clock(lambda: next(wall))
    assert [clock.tick() for _ in range(4)] == [100, 101, 102, 200]


def test_a_stamp_comes_after_every_stamp_seen():
    clock = Clock(lambda: 100)
    clock.observe(500)
    clock.observe(300)
    assert clock.tick() == 501

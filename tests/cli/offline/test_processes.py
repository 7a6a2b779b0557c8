"""Processes: answers in the order of what was given, little of it ahead."""

import multiprocessing
import os

import pytest

from fhir_server.cli.offline.processes import EndedError, side_by_side

# The runner of tests may have threads; the command has none when it makes its processes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def square(number):
    return number * number


def process(_number):
    return os.getpid()


def end(_number):
    os._exit(9)


def slow_at_first(number):
    return sum(range(2_000_000 if number == 0 else 10)), number


def large(number):
    return bytes([number % 250]) * 3_000_000


def nothing():
    return None


@pytest.mark.parametrize("jobs", [1, 2])
def test_answers_come_in_the_order_given(jobs):
    found = [*side_by_side(jobs, square, nothing, range(50))]
    assert found == [square(one) for one in range(50)]


def test_one_job_is_this_process_and_more_are_others():
    assert {*side_by_side(1, process, nothing, range(3))} == {os.getpid()}
    assert os.getpid() not in {*side_by_side(2, process, nothing, range(20))}


def test_no_more_is_taken_ahead_than_keeps_the_processes_busy():
    taken = []

    def given():
        for number in range(10_000):
            taken.append(number)
            yield number

    answers = side_by_side(2, square, nothing, given())
    assert [next(answers) for _ in range(3)] == [0, 1, 4]
    assert len(taken) < 20
    answers.close()


def test_a_process_that_is_ended_is_told():
    with pytest.raises(EndedError):
        [*side_by_side(2, end, nothing, range(3))]


def test_nothing_given_is_nothing_answered():
    assert [*side_by_side(2, square, nothing, ())] == []


def test_one_that_takes_long_does_not_lose_its_place():
    found = [*side_by_side(2, slow_at_first, nothing, range(30))]
    assert [number for _, number in found] == [*range(30)]


def test_questions_and_answers_may_be_large():
    found = [*side_by_side(2, len, nothing, (b"x" * 3_000_000 for _ in range(6)))]
    assert found == [3_000_000] * 6
    found = [*side_by_side(2, large, nothing, range(6))]
    assert [one[0] for one in found] == [*range(6)]


def test_nobody_is_left_working_once_no_more_answers_are_wanted():
    answers = side_by_side(2, square, nothing, range(10_000))
    next(answers)
    assert len(multiprocessing.active_children()) == 2
    answers.close()
    assert multiprocessing.active_children() == []

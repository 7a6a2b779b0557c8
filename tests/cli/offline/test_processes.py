"""Processes: answers in the order of what was given, little of it ahead."""

import os
from concurrent.futures.process import BrokenProcessPool

import pytest

from fhir_server.cli.offline.processes import side_by_side

# The runner of tests may have threads; the command has none when it makes its processes.
pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded:DeprecationWarning")


def square(number):
    return number * number


def process(_number):
    return os.getpid()


def end(_number):
    os._exit(9)


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
    with pytest.raises(BrokenProcessPool):
        [*side_by_side(2, end, nothing, range(3))]


def test_nothing_given_is_nothing_answered():
    assert [*side_by_side(2, square, nothing, ())] == []

"""A database that is too slow costs a bench its cell; a wrong answer ends it."""

import pytest

from benchmarks import load
from benchmarks.exchange import Address
from benchmarks.load import Measured
from benchmarks.measuring import Bench, Process
from benchmarks.workloads import Workload

ASKED = Workload("page", (b"GET",), 1, b"", 1), Process("L3", Address(1))


class Generator:
    """Answers what it was given, run after run."""

    def __init__(self, *wrong):
        self.wrong = list(wrong)

    def apply(self, run, _):
        assert run is load.run
        return [Measured(1, 1.0, 0.1, 0.2, self.wrong.pop(0))]


def test_what_is_too_slow_each_time_is_left_out_and_told():
    bench = Bench(Generator(*['{"code":"too-costly"}'] * 3))
    bench.measure(*ASKED)
    assert (bench.cells, len(bench.refused)) == ([], 3)


def test_what_is_late_once_is_asked_again():
    bench = Bench(Generator('{"code":"transient"}', ""))
    bench.measure(*ASKED)
    assert [cell.workload for cell in bench.cells] == ["page"]


def test_what_is_wrong_each_time_ends_the_bench():
    with pytest.raises(SystemExit, match="statuses"):
        Bench(Generator(*["statuses {b'404': 1}"] * 3)).measure(*ASKED)

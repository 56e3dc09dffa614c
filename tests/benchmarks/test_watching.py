import os
import sys

import pytest

from benchmarks import commands
from benchmarks.harness import Limit
from benchmarks.watching import resident, watched

BUSY = "import time; b = b'x' * (50 * 2**20)\nwhile time.process_time() < 0.3: pass"


def test_time_processors_and_memory_are_those_of_the_command():
    spent = watched([sys.executable, "-c", BUSY], os.environ, pause=0.02)
    assert spent.seconds >= 0.3
    assert 0.3 <= spent.processor < spent.seconds + 1
    assert 50 < spent.mebibytes < 500
    assert spent.status == 0


def test_a_command_that_breaks_is_no_measurement():
    with pytest.raises(RuntimeError, match="ended with 3"):
        watched([sys.executable, "-c", "raise SystemExit(3)"], os.environ, pause=0.02)


def test_a_process_that_is_gone_takes_nothing():
    assert resident(2**22 + 1) == 0


def test_a_command_of_the_audit_is_a_row_with_what_it_cost():
    row = commands.measured(commands.Command("explain stubs.function", most=60))
    assert row.operation == "python -m audit explain stubs.function"
    assert row.facts["cost"].endswith("exit code 0")
    assert row.limits == [Limit("time", row.milliseconds["ours"] / 1e3, 60, "s")]

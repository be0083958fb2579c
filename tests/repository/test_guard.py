"""A run ends in order on SIGTERM, and what it forks ends at once."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FORK = """
import os, signal
from tests.kit.processes.guard import end_in_order_on_sigterm

end_in_order_on_sigterm()
child = os.fork()
if child == 0:
    os._exit(signal.getsignal(signal.SIGTERM) != signal.SIG_DFL)
assert os.waitpid(child, 0)[1] == 0, "the child has a handler"
try:
    os.kill(os.getpid(), signal.SIGTERM)
except KeyboardInterrupt:
    print("in order")
assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
"""


def test_a_forked_child_has_the_default_and_the_run_its_handler() -> None:
    done = subprocess.run([sys.executable, "-c", FORK], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout == "in order\n", done.stderr

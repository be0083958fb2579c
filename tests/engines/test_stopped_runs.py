"""A run of tests that is stopped leaves no node, no sidecar and no folder behind."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.kit.nodes import elasticsearch, opensearch
from tests.kit.processes.guardian import marked
from tests.kit.waiting import eventually

RUN = Path(__file__).with_name("run_to_stop.py")
UP_S, GONE_S = 300, 60
JVM_OPTION = "-Dlastly.asked.for=it"
ENGINES = ("elasticsearch", "opensearch")
INTERRUPTED = 2  # pytest's exit status


@dataclass
class Stopped:
    """A run with its nodes up; `mark` is what the processes that it started carry."""

    process: "subprocess.Popen[bytes]"
    told: Path
    mark: bytes
    folder: Path

    def commands(self) -> str:
        """Return the command lines of what it started and what still runs."""
        lines = []
        for number in marked(self.mark):
            try:
                lines.append(Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return "\n".join(lines)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Stopped]:
    """Start a real run of pytest, and wait until its nodes answer."""
    if not shutil.which("mvn") or not elasticsearch.java_home() or not opensearch.java_home():
        pytest.skip("nodes need Maven and JDKs that are new enough")
    told = tmp_path / "told"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(RUN)],
            env={
                **os.environ,
                "RUN_TO_STOP_TELLS": str(told),
                "LASTLY_TEST_LOGS": str(tmp_path / "logs"),
                "LASTLY_TEST_JVM": JVM_OPTION,
            },
            stdout=log,
            stderr=log,
        )
    try:
        assert eventually(lambda: told.exists() or process.poll() is not None, UP_S)
        assert told.exists(), (tmp_path / "log").read_text()[-3000:]
        about = json.loads(told.read_text())
        yield Stopped(process, told, about["mark"].encode(), Path(about["folder"]))
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=lambda how: how.name)
def test_a_stopped_run_leaves_no_process_and_no_folder(run: Stopped, how: signal.Signals) -> None:
    commands = run.commands()
    assert "lastly serve" in commands
    assert commands.count(JVM_OPTION) == len(ENGINES), commands
    run.process.send_signal(how)
    assert run.process.wait(GONE_S) == (INTERRUPTED if how == signal.SIGTERM else -how)
    assert eventually(lambda: not marked(run.mark), GONE_S), run.commands()
    assert eventually(lambda: not run.folder.exists(), GONE_S)
    in_order = how == signal.SIGTERM  # which lets fixtures take down what they set up, and keep its logs
    assert run.told.with_suffix(".down").exists() == in_order
    consoles = (run.told.parent / "logs").glob("*/console.log")
    assert sorted(file.parent.name.split("-")[0] for file in consoles) == (list(ENGINES) if in_order else [])

"""Does natively what the stack's files say: the same commands, environment and checks, at other addresses."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.deploy.files import ROOT, SERVICES, command, dockerfile, run_lines
from tests.kit.limits import BUILD_S, START_S, TOOL_S
from tests.kit.nodes.owner import as_owner
from tests.kit.nodes.search_node import SearchNode
from tests.kit.ports import free_port

KEY = "a key of the stack's test"


def build_plugin(service: str, folder: Path, java_home: str) -> Path:
    """Run the Maven command of an engine's Dockerfile on a copy of what it copies; return the zip that it installs."""
    text = dockerfile(service)
    ignored = shutil.ignore_patterns("target")
    shutil.copytree(ROOT / "plugin", folder / "plugin", ignore=ignored)
    maven = next(line for line in run_lines(text) if line.startswith("mvn "))
    subprocess.run(
        shlex.split(maven), cwd=folder, env={**os.environ, "JAVA_HOME": java_home}, check=True, timeout=BUILD_S
    )
    install = next(line for line in run_lines(text) if "-plugin install" in line)
    source = re.findall(r"source=/src/(\S+),target=/built", text)[0]
    pattern = re.findall(r"ls /built/(\S+)\)", install)[0]
    zips = list((folder / source).glob(pattern))
    assert len(zips) == 1, f"{pattern} in {source}: {zips}"
    return zips[0]


@dataclass
class Stack:
    """Services that run here; `addresses` maps a service's address in the stack to its address here."""

    addresses: dict[str, str] = field(default_factory=dict)
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def translated(self, word: str) -> str:
        """Return a word of a command with this machine's addresses; a service that does not run gets a dead one."""
        return re.sub(r"(?<=http://)([\w-]+:\d+)", lambda found: self.addresses.get(found[1], "127.0.0.1:9"), word)

    def start(self, service: str) -> str:
        """Start a service of the sidecar's image and wait as its health check does; return its address here."""
        port = free_port()
        listened = listened_port(service)
        environment = {**SERVICES[service]["environment"], "LASTLY_HOST": "127.0.0.1", "LASTLY_PORT": str(port)}
        here = {f"--port={listened}": f"--port={port}", "--host=0.0.0.0": "--host=127.0.0.1"}
        words = [here.get(word, self.translated(word)) for word in command(service)]
        process = subprocess.Popen(
            [sys.executable, "-m", "lastly", *words],
            env={**os.environ, **environment, "LASTLY_API_KEY": KEY},
            stderr=subprocess.DEVNULL,
        )
        self.processes.append(process)
        self.addresses[f"{service}:{listened}"] = f"127.0.0.1:{port}"
        _wait(_own_check(service, listened, port), process)
        return f"http://127.0.0.1:{port}"

    def run(self, service: str) -> str:
        """Run a service that ends; return what it printed."""
        words = [self.translated(word) for word in command(service)]
        done = subprocess.run(
            [sys.executable, "-m", "lastly", *words], capture_output=True, text=True, timeout=START_S, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def close(self) -> None:
        """End what was started."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(TOOL_S)


def listened_port(service: str) -> str:
    """Return the port that a service is told to listen on, by its command or its environment."""
    flags = [word.removeprefix("--port=") for word in command(service) if word.startswith("--port=")]
    return str(flags[0] if flags else SERVICES[service]["environment"]["LASTLY_PORT"])


def node_settings(service: str) -> dict[str, str]:
    """Return the engine's settings of a service's environment: the names with dots."""
    return {name: value for name, value in SERVICES[service]["environment"].items() if "." in name}


def put_key(service: str, node: SearchNode) -> None:
    """Run the image's entry point on a node's home, with the engine's own command left out."""
    entry = re.findall(r"^ENTRYPOINT \[(.+)\]$", dockerfile(service), re.MULTILINE)[0]
    words = [word.strip().strip('"') for word in entry.split(",")]
    tool = words[words.index("sidecar-key") + 1]
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "sidecar-key"
        shutil.copy(ROOT / "deploy/docker/sidecar-key.sh", script)
        Path(folder).chmod(0o755)
        done = subprocess.run(
            [script, tool, "sh", "-c", "echo key:${LASTLY_API_KEY:-gone}"],
            env={**node.environment(), "LASTLY_API_KEY": KEY},
            cwd=node.home,
            **as_owner(),
            capture_output=True,
            text=True,
            timeout=TOOL_S,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("key:gone\n")


def check_health(service: str, port: int) -> None:
    """Wait as Compose does before it starts what depends on the service."""
    words = SERVICES[service]["healthcheck"]["test"]
    assert words[0] == "CMD"
    listened = SERVICES[service]["ports"][0].rsplit(":", 1)[1]
    _wait([word.replace(f"127.0.0.1:{listened}", f"127.0.0.1:{port}") for word in words[1:]], None)


def _own_check(service: str, listened: str, port: int) -> list[str]:
    """Return the health check of a service of ours, or else of its image, with the port here."""
    if check := SERVICES[service].get("healthcheck"):
        return [sys.executable, *(word.replace(listened, str(port)) for word in check["test"][2:])]
    written = re.findall(r"^\s+CMD \[(.+)\]$", dockerfile(service), re.MULTILINE)[0]
    words = [word.strip().strip('"') for word in re.split(r'",\s*"', written)]
    return [sys.executable, *(word.replace(f":{listened}/", f":{port}/") for word in words[1:])]


def _wait(check: list[str], process: "subprocess.Popen[bytes] | None") -> None:
    deadline = time.monotonic() + START_S
    while not _passes(check):
        assert process is None or process.poll() is None, "it ended"
        assert time.monotonic() < deadline, f"not healthy: {check}"
        time.sleep(0.5)


def _passes(check: list[str]) -> bool:
    """Run a health check once; one that takes too long has failed, as Compose says."""
    try:
        return subprocess.run(check, capture_output=True, timeout=30, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False

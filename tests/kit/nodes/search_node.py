"""One node of an engine of this search API: a distribution in a folder of its own, loopback only, never root's."""

import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import ClassVar

from tests.kit.limits import BOOT_S, TOOL_S
from tests.kit.nodes.owner import as_owner, give
from tests.kit.ports import free_port
from tests.kit.processes import logs
from tests.kit.processes.guard import guarded, marks
from tests.kit.processes.usage import cpu_seconds, of_session, resident_bytes

_WRITTEN = ("console.log", "logs", "config")


@dataclass
class SearchNode:
    """A node in a folder of its own; `seeds` are the transport addresses of a cluster's first nodes."""

    program: ClassVar[str]  # names the script, the settings' file, and with -plugin the tool that installs
    first_masters: ClassVar[str]  # the setting with the names of a new cluster's first masters
    variables: ClassVar[dict[str, str]]  # names of the variables for the JDK and for temporary files

    plugin: Path | None
    settings: dict[str, str] = field(default_factory=dict)
    name: str = "node-0"
    masters: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    transport: int = field(default_factory=free_port)
    port: int = field(default_factory=free_port)
    heap: str = "512m"
    jvm: tuple[str, ...] = ()
    more_plugins: tuple[Path, ...] = ()
    process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        folder = Path(tempfile.mkdtemp(prefix="node-", dir=guarded()))
        folder.chmod(0o755)
        shutil.unpack_archive(self.distribution(), folder)
        self.home = next(folder.glob(f"{self.program}-*"))
        for script in (self.home / "bin").iterdir():
            script.chmod(0o755)
        self._configure()
        give(self.home)
        for plugin in [*self.more_plugins, *([self.plugin] if self.plugin else [])]:
            self.install(plugin)

    def distribution(self) -> Path:
        """Return the zip of the engine."""
        raise NotImplementedError

    def java_home(self) -> str:
        """Return the JDK that runs the node."""
        raise NotImplementedError

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote to its console."""
        return (self.home / "console.log").read_text(errors="replace")

    def _configure(self) -> None:
        settings = {
            "cluster.name": "lastly-tests",
            "node.name": self.name,
            "network.host": "127.0.0.1",
            "http.port": str(self.port),
            "transport.port": str(self.transport),
            "cluster.routing.allocation.disk.threshold_enabled": "false",
            **({"discovery.type": "single-node"} if not self.masters else {}),
            **({self.first_masters: ",".join(self.masters)} if self.masters else {}),
            **({"discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in self.seeds)} if self.seeds else {}),
            **self.settings,
        }
        lines = "".join(f"{name}: {value}\n" for name, value in settings.items())
        (self.home / "config" / f"{self.program}.yml").write_text(lines)
        options = self.home / "config" / "jvm.options.d"
        options.mkdir(exist_ok=True)
        asked = shlex.split(os.environ.get("LASTLY_TEST_JVM", ""))
        lines = "\n".join([f"-Xms{self.heap}", f"-Xmx{self.heap}", *self.jvm, *asked, ""])
        (options / "test.options").write_text(lines)
        for name in ("data", "logs", "plugins", "tmp"):
            (self.home / name).mkdir(exist_ok=True)

    def set(self, settings: Mapping[str, str | None]) -> None:
        """Change its settings (None takes one away); they hold from its next start on."""
        self.settings = {name: value for name, value in {**self.settings, **settings}.items() if value is not None}
        self._configure()

    def environment(self) -> dict[str, str]:
        """What its programs and tools find in their environment."""
        home = str(self.home)
        return {
            **marks(),
            "PATH": os.environ["PATH"],
            "HOME": home,
            self.variables["temporary"]: f"{home}/tmp",
            self.variables["java"]: self.java_home(),
            "LANG": "C.UTF-8",
        }

    def tool(self, name: str, *arguments: str, stdin: str = "") -> str:
        """Run one of the distribution's tools as the node's user; return what it printed, fails where it fails."""
        done = subprocess.run(
            [self.home / "bin" / name, *arguments],
            input=stdin,
            env=self.environment(),
            cwd=self.home,
            **as_owner(),
            capture_output=True,
            text=True,
            timeout=TOOL_S,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{name} {' '.join(arguments)}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def install(self, plugin: Path) -> None:
        """Install a zip with the tool that users have."""
        readable = self.home / "tmp" / plugin.name
        shutil.copy(plugin, readable)
        readable.chmod(0o644)
        self.tool(f"{self.program}-plugin", "install", "--batch", readable.as_uri())
        readable.unlink()

    def remove(self, plugin: str) -> None:
        """Uninstall a plugin with the tool that users have."""
        self.tool(f"{self.program}-plugin", "remove", plugin)

    def start(self, wait: bool = True) -> "SearchNode":
        """Start it; returns when it answers, fails with its log where it doesn't within BOOT_S."""
        with (self.home / "console.log").open("wb") as log:
            self.process = subprocess.Popen(
                [self.home / "bin" / self.program],
                env=self.environment(),
                cwd=self.home,
                stdout=log,
                stderr=subprocess.STDOUT,
                **as_owner(),
                start_new_session=True,
            )
        return self.wait() if wait else self

    def wait(self) -> "SearchNode":
        """Wait until it answers."""
        deadline = time.monotonic() + BOOT_S
        while time.monotonic() < deadline:
            if self.process is None or self.process.poll() is not None:
                break
            try:
                with urllib.request.urlopen(f"{self.url}/_cluster/health", timeout=5):
                    return self
            except (urllib.error.URLError, OSError) as failed:
                if isinstance(failed, urllib.error.HTTPError) and failed.code == HTTPStatus.UNAUTHORIZED:
                    return self  # it answers, whom it knows
                time.sleep(0.3)
        raise RuntimeError(f"{self.program} did not start:\n{self.log[-6000:]}")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it and its launcher."""
        if self.process is None or self.process.poll() is not None:
            return
        os.killpg(self.process.pid, how)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)

    def close(self) -> None:
        """End it and remove its folder; LASTLY_TEST_LOGS keeps what it wrote."""
        self.stop(signal.SIGKILL)
        logs.keep(f"{self.program}-{self.name}-{self.port}", *(self.home / name for name in _WRITTEN))
        shutil.rmtree(self.home.parent, ignore_errors=True)

    def collect_garbage(self) -> None:
        """Have the node's virtual machine collect garbage now, so that what was lost shows."""
        engine = max(self._processes(), key=resident_bytes)
        done = subprocess.run(
            [Path(self.java_home()) / "bin" / "jcmd", str(engine), "GC.run"],
            **as_owner(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"jcmd: {done.stdout}{done.stderr}")

    def memory_bytes(self) -> int:
        """Return the resident memory of the node's processes."""
        return sum(map(resident_bytes, self._processes()))

    def cpu_seconds(self) -> float:
        """Return the processor time that the node's processes have taken."""
        return sum(map(cpu_seconds, self._processes()))

    def _processes(self) -> list[int]:
        assert self.process is not None
        return of_session(self.process.pid)

"""The real container as a process of its own, over the content node of the tests."""

import contextlib
import http.client
import json
import os
import shlex
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from tests.kit.limits import BOOT_S, TOOL_S
from tests.kit.processes import logs
from tests.kit.processes.guard import marks
from tests.kit.processes.usage import cpu_seconds

_MAIN = "com.lastly.vespa.node.ContainerMain"
_MODEL = "com.lastly.vespa.node.ApplicationModel"
_BUNDLE = "com.lastly.vespa.node.BundleMain"


@dataclass(frozen=True)
class Java:
    """A Java and the class path of the plugin with its tests."""

    java: str
    class_path: str

    def validate(self, package: Path) -> tuple[bool, str]:
        """Let Vespa's own config model judge an application package; return its verdict and all that it said."""
        return self._run(_MODEL, package)

    def resolve(self, bundle: Path) -> tuple[bool, str]:
        """Let Felix resolve a bundle against the container's exports; return its verdict and all that it said."""
        return self._run(_BUNDLE, bundle)

    def _run(self, main: str, argument: Path) -> tuple[bool, str]:
        command = [self.java, "-cp", self.class_path, main, str(argument)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=TOOL_S, check=False)
        return done.returncode == 0, done.stdout + done.stderr


@dataclass(frozen=True)
class Found:
    """An answer of the container."""

    status: int
    headers: dict[str, str]
    body: dict[str, Any]
    took_s: float

    @property
    def hits(self) -> list[dict[str, Any]]:
        """The hits, best first."""
        return list(self.body["root"].get("children", []))

    @property
    def ids(self) -> list[str]:
        """The documents' own ids."""
        return [hit["fields"]["id"] for hit in self.hits]

    @property
    def scores(self) -> list[float]:
        """The hits' scores, in order."""
        return self.relevance

    @property
    def warning(self) -> str:
        """The warning header, or nothing."""
        return self.headers.get("warning", "")

    @property
    def contents(self) -> dict[str, Any]:
        """The hits by id, without what reranking may change."""
        return {hit["id"]: {name: hit[name] for name in ("source", "fields")} for hit in self.hits}

    @property
    def passages(self) -> list[str]:
        """The passages that the hits make, in order."""
        return [f"{hit['fields']['title'].strip()}\n{hit['fields']['text'].strip()}" for hit in self.hits]

    @property
    def first_stage(self) -> list[tuple[int, float]]:
        """Each hit's rank and score of the first stage, as an explained answer tells them."""
        names = ("lastly_first_stage_rank", "lastly_first_stage_score")
        rank, score = ([hit["fields"][name] for hit in self.hits] for name in names)
        return list(zip(rank, score, strict=True))

    @property
    def relevance(self) -> list[float]:
        """The hits' scores."""
        return [hit["relevance"] for hit in self.hits]

    @property
    def annotation(self) -> dict[str, Any]:
        """What the answer says about reranking."""
        said = self.body["root"]["fields"].get("lastly", {})
        assert isinstance(said, dict)
        return said


class Container:
    """Searches over HTTP; one kept-alive connection a call of `connect`."""

    def __init__(self, port: int, log: Path, process: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._address = ("127.0.0.1", port)
        self._log = log
        self._process = process

    def cpu_seconds(self) -> float:
        """Return the processor time that the container has taken, with the content node in its process."""
        return cpu_seconds(self._process)

    @property
    def log(self) -> str:
        """What the container wrote to its console."""
        return self._log.read_text(errors="replace")

    def search(
        self,
        text: str = "",
        where: str = "userInput(@text)",
        headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> Found:
        """Search articles; parameters as Vespa's, with `__` for a dot (`lastly__enabled=False`)."""
        named = {name.replace("__", "."): _written(value) for name, value in parameters.items()}
        query = {"yql": f"select * from article where {where}", "timeout": "5s", "text": text, **named}
        return self.get("/search/?" + urlencode(query), headers)

    def get(self, path: str, headers: dict[str, str] | None = None) -> Found:
        """Return the answer of any path."""
        connection = http.client.HTTPConnection(*self._address, timeout=30)
        started = time.perf_counter()
        with contextlib.closing(connection):
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            body = json.loads(response.read())
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Found(response.status, headers, body, time.perf_counter() - started)


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextlib.contextmanager
def running(java: Java, package: Path, corpus: Path, port: int) -> Iterator[Container]:
    """Run the package until the block ends; raises AssertionError with the container's log where it does not start."""
    log = package.parent / f"{package.name}.log"
    asked = shlex.split(os.environ.get("LASTLY_TEST_JVM", ""))
    command = [java.java, "-Xmx512m", *asked, "-cp", java.class_path, _MAIN, str(package), str(corpus)]
    environment = {**os.environ, **marks()}
    with log.open("w") as out:
        process = subprocess.Popen(command, cwd=package, env=environment, stdin=subprocess.PIPE, stdout=out, stderr=out)
    try:
        _wait_until_ready(process, log)
        yield Container(port, log, process.pid)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
        logs.keep(f"vespa-{port}", log, package)


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + BOOT_S
    while "READY" not in log.read_text():
        assert process.poll() is None, f"the container ended: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the container did not start: {log.read_text()[-3000:]}"
        time.sleep(0.1)

"""The stack's files as the tests read them."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
DOCKERFILES = {file.name: file.read_text(encoding="utf-8") for file in sorted((ROOT / "deploy/docker").glob("*file"))}
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}
PROFILES = sorted({profile for service in SERVICES.values() for profile in service.get("profiles", [])})


def dockerfile(service: str) -> str:
    """Return the text of the Dockerfile that a service is built from."""
    return DOCKERFILES[Path(OURS[service]["build"]["dockerfile"]).name]


def command(service: str) -> list[str]:
    """Return a service's command as Compose reads it with nothing set in the environment."""
    return [re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", word) for word in SERVICES[service]["command"]]


def copied(text: str) -> set[str]:
    """Return what a Dockerfile copies from the context."""
    lines = re.findall(r"^COPY (?!--from)(?:--\S+ )*(.+) \S+$", text, re.MULTILINE)
    return {part for line in lines for part in line.split()}


def run_lines(text: str) -> list[str]:
    """Return the shell commands of a Dockerfile's RUN lines, without their mounts."""
    joined = re.sub(r"\\\n\s*", "", text)
    found = re.findall(r"^RUN (.+)$", joined, re.MULTILINE)
    return [re.sub(r"^(?:--mount=\S+\s+)*", "", line) for line in found]

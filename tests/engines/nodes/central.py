"""Artefacts of Maven Central, kept between runs in a folder outside the clone."""

import os
import subprocess
from pathlib import Path

CACHE = Path(os.environ.get("LASTLY_TEST_CACHE", Path.home() / ".cache" / "lastly-tests"))
_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


def artifact(coordinates: str) -> Path:
    """Fetch `group:name:version:zip` once; gives the file. Raises CalledProcessError where Maven can't."""
    _, name, version, kind = coordinates.split(":")
    file = CACHE / f"{name}-{version}.{kind}"
    if not file.exists():
        # Copied under another name first, so that a run that is cut off leaves no half of a file behind.
        fetched = CACHE / f"fetching-{os.getpid()}"
        command = ["mvn", "-q", "-B", f"{_DEPENDENCY}:copy", f"-Dartifact={coordinates}"]
        subprocess.run([*command, f"-DoutputDirectory={fetched}"], check=True, timeout=600)
        (fetched / file.name).rename(file)
        fetched.rmdir()
    return file

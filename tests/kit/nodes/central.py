"""Artefacts of Maven Central, kept between runs in a folder outside the clone."""

import os
import re
import subprocess
from pathlib import Path

from tests.kit.limits import FETCH_S

CACHE = Path(os.environ.get("LASTLY_TEST_CACHE", Path.home() / ".cache" / "lastly-tests"))
_DEPENDENCY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"


class MissingArtifactError(Exception):
    """Maven Central has no such artefact."""


def artifact(coordinates: str) -> Path:
    """Fetch `group:name:version:zip` once; return the file.

    Raises MissingArtifactError, or AssertionError with what Maven says.
    """
    _, name, version, kind = coordinates.split(":")
    file = CACHE / f"{name}-{version}.{kind}"
    if not file.exists():
        # Copied under another name first, so that a run that is cut off leaves no half of a file behind.
        fetched = CACHE / f"fetching-{os.getpid()}"
        command = ["mvn", "-q", "-B", f"{_DEPENDENCY}:copy", f"-Dartifact={coordinates}"]
        command.append(f"-DoutputDirectory={fetched}")
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=FETCH_S)
        if re.search("Could not find artifact|was not found in", done.stdout):  # the second where Maven remembers
            raise MissingArtifactError(coordinates)
        assert done.returncode == 0, done.stdout[-4000:]
        (fetched / file.name).rename(file)
        fetched.rmdir()
    return file

"""Which variables of the environment are meant for the sidecar: a misspelt one must not be silently without effect."""

import difflib
import re
from collections.abc import Collection, Iterable, Mapping

PREFIX = "LASTLY_"
_TESTS = "LASTLY_TEST_"  # variables of the project's own tests
# What Kubernetes sets in every pod for a Service whose name begins with "lastly".
_SERVICE = re.compile(r"LASTLY_(\w+_)?SERVICE_(HOST|PORT(_\w+)?)|LASTLY_(\w+_)?PORT_\d+_(TCP|UDP|SCTP)(_\w+)?")
_SERVICE_ADDRESS = re.compile(r"(tcp|udp|sctp)://\S+")


def is_of_a_service(name: str, value: str) -> bool:
    """Return whether Kubernetes set a variable to tell where a Service is, as LASTLY_PORT=tcp://10.0.0.1:8787."""
    if _SERVICE.fullmatch(name.upper()):
        return True
    return name.upper().endswith("PORT") and bool(_SERVICE_ADDRESS.fullmatch(value))


def unknown(environment: Mapping[str, str], settings: Collection[str]) -> list[str]:
    """Return a sentence for each variable that begins with LASTLY_ and sets none of the named settings."""
    names = {setting.upper() for setting in settings}
    return [
        f"{name} is no setting; {_nearest(name.upper().removeprefix(PREFIX), names)}"
        for name, value in sorted(environment.items())
        if name.upper().startswith(PREFIX)
        and not name.upper().startswith(_TESTS)
        and name.upper().removeprefix(PREFIX) not in names
        and not is_of_a_service(name, value)
    ]


def _nearest(name: str, names: Iterable[str]) -> str:
    found = difflib.get_close_matches(name, sorted(names), n=1)
    return f"did you mean {PREFIX}{found[0]}?" if found else "lastly serve --help lists them"

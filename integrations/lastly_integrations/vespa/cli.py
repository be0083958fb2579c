"""`lastly attach|detach|status vespa`."""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from lastly.errors import LastlyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.vespa import deploy, settings, stats
from lastly_integrations.vespa.errors import PackageError
from lastly_integrations.vespa.package import Change, Package
from lastly_integrations.vespa.services import SearcherConfig

_STATUS_S = 5.0
_BUILT = Path("plugin/vespa/target/lastly-vespa-deploy.jar")


def attach(argv: Sequence[str]) -> int:
    """Write the searcher, its chain, summary class and config into a package; returns the exit status."""
    parser = _parser("attach", "write Lastly into an application package; shows the difference and asks first")
    parser.add_argument("--fields", required=True, help="fields of the passage, in order: title,text")
    parser.add_argument(
        "--sidecar", required=True, action="append", help="address of a sidecar, as the container sees it"
    )
    parser.add_argument("--schema", action="append", default=[], help="schema to attach to (default: every one)")
    parser.add_argument("--chain", default="default", help="search chain (made where it isn't there)")
    parser.add_argument("--container", default="", help="container, where several have <search>")
    parser.add_argument("--bundle", type=Path, default=_BUILT, help="the built bundle (`make plugins`)")
    for name in settings.NAMES:
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            default=None,
            help="setting of the searcher; see docs/getting-started-vespa.md",
        )
    return _run(lambda: _attach(parser.parse_args(argv)))


def detach(argv: Sequence[str]) -> int:
    """Take out of a package what `attach` wrote; returns the exit status."""
    arguments = _parser("detach", "take Lastly out of an application package").parse_args(argv)
    return _run(lambda: _apply(arguments, (package := Package(arguments.package)), package.detach()))


def status(argv: Sequence[str]) -> int:
    """Return whether a package is attached and, where a container's address is given, what it counted."""
    parser = argparse.ArgumentParser(prog="lastly status vespa")
    parser.add_argument("package", type=Path, help="folder of the application package")
    parser.add_argument("--url", help="address of a running container, like http://localhost:8080")
    return _run(lambda: _status(parser.parse_args(argv)))


def _parser(command: str, purpose: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"lastly {command} vespa", description=purpose)
    parser.add_argument("package", type=Path, help="folder of the application package")
    parser.add_argument("--yes", action="store_true", help="don't ask")
    parser.add_argument("--dry-run", action="store_true", help="only show the difference")
    parser.add_argument(
        "--deploy", metavar="URL", help="deploy to this config server afterwards, like http://localhost:19071"
    )
    return parser


def _attach(arguments: argparse.Namespace) -> int:
    if not arguments.bundle.is_file():
        raise PackageError(f"no bundle at {arguments.bundle}; `make plugins` builds it, --bundle says where it is")
    config = SearcherConfig(
        settings.checked_fields(arguments.fields),
        settings.checked_sidecars(arguments.sidecar),
        settings.checked(vars(arguments)),
        arguments.chain,
        arguments.container,
    )
    package = Package(arguments.package)
    return _apply(arguments, package, package.attach(config, tuple(arguments.schema), arguments.bundle.read_bytes()))


def _apply(arguments: argparse.Namespace, package: Package, changes: list[Change]) -> int:
    for change in changes:
        print("\n".join(change.shown()))
    if not changes:
        print("nothing to change")
    if arguments.dry_run:
        return 0
    if changes and not (arguments.yes or _agreed()):
        print("left as it was")
        return 1
    package.write(changes)
    if arguments.deploy:
        deployment = deploy.deploy(arguments.package, arguments.deploy)
        print("\n".join([f"deployed as session {deployment.session}", *deployment.said]))
    elif changes:
        print("written; deploy the package as you always do, or give --deploy URL")
    return 0


def _agreed() -> bool:
    try:
        return input("write this? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _status(arguments: argparse.Namespace) -> int:
    attached = Package(arguments.package).attached()
    for place, present in attached.items():
        print(f"{place}: {'attached' if present else 'not attached'}")
    if arguments.url:
        counted = stats.metrics(JsonClient(arguments.url, timeout_s=_STATUS_S))
        print("\n".join(f"{name} {value:g}" for name, value in sorted(counted.items())) or "no lastly metrics yet")
    return 0 if attached["services.xml"] else 1


def _run(command: Callable[[], int]) -> int:
    try:
        return command()
    except LastlyError as error:
        print(f"lastly: {error}", file=sys.stderr)
        return 1

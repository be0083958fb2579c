"""`lastly exporter`: what the plugins count inside OpenSearch and Elasticsearch, for Prometheus."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence

from prometheus_client import CollectorRegistry, start_http_server

from lastly.errors import InvalidRequestError
from lastly.monitoring.exporter import EngineCollector
from lastly_integrations.json_client import JsonClient

_ASK_S = 3.0  # under Prometheus' own patience


def run(argv: Sequence[str]) -> int:
    """Serve /metrics until told to stop; return the exit status."""
    options = _parser().parse_args(argv)
    registry = CollectorRegistry()
    clients = [JsonClient(url, timeout_s=_ASK_S, verify=not options.insecure) for url in options.engine]
    registry.register(EngineCollector(clients))
    try:
        server, thread = start_http_server(options.port, options.host, registry)
    except OSError as error:
        raise InvalidRequestError(
            f"cannot listen on {options.host} port {options.port} ({error.strerror}); choose another host or port"
        ) from error
    print(f"listening on http://{options.host}:{server.server_port}/metrics", file=sys.stderr, flush=True)
    _wait_for_the_end()
    server.shutdown()
    thread.join(_ASK_S)
    return 0


def _wait_for_the_end() -> None:
    ended = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: ended.set())
    ended.wait()


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(prog="lastly exporter", description=__doc__)
    flags.add_argument(
        "--engine", action="append", required=True, metavar="URL", help="http://user:password@host:9200; repeatable"
    )
    flags.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
    flags.add_argument("--port", type=int, default=9108, help="port to listen on (default 9108; 0: a free one)")
    flags.add_argument("--insecure", action="store_true", help="take any certificate of the engines")
    return flags

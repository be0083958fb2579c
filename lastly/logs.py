"""Log lines on stderr, as text or JSON, never with an exception's message: it may contain user text."""

import json
import logging
import sys
import traceback
from datetime import UTC, datetime

_EXTRAS = ("request_id", "path", "status", "ms")


def configure(level: str, form: str) -> None:
    """Format every logger's lines alike; call once, at the start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.getLogger("httpx").setLevel(logging.WARNING)  # it writes a line a call at the level of info


class TextLines(logging.Formatter):
    """Lines for people."""

    def format(self, record: logging.LogRecord) -> str:
        """Append a request's own fields as key=value."""
        extras = "".join(f" {name}={value}" for name, value in _extras(record).items())
        return super().format(record) + extras

    def formatException(self, ei: object) -> str:  # noqa: N802  the library's name
        """Return an exception's class and stack frames."""
        return _frames(ei)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Write time, level, logger, message, and a request's own fields."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        } | _extras(record)
        if record.exc_info:
            line["exception"] = _frames(record.exc_info)
        return json.dumps(line)


def _extras(record: logging.LogRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in _EXTRAS if hasattr(record, name)}


def _frames(found: object) -> str:
    if not isinstance(found, tuple) or found[0] is None:
        return ""
    kind, _, trace = found
    frames = (f"{frame.filename}:{frame.lineno}" for frame in traceback.extract_tb(trace))
    return " ".join((kind.__name__, *frames))

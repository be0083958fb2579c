"""The one place where errors become answers."""

import logging

from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

from lastly.errors import (
    DeadlineExceededError,
    LastlyError,
    MalformedRequestError,
    NotReadyError,
    OverloadedError,
)
from lastly.serving.middleware.paths import RERANK_PATHS

_log = logging.getLogger("lastly")


async def error_response(request: Request, error: Exception) -> JSONResponse:
    """Translate an error once, at the edge; what was not meant to happen is logged by class and place."""
    status, code, message = _translate(error)
    if status >= 500 and not isinstance(error, NotReadyError | DeadlineExceededError):
        _log.error("a request failed", exc_info=error)
    if request.scope["path"] in RERANK_PATHS:  # a poll of readiness or a path that is not there refuses nobody
        request.app.state.service.metrics.refusals.labels(code).inc()
    headers = {"Retry-After": str(error.retry_after_s)} if isinstance(error, OverloadedError) else None
    return JSONResponse({"error": {"code": code, "message": message}}, status, headers)


def _translate(error: Exception) -> tuple[int, str, str]:
    if isinstance(error, LastlyError):
        return error.status, error.code, str(error)
    if isinstance(error, RequestValidationError):
        return _translate_validation(error)
    if isinstance(error, HTTPException) and error.status_code == MalformedRequestError.status:
        return error.status_code, MalformedRequestError.code, "the body cannot be read as JSON"
    if isinstance(error, HTTPException):
        return error.status_code, "http_error", str(error.detail)
    return 500, "internal_error", "something failed inside; the log names the kind of error"


def _translate_validation(error: RequestValidationError) -> tuple[int, str, str]:
    faults = error.errors()
    if any(fault["type"] == "json_invalid" for fault in faults):
        return MalformedRequestError.status, MalformedRequestError.code, "the body is not JSON"
    places = {".".join(str(step) for step in fault["loc"][1:]) or "body": fault["msg"] for fault in faults[:5]}
    return 422, "invalid_request", "; ".join(f"{place}: {message}" for place, message in places.items())

"""Lastly's errors, each with the code and the HTTP status of its answer.

Messages say what to do and never contain text that a user sent.
"""


class LastlyError(Exception):
    """Base of every error that Lastly raises on purpose."""

    code = "internal_error"
    status = 500


class ModelFolderError(LastlyError):
    """The model folder is missing, incomplete, altered or of a kind that this version cannot serve."""

    code = "bad_model_folder"


class ModelOutputError(LastlyError):
    """The model returned embeddings that are not finite numbers."""

    code = "bad_model_output"


class MissingExtraError(LastlyError):
    """A command wants packages of an extra (`pip install lastly[EXTRA]`) that is not installed."""

    code = "missing_extra"

    def __init__(self, extra: str, error: ModuleNotFoundError) -> None:
        super().__init__(
            f"this needs further packages (missing: {error.name}); in Lastly's folder run: pip install '.[{extra}]'"
        )


class InvalidRequestError(LastlyError):
    """The request is well formed but asks for something impossible."""

    code = "invalid_request"
    status = 422


class UnknownModelError(LastlyError):
    """The request names a model that is not loaded."""

    code = "unknown_model"
    status = 422


class MalformedRequestError(LastlyError):
    """The request cannot be read at all: broken JSON, a broken header."""

    code = "malformed_request"
    status = 400


class UnauthorizedError(LastlyError):
    """The API key is missing or unknown."""

    code = "unauthorized"
    status = 401


class ForbiddenError(LastlyError):
    """The request is not allowed here, whoever makes it."""

    code = "forbidden"
    status = 403


class RequestTooLargeError(LastlyError):
    """The request exceeds a size limit."""

    code = "request_too_large"
    status = 413


class OverloadedError(LastlyError):
    """The queue is full; `retry_after_s` is when a retry makes sense."""

    code = "overloaded"
    status = 429

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class BrownOutError(OverloadedError):
    """The queue is long and the request is large: it is shed so that small ones are answered."""

    code = "brown_out"


class CallerGoneError(LastlyError):
    """The caller disconnected; nobody reads the answer (499 shows only in logs and metrics)."""

    code = "caller_gone"
    status = 499


class BodyTimeoutError(LastlyError):
    """The caller sends its body too slowly."""

    code = "body_timeout"
    status = 408


class NotReadyError(LastlyError):
    """The sidecar is starting, draining or out of memory."""

    code = "not_ready"
    status = 503


class DeadlineExceededError(LastlyError):
    """The caller's time is up, or too short for the work."""

    code = "deadline_exceeded"
    status = 504

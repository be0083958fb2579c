"""Errors of an export; each message says what to change."""


class ExportError(Exception):
    """The checkpoint cannot be turned into a model folder; nothing was written."""


class CheckpointError(ExportError):
    """The checkpoint is missing, incomplete, damaged or of a layout that is not supported."""


class ParityError(ExportError):
    """The exported graph's scores are too far from the reference's."""

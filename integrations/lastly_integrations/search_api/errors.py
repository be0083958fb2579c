"""What can go wrong while a cluster is wired; each message says what to do."""


class WiringError(Exception):
    """The cluster can't be wired as asked."""

"""What can go wrong between a cluster and its commands; each message says what to do."""

from lastly.errors import LastlyError


class ClusterError(LastlyError):
    """The cluster can't be reached, refuses a request, or can't be attached as asked."""

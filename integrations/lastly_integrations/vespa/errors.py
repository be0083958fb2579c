"""What can go wrong while a package is attached or deployed; each message says what to do."""

from lastly.errors import LastlyError


class PackageError(LastlyError):
    """Lastly can't be written into the application package as asked."""


class DeployError(LastlyError):
    """The config server can't be reached or refuses the package."""

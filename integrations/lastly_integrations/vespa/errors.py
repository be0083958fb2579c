"""What can go wrong while a package is wired; each message says what to do."""


class PackageError(Exception):
    """The application package can't be wired as asked."""


class DeployError(Exception):
    """The config server can't be reached or refuses the package."""

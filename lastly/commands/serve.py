"""`lastly serve`: the sidecar."""

from collections.abc import Sequence

from lastly.flags import parse
from lastly.serving.server import serve


def run(argv: Sequence[str]) -> int:
    """Serve until told to stop; return the exit status."""
    settings = parse(argv)
    if settings.ray:
        # Ray takes seconds to import, and only this needs it.
        from lastly.serving.ray_serve import serve_on_ray

        return serve_on_ray(settings)
    return serve(settings)

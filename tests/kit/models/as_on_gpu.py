"""A session on the CPU that is driven as one on a GPU is."""

from lastly.graph.session import Session


class AsOnGpu(Session):
    """Buckets, powers of two and binding as on a GPU, on the CPU."""

    on_gpu = True

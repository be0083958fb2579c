"""Lastly: a listwise reranker served beside the search engine."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("lastly")
except PackageNotFoundError:  # imported from a source tree that was never installed
    __version__ = "unknown"

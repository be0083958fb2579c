"""Which engine answers at an address, so that nobody has to say."""

from collections.abc import Sequence
from typing import Protocol

from lastly.errors import InvalidRequestError
from lastly_integrations.documents import Hit
from lastly_integrations.json_client import JsonClient
from lastly_integrations.search_api.search import SearchApi
from lastly_integrations.vespa.search import VespaContainer


class Index(Protocol):
    """An engine's index as a first stage."""

    @property
    def name(self) -> str:
        """Address and index, without user and password."""
        ...

    def search(self, query: str, size: int) -> list[Hit]:
        """Return at most `size` hits, best first."""
        ...


class Engine(Protocol):
    """An engine whose indices (Vespa: schemas) can be searched."""

    def indices(self) -> list[str]:
        """Name what can be searched."""
        ...

    def fields(self, index: str) -> list[str]:
        """Name an index's text fields."""
        ...

    def index(self, index: str, fields: Sequence[str]) -> Index:
        """Return an index as a first stage, searched and read by `fields`."""
        ...


def recognise(client: JsonClient) -> Engine:
    """Ask a server what it is; raises InvalidRequestError where it is no engine, or wants a user and a password."""
    status, said = client.call("GET", "/")
    if status == 401:
        raise InvalidRequestError(f"{client.shown} wants a user and a password, and takes none or not these")
    if isinstance(said, dict):
        if isinstance(said.get("handlers"), list):
            return VespaContainer(client)
        # A closed root still refuses in the search API's own form: a user of one index need not be let in there.
        if isinstance(said.get("version"), dict) or ("error" in said and said.get("status") == status):
            return SearchApi(client)
    raise InvalidRequestError(f"{client.shown} is none of OpenSearch, Elasticsearch and Vespa's container")

"""Whichever engine answers at an address: what the plugin in it counted."""

from lastly.errors import NotReadyError
from lastly_integrations.json_client import JsonClient
from lastly_integrations.node_stats import EngineStats
from lastly_integrations.search_api import stats as search_api
from lastly_integrations.vespa import stats as vespa


def read(client: JsonClient) -> EngineStats:
    """Return an engine's stats; raises NotReadyError where the plugin is not there."""
    found = search_api.read(client) or vespa.read(client)
    if found is None:
        paths = ", ".join((*search_api.PATHS.values(), vespa.PATH))
        raise NotReadyError(f"{client.shown} has none of {paths}; is the plugin installed?")
    return found

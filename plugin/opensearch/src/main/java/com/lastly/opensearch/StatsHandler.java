package com.lastly.opensearch;

import java.util.List;
import org.opensearch.rest.BaseRestHandler;
import org.opensearch.rest.RestRequest;
import org.opensearch.rest.action.RestActions.NodesResponseRestListener;
import org.opensearch.transport.client.node.NodeClient;

/**
 * `GET /_plugins/_lastly/stats`: what every node counted, or those that are named in `/_plugins/_lastly/{nodes}/stats`.
 */
final class StatsHandler extends BaseRestHandler {

    @Override
    public String getName() {
        return "lastly_stats";
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route(RestRequest.Method.GET, "/_plugins/_lastly/stats"),
                new Route(RestRequest.Method.GET, "/_plugins/_lastly/{nodes}/stats"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        String[] nodes = request.paramAsStringArray("nodes", new String[0]);
        return channel -> client.execute(
                StatsAction.TYPE, new StatsAction.NodesRequest(nodes), new NodesResponseRestListener<>(channel));
    }
}

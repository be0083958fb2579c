package com.lastly.elasticsearch;

import java.util.List;
import org.elasticsearch.client.internal.node.NodeClient;
import org.elasticsearch.rest.BaseRestHandler;
import org.elasticsearch.rest.RestRequest;
import org.elasticsearch.rest.action.RestActions.NodesResponseRestListener;

/** `GET /_lastly/stats`: what every node counted, or those that are named in `/_lastly/{nodes}/stats`. */
final class StatsHandler extends BaseRestHandler {

    @Override
    public String getName() {
        return "lastly_stats";
    }

    @Override
    public List<Route> routes() {
        return List.of(
                new Route(RestRequest.Method.GET, "/_lastly/stats"),
                new Route(RestRequest.Method.GET, "/_lastly/{nodes}/stats"));
    }

    @Override
    protected RestChannelConsumer prepareRequest(RestRequest request, NodeClient client) {
        String[] nodes = request.paramAsStringArray("nodes", new String[0]);
        return channel ->
                client.execute(StatsAction.TYPE, new StatsRequest(nodes), new NodesResponseRestListener<>(channel));
    }
}

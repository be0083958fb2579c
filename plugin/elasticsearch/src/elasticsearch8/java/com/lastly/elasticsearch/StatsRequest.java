package com.lastly.elasticsearch;

import java.io.IOException;
import org.elasticsearch.action.support.nodes.BaseNodesRequest;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.transport.TransportRequest;

/** Which nodes are asked for their counts; none named: all. */
public final class StatsRequest extends BaseNodesRequest<StatsRequest> {

    StatsRequest(String... nodes) {
        super(nodes);
    }

    /** One node is asked; there is nothing to say. */
    public static final class OfNode extends TransportRequest {
        OfNode() {}

        OfNode(StreamInput in) throws IOException {
            super(in);
        }
    }
}

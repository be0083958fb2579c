package com.lastly.opensearch;

import com.lastly.core.RerankNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.opensearch.action.ActionType;
import org.opensearch.action.FailedNodeException;
import org.opensearch.action.support.ActionFilters;
import org.opensearch.action.support.nodes.BaseNodeResponse;
import org.opensearch.action.support.nodes.BaseNodesRequest;
import org.opensearch.action.support.nodes.BaseNodesResponse;
import org.opensearch.action.support.nodes.TransportNodesAction;
import org.opensearch.cluster.ClusterName;
import org.opensearch.cluster.node.DiscoveryNode;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.inject.Inject;
import org.opensearch.core.common.io.stream.StreamInput;
import org.opensearch.core.common.io.stream.StreamOutput;
import org.opensearch.core.xcontent.ToXContentFragment;
import org.opensearch.core.xcontent.XContentBuilder;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.TransportRequest;
import org.opensearch.transport.TransportService;

/** Asks the nodes for their counts. */
public final class StatsAction
        extends TransportNodesAction<
                StatsAction.NodesRequest, StatsAction.NodesAnswer, StatsAction.NodeRequest, StatsAction.NodeAnswer> {

    static final ActionType<NodesAnswer> TYPE = new ActionType<>("cluster:monitor/lastly/stats", NodesAnswer::new);

    private final RerankNode node;

    /** Made by the node's injector. */
    @Inject
    public StatsAction(
            ThreadPool threads,
            ClusterService cluster,
            TransportService transport,
            ActionFilters filters,
            RerankNode node) {
        super(
                TYPE.name(),
                threads,
                cluster,
                transport,
                filters,
                NodesRequest::new,
                NodeRequest::new,
                ThreadPool.Names.MANAGEMENT,
                NodeAnswer.class);
        this.node = node;
    }

    @Override
    protected NodesAnswer newResponse(
            NodesRequest request, List<NodeAnswer> answers, List<FailedNodeException> failures) {
        return new NodesAnswer(clusterService.getClusterName(), answers, failures);
    }

    @Override
    protected NodeRequest newNodeRequest(NodesRequest request) {
        return new NodeRequest();
    }

    @Override
    protected NodeAnswer newNodeResponse(StreamInput in) throws IOException {
        return new NodeAnswer(in);
    }

    @Override
    protected NodeAnswer nodeOperation(NodeRequest request) {
        return new NodeAnswer(clusterService.localNode(), node.snapshot());
    }

    /** Which nodes are asked; none named: all. */
    public static final class NodesRequest extends BaseNodesRequest<NodesRequest> {
        NodesRequest(String... nodes) {
            super(nodes);
        }

        NodesRequest(StreamInput in) throws IOException {
            super(in);
        }
    }

    /** One node is asked; there is nothing to say. */
    public static final class NodeRequest extends TransportRequest {
        NodeRequest() {}

        NodeRequest(StreamInput in) throws IOException {
            super(in);
        }
    }

    /** One node's counts. */
    public static final class NodeAnswer extends BaseNodeResponse {
        private final Map<String, Object> counts;

        NodeAnswer(DiscoveryNode node, Map<String, Object> counts) {
            super(node);
            this.counts = counts;
        }

        NodeAnswer(StreamInput in) throws IOException {
            super(in);
            counts = in.readMap();
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            super.writeTo(out);
            out.writeMap(counts);
        }
    }

    /** All counts, by node. */
    public static final class NodesAnswer extends BaseNodesResponse<NodeAnswer> implements ToXContentFragment {
        NodesAnswer(ClusterName cluster, List<NodeAnswer> answers, List<FailedNodeException> failures) {
            super(cluster, answers, failures);
        }

        NodesAnswer(StreamInput in) throws IOException {
            super(in);
        }

        @Override
        protected List<NodeAnswer> readNodesFrom(StreamInput in) throws IOException {
            return in.readList(NodeAnswer::new);
        }

        @Override
        protected void writeNodesTo(StreamOutput out, List<NodeAnswer> nodes) throws IOException {
            out.writeList(nodes);
        }

        @Override
        public XContentBuilder toXContent(XContentBuilder builder, Params params) throws IOException {
            builder.startObject("nodes");
            for (NodeAnswer answer : getNodes())
                builder.startObject(answer.getNode().getId())
                        .field("name", answer.getNode().getName())
                        .mapContents(answer.counts)
                        .endObject();
            return builder.endObject();
        }
    }
}

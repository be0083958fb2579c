package com.lastly.elasticsearch;

import com.lastly.core.RerankNode;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.elasticsearch.action.ActionType;
import org.elasticsearch.action.FailedNodeException;
import org.elasticsearch.action.support.ActionFilters;
import org.elasticsearch.action.support.nodes.BaseNodeResponse;
import org.elasticsearch.action.support.nodes.BaseNodesResponse;
import org.elasticsearch.action.support.nodes.TransportNodesAction;
import org.elasticsearch.cluster.ClusterName;
import org.elasticsearch.cluster.node.DiscoveryNode;
import org.elasticsearch.cluster.service.ClusterService;
import org.elasticsearch.common.io.stream.StreamInput;
import org.elasticsearch.common.io.stream.StreamOutput;
import org.elasticsearch.injection.guice.Inject;
import org.elasticsearch.tasks.Task;
import org.elasticsearch.threadpool.ThreadPool;
import org.elasticsearch.transport.TransportService;
import org.elasticsearch.xcontent.ToXContentFragment;
import org.elasticsearch.xcontent.XContentBuilder;

/** Asks the nodes for their counts. */
public final class StatsAction
        extends TransportNodesAction<
                StatsRequest, StatsAction.NodesAnswer, StatsRequest.OfNode, StatsAction.NodeAnswer, Void> {

    static final ActionType<NodesAnswer> TYPE = new ActionType<>("cluster:monitor/lastly/stats");

    private final RerankNode node;

    /** Made by the node's injector. */
    @Inject
    public StatsAction(
            ClusterService cluster,
            TransportService transport,
            ActionFilters filters,
            ThreadPool threads,
            RerankNode node) {
        super(
                TYPE.name(),
                cluster,
                transport,
                filters,
                StatsRequest.OfNode::new,
                threads.executor(ThreadPool.Names.MANAGEMENT));
        this.node = node;
    }

    @Override
    protected NodesAnswer newResponse(
            StatsRequest request, List<NodeAnswer> answers, List<FailedNodeException> failures) {
        return new NodesAnswer(clusterService.getClusterName(), answers, failures);
    }

    @Override
    protected StatsRequest.OfNode newNodeRequest(StatsRequest request) {
        return new StatsRequest.OfNode();
    }

    @Override
    protected NodeAnswer newNodeResponse(StreamInput in, DiscoveryNode node) throws IOException {
        return new NodeAnswer(in, node);
    }

    @Override
    protected NodeAnswer nodeOperation(StatsRequest.OfNode request, Task task) {
        return new NodeAnswer(clusterService.localNode(), node.snapshot());
    }

    /** One node's counts. */
    public static final class NodeAnswer extends BaseNodeResponse {
        private final Map<String, Object> counts;

        NodeAnswer(DiscoveryNode node, Map<String, Object> counts) {
            super(node);
            this.counts = counts;
        }

        NodeAnswer(StreamInput in, DiscoveryNode node) throws IOException {
            super(in, node);
            counts = in.readGenericMap();
        }

        @Override
        public void writeTo(StreamOutput out) throws IOException {
            super.writeTo(out);
            out.writeGenericMap(counts);
        }
    }

    /** All counts, by node. */
    public static final class NodesAnswer extends BaseNodesResponse<NodeAnswer> implements ToXContentFragment {
        NodesAnswer(ClusterName cluster, List<NodeAnswer> answers, List<FailedNodeException> failures) {
            super(cluster, answers, failures);
        }

        @Override
        protected List<NodeAnswer> readNodesFrom(StreamInput in) {
            throw new UnsupportedOperationException("the answer is put together where it is asked for");
        }

        @Override
        protected void writeNodesTo(StreamOutput out, List<NodeAnswer> nodes) {
            throw new UnsupportedOperationException("the answer is put together where it is asked for");
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

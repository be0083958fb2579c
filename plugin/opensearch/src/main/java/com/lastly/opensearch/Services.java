package com.lastly.opensearch;

import com.lastly.core.RerankNode;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.tasks.TaskManager;

/** What every search needs of this node; `tasks` is set before the node takes its first search. */
public record Services(
        RerankNode node,
        SearchedIndices indices,
        ClusterService cluster,
        ThreadContext context,
        Executor executor,
        AtomicReference<TaskManager> tasks) {}

package com.lastly.elasticsearch;

import com.lastly.core.sidecar.Reranker;
import java.util.concurrent.Executor;
import org.elasticsearch.common.util.concurrent.ThreadContext;

/** What every search needs of this node. */
record Services(
        Reranker reranker, SearchedIndices indices, SkipReason skipReason, ThreadContext context, Executor executor) {}

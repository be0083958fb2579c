package com.lastly.elasticsearch;

import com.lastly.core.RerankNode;
import java.util.concurrent.Executor;
import org.elasticsearch.common.util.concurrent.ThreadContext;

/** What every search needs of this node. */
record Services(RerankNode node, SearchedIndices indices, SearchForm form, ThreadContext context, Executor executor) {}

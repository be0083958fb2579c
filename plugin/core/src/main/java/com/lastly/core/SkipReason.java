package com.lastly.core;

import java.util.Locale;

/** Why a search is left alone; counted under its name in lower case, as documents have it. */
public enum SkipReason {
    /** Nobody asked for reranking: the one reason that is not counted. */
    NOT_ASKED,
    /** The engine searches for itself, or for another cluster that puts its part in order. */
    INTERNAL,
    SCROLL,
    POINT_IN_TIME,
    SEARCH_AFTER,
    SLICE,
    SIZE_ZERO,
    SORT,
    GROUPING,
    COLLAPSE_INNER_HITS,
    STORED_FIELDS_NONE,
    /** A hybrid query's later page without the depth that it needs. */
    HYBRID_WITHOUT_DEPTH,
    /** A rank section, which orders hits in its own way. */
    RANK,
    RERANKER_RETRIEVER,
    CROSS_CLUSTER,
    /** The searched indices do not agree in their settings. */
    MIXED_INDICES,
    /** An index got settings that nobody checked (a template's, say). */
    BAD_SETTINGS,
    /** The search or one of its indices says no. */
    SWITCHED_OFF,
    /** The search pipeline works on the answer before reranking could. */
    RESPONSE_PROCESSORS,
    /** An index keeps no `_source`, so passages can't be fetched. */
    SOURCE_DISABLED,
    NO_QUERY_TEXT,
    /** The budget of bytes is used up; counted among the failures, since nothing about the search is to blame. */
    MEMORY;

    /** The name under which it is counted. */
    public String counted() {
        return name().toLowerCase(Locale.ROOT);
    }
}

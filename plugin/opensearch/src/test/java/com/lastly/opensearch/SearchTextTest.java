package com.lastly.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryBuilders;

/**
 * Document-level rules must not reach the sidecar. The security plugin, which can't be had for the tests' nodes,
 * searches again with its rules beside the user's query, and marks that search with a header.
 */
class SearchTextTest {

    private static final QueryBuilder RULED = QueryBuilders.boolQuery()
            .must(QueryBuilders.matchQuery("body", "apple"))
            .should(QueryBuilders.matchQuery("owner", "secret"))
            .minimumShouldMatch(1);

    private final ThreadContext context = new ThreadContext(Settings.EMPTY);

    @ParameterizedTest
    @ValueSource(strings = {"true", "hybrid_query_dls_done"})
    void aSearchThatIsMarkedAsRuledHasNoText(String mark) {
        context.putHeader("_opendistro_security_filter_level_dls_done", mark);
        assertEquals("", SearchText.of(RULED, context));
    }

    @Test
    void anyOtherSearchHasTheTextOfItsClausesThatScore() {
        assertEquals("apple secret", SearchText.of(RULED, context));
        assertEquals(
                "apple",
                SearchText.of(
                        QueryBuilders.boolQuery()
                                .must(QueryBuilders.matchQuery("body", "apple"))
                                .filter(QueryBuilders.matchQuery("owner", "secret")),
                        context));
    }
}

package com.lastly.opensearch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.apache.lucene.search.join.ScoreMode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.index.query.CombinedFieldsQueryBuilder;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryBuilders;
import org.opensearch.index.query.functionscore.ScoreFunctionBuilders;
import org.opensearch.index.query.functionscore.ScriptScoreQueryBuilder;
import org.opensearch.script.Script;

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

    /** Every clause that scores, by a word that only it has, beside clauses that do not. */
    static Stream<QueryBuilder> forms() {
        QueryBuilder match = QueryBuilders.matchQuery("body", " red fox ");
        QueryBuilder secret = QueryBuilders.matchQuery("owner", "secret");
        return Stream.of(
                match,
                QueryBuilders.matchPhraseQuery("body", "red fox"),
                QueryBuilders.matchPhrasePrefixQuery("body", "red fox"),
                QueryBuilders.matchBoolPrefixQuery("body", "red fox"),
                QueryBuilders.multiMatchQuery("red fox", "title", "body"),
                new CombinedFieldsQueryBuilder("red fox", "title"),
                QueryBuilders.queryStringQuery("red fox"),
                QueryBuilders.simpleQueryStringQuery("red fox"),
                QueryBuilders.boolQuery().should(match).filter(secret).mustNot(secret),
                QueryBuilders.boolQuery().must(QueryBuilders.boolQuery().must(match)),
                QueryBuilders.disMaxQuery().add(match).add(match),
                QueryBuilders.boostingQuery(match, secret).negativeBoost(0.5f),
                QueryBuilders.nestedQuery("comments", match, ScoreMode.Avg),
                QueryBuilders.functionScoreQuery(match, ScoreFunctionBuilders.weightFactorFunction(2)),
                new ScriptScoreQueryBuilder(match, new Script("_score * 2")));
    }

    @ParameterizedTest
    @MethodSource("forms")
    void theTextOfEveryFormIsFoundOnce(QueryBuilder query) {
        assertEquals("red fox", text(query));
    }

    static Stream<QueryBuilder> withoutText() {
        QueryBuilder match = QueryBuilders.matchQuery("body", "red");
        return Stream.of(
                QueryBuilders.matchAllQuery(),
                QueryBuilders.termQuery("group", "red"),
                QueryBuilders.termsQuery("group", "red", "blue"),
                QueryBuilders.rangeQuery("date").gte("now"),
                QueryBuilders.constantScoreQuery(match),
                QueryBuilders.boolQuery().filter(match),
                QueryBuilders.boolQuery().mustNot(match),
                QueryBuilders.idsQuery().addIds("red"),
                QueryBuilders.existsQuery("red"),
                QueryBuilders.wildcardQuery("body", "red*"),
                QueryBuilders.wrapperQuery("{\"match\":{\"body\":\"red\"}}"),
                QueryBuilders.matchQuery("body", "  "));
    }

    @ParameterizedTest
    @MethodSource("withoutText")
    void filtersAndExactClausesHaveNone(QueryBuilder query) {
        assertEquals("", text(query));
    }

    @Test
    void aQueryNestedWithoutEndEnds() {
        QueryBuilder query = QueryBuilders.matchQuery("body", "deep");
        for (int i = 0; i < 5000; i++) query = QueryBuilders.boolQuery().must(query);
        assertEquals("", text(query));
    }

    private String text(QueryBuilder query) {
        return SearchText.of(query, context);
    }
}

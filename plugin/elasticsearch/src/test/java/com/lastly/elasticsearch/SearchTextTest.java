package com.lastly.elasticsearch;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.Stream;
import org.apache.lucene.search.join.ScoreMode;
import org.elasticsearch.index.query.CombinedFieldsQueryBuilder;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.index.query.QueryBuilders;
import org.elasticsearch.index.query.functionscore.ScoreFunctionBuilders;
import org.elasticsearch.index.query.functionscore.ScriptScoreQueryBuilder;
import org.elasticsearch.script.Script;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.StandardRetrieverBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SearchTextTest {

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

    @Test
    void aStandardRetrieverHasTheTextOfItsQueryAndNotOfItsFilters() {
        StandardRetrieverBuilder retriever = new StandardRetrieverBuilder(QueryBuilders.matchQuery("body", "red fox"));
        retriever.getPreFilterQueryBuilders().add(QueryBuilders.matchQuery("owner", "secret"));
        assertEquals("red fox", SearchText.of(retriever));
        assertEquals("red fox", SearchText.of(new SearchSourceBuilder().retriever(retriever)));
    }

    private static String text(QueryBuilder query) {
        return SearchText.of(new SearchSourceBuilder().query(query));
    }
}

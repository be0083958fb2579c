package com.lastly.elasticsearch;

import com.lastly.core.text.QueryText;
import java.util.List;
import java.util.stream.Stream;
import org.elasticsearch.index.query.BoolQueryBuilder;
import org.elasticsearch.index.query.BoostingQueryBuilder;
import org.elasticsearch.index.query.CombinedFieldsQueryBuilder;
import org.elasticsearch.index.query.DisMaxQueryBuilder;
import org.elasticsearch.index.query.MatchBoolPrefixQueryBuilder;
import org.elasticsearch.index.query.MatchPhrasePrefixQueryBuilder;
import org.elasticsearch.index.query.MatchPhraseQueryBuilder;
import org.elasticsearch.index.query.MatchQueryBuilder;
import org.elasticsearch.index.query.MultiMatchQueryBuilder;
import org.elasticsearch.index.query.NestedQueryBuilder;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.index.query.QueryStringQueryBuilder;
import org.elasticsearch.index.query.SimpleQueryStringBuilder;
import org.elasticsearch.index.query.functionscore.FunctionScoreQueryBuilder;
import org.elasticsearch.index.query.functionscore.ScriptScoreQueryBuilder;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.search.retriever.StandardRetrieverBuilder;
import org.elasticsearch.search.vectors.KnnSearchBuilder;
import org.elasticsearch.search.vectors.QueryVectorBuilder;
import org.elasticsearch.xcontent.ToXContent;

/**
 * The query's text, from the clauses that score. They are objects here, and most are asked for it: to write a query as
 * JSON and read it again took 150 ms where its filter had 60,000 terms.
 */
final class SearchText {

    private static final int DEEPEST = 32;
    private static final String OWN = "org.elasticsearch.index.query.";

    private final QueryText text = new QueryText();

    private SearchText() {}

    /** Empty where no clause that scores has text. */
    static String of(SearchSourceBuilder source) {
        SearchText search = new SearchText();
        search.collect(source.query(), 0);
        search.collect(source.retriever(), 0);
        source.knnSearch().forEach(search::collect);
        return search.text.toString();
    }

    /** The same of a retriever by itself. */
    static String of(RetrieverBuilder retriever) {
        SearchText search = new SearchText();
        search.collect(retriever, 0);
        return search.text.toString();
    }

    private void collect(RetrieverBuilder retriever, int depth) {
        if (retriever == null || depth > DEEPEST) return;
        if (retriever instanceof StandardRetrieverBuilder standard) collect(query(standard), depth + 1);
        else if (retriever instanceof CompoundRetrieverBuilder<?> compound
                && compound.innerRetrievers().isEmpty() == false)
            compound.innerRetrievers().forEach(inner -> collect(inner.retriever(), depth + 1));
        else text.addJson(WrittenClause.of(retriever));
    }

    /** It has no getter for its query, but writes it into a search; that one is thrown away. */
    private static QueryBuilder query(StandardRetrieverBuilder standard) {
        SearchSourceBuilder search = new SearchSourceBuilder();
        standard.extractToSearchSourceBuilder(search, false);
        return search.query();
    }

    /** A vector is no text, but what it is made of may be. */
    private void collect(KnnSearchBuilder knn) {
        QueryVectorBuilder vector = knn.getQueryVectorBuilder();
        if (vector == null) return;
        ToXContent named = (json, params) ->
                json.startObject().field(vector.getWriteableName(), vector).endObject();
        text.addJson(WrittenClause.of(named));
    }

    private void collect(QueryBuilder clause, int depth) {
        if (clause == null || depth > DEEPEST) return;
        List<QueryBuilder> scoring = scoring(clause);
        scoring.forEach(inner -> collect(inner, depth + 1));
        if (scoring.isEmpty()) text.add(searched(clause));
        if (foreign(clause)) text.addJson(WrittenClause.of(clause));
    }

    /** The clauses within one that score; filters and excluded clauses are none. */
    private static List<QueryBuilder> scoring(QueryBuilder clause) {
        if (clause instanceof BoolQueryBuilder bool)
            return Stream.concat(bool.must().stream(), bool.should().stream()).toList();
        if (clause instanceof DisMaxQueryBuilder best) return best.innerQueries();
        if (clause instanceof BoostingQueryBuilder boosting) return List.of(boosting.positiveQuery());
        if (clause instanceof NestedQueryBuilder nested) return List.of(nested.query());
        if (clause instanceof FunctionScoreQueryBuilder functions) return List.of(functions.query());
        if (clause instanceof ScriptScoreQueryBuilder script) return List.of(script.query());
        return List.of();
    }

    /** What a clause searches for; nothing where it is no search of text. */
    private static Object searched(QueryBuilder clause) {
        if (clause instanceof MatchQueryBuilder match) return match.value();
        if (clause instanceof MultiMatchQueryBuilder match) return match.value();
        if (clause instanceof CombinedFieldsQueryBuilder match) return match.value();
        if (clause instanceof MatchPhraseQueryBuilder match) return match.value();
        if (clause instanceof MatchPhrasePrefixQueryBuilder match) return match.value();
        if (clause instanceof MatchBoolPrefixQueryBuilder match) return match.value();
        if (clause instanceof QueryStringQueryBuilder words) return words.queryString();
        if (clause instanceof SimpleQueryStringBuilder words) return words.value();
        return "";
    }

    /** Clauses of plugins and modules: what they hold is known from their JSON alone. */
    private static boolean foreign(QueryBuilder clause) {
        return clause.getClass().getName().startsWith(OWN) == false;
    }
}

package com.lastly.opensearch;

import com.lastly.core.text.QueryText;
import java.util.List;
import java.util.stream.Stream;
import org.opensearch.common.util.concurrent.ThreadContext;
import org.opensearch.index.query.BoolQueryBuilder;
import org.opensearch.index.query.BoostingQueryBuilder;
import org.opensearch.index.query.CombinedFieldsQueryBuilder;
import org.opensearch.index.query.DisMaxQueryBuilder;
import org.opensearch.index.query.MatchBoolPrefixQueryBuilder;
import org.opensearch.index.query.MatchPhrasePrefixQueryBuilder;
import org.opensearch.index.query.MatchPhraseQueryBuilder;
import org.opensearch.index.query.MatchQueryBuilder;
import org.opensearch.index.query.MultiMatchQueryBuilder;
import org.opensearch.index.query.NestedQueryBuilder;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryStringQueryBuilder;
import org.opensearch.index.query.SimpleQueryStringBuilder;
import org.opensearch.index.query.functionscore.FunctionScoreQueryBuilder;
import org.opensearch.index.query.functionscore.ScriptScoreQueryBuilder;

/**
 * The query's text, from the clauses that score. They are objects here, and most are asked for it: to write a query as
 * JSON and read it again took 150 ms where its filter had 60,000 terms.
 */
final class SearchText {

    /** Set by the security plugin where it put a document-level rule beside the user's query, and searched again. */
    private static final String RULES_ADDED = "_opendistro_security_filter_level_dls_done";

    private static final int DEEPEST = 32;
    private static final String OWN = "org.opensearch.index.query.";

    private final QueryText text = new QueryText();

    private SearchText() {}

    /** Empty where no clause that scores has text, or where a clause may be a rule that no sidecar must see. */
    static String of(QueryBuilder query, ThreadContext context) {
        if (context.getHeader(RULES_ADDED) != null) return "";
        SearchText search = new SearchText();
        search.collect(query, 0);
        return search.text.toString();
    }

    private void collect(QueryBuilder clause, int depth) {
        if (clause == null || depth > DEEPEST) return;
        List<QueryBuilder> scoring = scoring(clause);
        scoring.forEach(inner -> collect(inner, depth + 1));
        if (scoring.isEmpty()) text.add(searched(clause));
        if (foreign(clause)) addForeign(clause, depth);
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
        if (clause instanceof MatchPhraseQueryBuilder match) return match.value();
        if (clause instanceof MatchPhrasePrefixQueryBuilder match) return match.value();
        if (clause instanceof MatchBoolPrefixQueryBuilder match) return match.value();
        if (clause instanceof QueryStringQueryBuilder words) return words.queryString();
        if (clause instanceof SimpleQueryStringBuilder words) return words.value();
        return "";
    }

    /** Clauses of plugins and modules; of OpenSearch's own, one has no getter for its text (3.6). */
    private static boolean foreign(QueryBuilder clause) {
        return !clause.getClass().getName().startsWith(OWN) || clause instanceof CombinedFieldsQueryBuilder;
    }

    private void addForeign(QueryBuilder clause, int depth) {
        if (HybridQuery.is(clause)) HybridQuery.queries(clause).forEach(inner -> collect(inner, depth + 1));
        else text.addJson(WrittenClause.of(clause));
    }
}

package com.lastly.opensearch;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.lucene.search.BooleanClause;
import org.opensearch.index.query.QueryBuilder;
import org.opensearch.index.query.QueryBuilderVisitor;

/**
 * What paging means to neural search's `hybrid` query: scores are normalised over as many hits of each of its queries
 * as are fetched, or over `pagination_depth` for pages after the first. So every page must fetch the same number.
 */
final class HybridQuery {

    private static final String NAME = "hybrid";

    private HybridQuery() {}

    static boolean is(QueryBuilder query) {
        return query != null && NAME.equals(query.getName());
    }

    /** The queries within it. Its class is another plugin's, but every query shows its clauses to a visitor. */
    static List<QueryBuilder> queries(QueryBuilder hybrid) {
        List<QueryBuilder> queries = new ArrayList<>();
        hybrid.visit(new QueryBuilderVisitor() {
            @Override
            public void accept(QueryBuilder query) {}

            @Override
            public QueryBuilderVisitor getChildVisitor(BooleanClause.Occur occur) {
                return new Children(queries);
            }
        });
        return queries;
    }

    /** Takes what is shown to it, and looks no deeper. */
    private record Children(List<QueryBuilder> found) implements QueryBuilderVisitor {
        @Override
        public void accept(QueryBuilder query) {
            found.add(query);
        }

        @Override
        public QueryBuilderVisitor getChildVisitor(BooleanClause.Occur occur) {
            return QueryBuilderVisitor.NO_OP_VISITOR;
        }
    }

    /**
     * Hits that each of its queries gives for a page that is not the first; 0 where the query doesn't say, and neural
     * search refuses.
     */
    static int depth(QueryBuilder query) {
        if (!is(query)) return 0;
        Object written = WrittenClause.of(query).get(NAME);
        return written instanceof Map<?, ?> hybrid && hybrid.get("pagination_depth") instanceof Number depth
                ? depth.intValue()
                : 0;
    }
}

package com.lastly.vespa;

import com.yahoo.search.Query;
import com.yahoo.search.Result;
import com.yahoo.search.Searcher;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.result.Hit;
import com.yahoo.search.searchchain.Execution;
import java.util.ArrayList;
import java.util.List;

/**
 * What stands below the reranker in a chain: 120 hits whose scores fall, and a summary class `lastly` with their text.
 */
final class FirstStage extends Searcher {

    static final int FOUND = 120;

    final List<String> asked = new ArrayList<>();
    final List<String> filled = new ArrayList<>();
    Hit more;
    RuntimeException failure;
    ErrorMessage fillError;

    @Override
    public Result search(Query query, Execution execution) {
        asked.add(query.getOffset() + "+" + query.getHits());
        if (failure != null) throw failure;
        Result result = new Result(query);
        result.setTotalHitCount(FOUND);
        for (int rank = query.getOffset(); rank < Math.min(FOUND, query.getOffset() + query.getHits()); rank++)
            result.hits().add(fillable("hit" + rank, 200.0 - rank));
        if (more != null) result.hits().add(more);
        return result;
    }

    private static Hit fillable(String id, double relevance) {
        Hit hit = new Hit(id, relevance);
        hit.setFillable();
        return hit;
    }

    @Override
    public void fill(Result result, String summaryClass, Execution execution) {
        filled.add(summaryClass + ":" + result.hits().getConcreteSize());
        if (!summaryClass.equals("lastly")) throw new IllegalArgumentException("no such class");
        if (fillError != null) result.hits().addError(fillError);
        for (Hit hit : result.hits().asUnorderedHits()) hit.setField("text", "text of " + hit.getId());
    }
}

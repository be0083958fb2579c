package com.lastly.vespa;

import com.lastly.core.FirstStage;
import com.lastly.core.RerankPlan;
import com.lastly.core.sidecar.RerankFailure;
import com.yahoo.search.Result;
import com.yahoo.search.searchchain.Execution;
import java.util.List;

/** The candidates for the flow; their passages are fetched when it asks, with a summary class. */
record FilledHits(Candidates candidates, Result result, RerankPlan plan, String summaryClass, Execution execution)
        implements FirstStage {

    @Override
    public int hits() {
        return candidates.size();
    }

    /** The page's summaries are fetched after reranking, so there is nothing that is held. */
    @Override
    public long bytes() {
        return 0;
    }

    @Override
    public List<String> passages(int hits, int characters) throws RerankFailure {
        return candidates.passages(this, hits, characters);
    }
}

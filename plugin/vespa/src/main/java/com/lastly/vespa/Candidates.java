package com.lastly.vespa;

import com.lastly.core.page.RankedPage;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.text.Passage;
import com.yahoo.search.Result;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.result.Hit;
import com.yahoo.search.result.HitGroup;
import com.yahoo.search.searchchain.Execution;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** The hits of one result that may be reranked, in the first stage's order. */
final class Candidates {

    private final List<Hit> hits;
    private final RerankWindow window;

    private Candidates(List<Hit> hits, RerankWindow window) {
        this.hits = hits;
        this.window = window;
    }

    /** The concrete hits of a result; groups, errors and auxiliary hits (suggestions, say) are none. */
    static Candidates of(Result result, RerankWindow window) {
        List<Hit> hits = new ArrayList<>();
        for (Iterator<Hit> i = result.hits().deepIterator(); i.hasNext(); ) {
            Hit hit = i.next();
            if (!hit.isMeta() && !hit.isAuxiliary() && !(hit instanceof HitGroup)) hits.add(hit);
        }
        return new Candidates(hits, window);
    }

    int size() {
        return hits.size();
    }

    /**
     * The passages of the first so many hits. Copies are filled, so that the hits keep exactly the fields that the
     * query asked for, and so that an error of this fetch stays out of the result.
     */
    List<String> passages(FilledHits wanted, int count, int characters) throws RerankFailure {
        Result copies = new Result(wanted.result().getQuery());
        for (Hit hit : hits.subList(0, count)) copies.hits().add(hit.clone());
        List<Hit> inOrder = List.copyOf(copies.hits().asUnorderedHits());
        fill(copies, wanted.summaryClass(), wanted.execution());
        List<String> fields = wanted.plan().settings().fields();
        return inOrder.stream()
                .map(hit -> Passage.of(fields, field -> FieldValue.of(hit.getField(field)), characters))
                .toList();
    }

    private static void fill(Result copies, String summaryClass, Execution execution) throws RerankFailure {
        try {
            execution.fill(copies, summaryClass);
        } catch (IllegalArgumentException e) { // the schema has no such summary class
            throw new RerankFailure(
                    "fill", "summary class " + summaryClass + " can't be fetched; is it in every schema?");
        }
        ErrorMessage error = copies.hits().getError();
        if (error != null) throw new RerankFailure("fill", "the passages can't be fetched: " + error.getMessage());
    }

    /** Gives every hit its new score, those below the window too, and puts the hits into the new order. */
    void reorder(Result result, RankedPage page, boolean explain) {
        for (int rank = 0; rank < hits.size(); rank++) {
            Hit hit = hits.get(rank);
            if (explain) explain(hit, rank);
            hit.setRelevance(page.scoreOf(rank));
        }
        result.hits().setSorted(false);
        result.hits().sort();
    }

    private static void explain(Hit hit, int rank) {
        hit.setField("lastly_first_stage_rank", rank + 1);
        hit.setField("lastly_first_stage_score", hit.getRelevance().getScore());
    }

    /** Scores a page that lies wholly below the window, as `reorder` would have. */
    void scoreAsTail() {
        for (int i = 0; i < hits.size(); i++) hits.get(i).setRelevance(window.tailScore(window.from() + i));
    }
}

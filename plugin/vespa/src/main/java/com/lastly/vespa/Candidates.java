package com.lastly.vespa;

import com.yahoo.data.access.ArrayTraverser;
import com.yahoo.data.access.Inspectable;
import com.yahoo.data.access.Type;
import com.yahoo.prelude.hitfield.HitField;
import com.yahoo.search.Result;
import com.yahoo.search.result.ErrorMessage;
import com.yahoo.search.result.Hit;
import com.yahoo.search.result.HitGroup;
import com.yahoo.search.searchchain.Execution;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;

/** The hits of one result that may be reranked, in the first stage's order, and copies of them that hold the passages. */
final class Candidates {

    private final List<Hit> hits;
    private final int window;
    private List<Hit> filled = List.of();

    private Candidates(List<Hit> hits, int window) {
        this.hits = hits;
        this.window = Math.min(window, hits.size());
    }

    /** The concrete hits of a result; groups, errors and auxiliary hits (suggestions, say) are none. */
    static Candidates of(Result result, int window) {
        List<Hit> hits = new ArrayList<>();
        for (Iterator<Hit> i = result.hits().deepIterator(); i.hasNext(); ) {
            Hit hit = i.next();
            if (!hit.isMeta() && !hit.isAuxiliary() && !(hit instanceof HitGroup)) hits.add(hit);
        }
        return new Candidates(hits, window);
    }

    /** How many are reranked. */
    int size() {
        return window;
    }

    List<Hit> all() {
        return hits;
    }

    /**
     * Fetches the summary class for the window. Copies are filled, so that the hits keep exactly the fields that the query
     * asked for, and so that an error of this fetch stays out of the result.
     */
    void fillOrFail(Result result, String summaryClass, Execution execution) throws RerankFailure {
        Result copies = new Result(result.getQuery());
        for (Hit hit : hits.subList(0, window)) copies.hits().add(hit.clone());
        filled = List.copyOf(copies.hits().asUnorderedHits());
        try {
            execution.fill(copies, summaryClass);
        } catch (IllegalArgumentException e) { // the schema has no such summary class
            throw new RerankFailure("fill", "summary class " + summaryClass + " can't be fetched; is it in every schema?");
        }
        ErrorMessage error = copies.hits().getError();
        if (error != null) throw new RerankFailure("fill", "the passages can't be fetched: " + error.getMessage());
    }

    /** Gives every hit its new score, those below the window too, and puts the hits into the new order. */
    void reorder(Result result, double[] scores, boolean explain) {
        for (int rank = 0; rank < hits.size(); rank++) {
            Hit hit = hits.get(rank);
            if (explain) explain(hit, rank);
            hit.setRelevance(rank < window ? scores[rank] : Tail.score(rank, window));
        }
        result.hits().setSorted(false);
        result.hits().sort();
    }

    private static void explain(Hit hit, int rank) {
        hit.setField("lastly_first_stage_rank", rank + 1);
        hit.setField("lastly_first_stage_score", hit.getRelevance().getScore());
    }

    /** The passages of the window: each hit's fields, in order, one a line; empty fields are left out. */
    List<String> passages(List<String> fields) {
        return filled.stream().map(hit -> passage(hit, fields)).toList();
    }

    private static String passage(Hit hit, List<String> fields) {
        return fields.stream().map(field -> text(hit.getField(field))).filter(text -> !text.isBlank())
                     .collect(Collectors.joining("\n"));
    }

    private static String text(Object value) {
        if (value instanceof HitField marked) return marked.bareContent(false, false);
        if (value instanceof Inspectable array && array.inspect().type() == Type.ARRAY) return joined(array);
        return value instanceof String text ? text : "";
    }

    private static String joined(Inspectable array) {
        List<String> texts = new ArrayList<>();
        array.inspect().traverse((ArrayTraverser) (i, item) -> texts.add(item.asString("")));
        return String.join("\n", texts);
    }
}

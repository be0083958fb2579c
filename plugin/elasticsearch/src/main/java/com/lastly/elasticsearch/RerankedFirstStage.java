package com.lastly.elasticsearch;

import com.lastly.core.FirstStage;
import com.lastly.core.Outcome;
import com.lastly.core.RerankPlan;
import com.lastly.core.page.RankedPage;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.Arrays;
import java.util.List;
import org.elasticsearch.action.ActionListener;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.client.internal.Client;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.rank.RankDoc;
import org.elasticsearch.search.retriever.CompoundRetrieverBuilder.RetrieverSource;
import org.elasticsearch.search.sort.ShardDocSortField;

/** A child retriever's search, the scores of its passages, and the documents in their new order. */
record RerankedFirstStage(Services services, UserSearch user, RerankSettings settings) {

    /** Gives all documents found: in the first stage's order where the sidecar fails and the settings allow it. */
    void search(Client client, RetrieverSource child, ActionListener<RankDoc[]> ranked) {
        client.search(request(child.source()), ranked.delegateFailureAndWrap((next, first) -> {
            SearchHit[] hits = first.getHits().getHits();
            RankDoc[] docs = new RankDoc[hits.length];
            Arrays.setAll(docs, at -> doc(hits[at], at));
            child.retriever().setRankDocs(docs);
            first.mustIncRef(); // passages are read later
            rerank(docs, new ChildHits(hits), ActionListener.runAfter(next, first::decRef));
        }));
    }

    private SearchRequest request(SearchSourceBuilder source) {
        SearchRequest request = new SearchRequest().source(source);
        // a shard left out would shift the numbers that documents are found again by
        request.setPreFilterShardSize(Integer.MAX_VALUE);
        user.allowPartial().ifPresent(request::allowPartialSearchResults);
        user.task().ifPresent(task -> request.setParentTask(services.form().node(), task.getId()));
        return request;
    }

    /** The hits of the child's search, whose source was never fetched. */
    private final class ChildHits implements FirstStage {
        private final SearchHit[] all;

        ChildHits(SearchHit[] all) {
            this.all = all;
        }

        @Override
        public int hits() {
            return all.length;
        }

        @Override
        public long bytes() {
            return 0;
        }

        @Override
        public List<String> passages(int hits, int characters) {
            return Arrays.stream(all)
                    .map(hit -> PassageFields.text(settings.fields(), hit, characters))
                    .toList();
        }
    }

    /** Where a hit lies, from the sort by shard and document that ends every search of a retriever. */
    private static RankDoc doc(SearchHit hit, int place) {
        Object[] sorted = hit.getRawSortValues();
        long lies = (Long) sorted[sorted.length - 1];
        return ranked(
                ShardDocSortField.decodeDoc(lies),
                hit.getScore(),
                ShardDocSortField.decodeShardRequestIndex(lies),
                place);
    }

    private static RankDoc ranked(int doc, float score, int shard, int place) {
        RankDoc ranked = new RankDoc(doc, score, shard);
        ranked.rank = place + 1;
        return ranked;
    }

    private void rerank(RankDoc[] docs, FirstStage hits, ActionListener<RankDoc[]> next) {
        RerankWindow window = RerankWindow.all(docs.length);
        RerankPlan plan = new RerankPlan(
                settings,
                window,
                settings.query(),
                RerankRetriever.NAME,
                services.node().reservation());
        ActionListener<RankDoc[]> closing = ActionListener.runAfter(next, plan::close);
        new SidecarWait(services, user).rerank(plan, hits, outcome -> end(docs, outcome, closing));
    }

    private static void end(RankDoc[] docs, Outcome outcome, ActionListener<RankDoc[]> next) {
        if (outcome instanceof Outcome.Failed failed) next.onFailure(SidecarWait.error(failed.failure()));
        else if (outcome instanceof Outcome.Page page && page.page().rescored())
            ActionListener.completeWith(next, () -> reordered(docs, page.page()));
        else {
            if (outcome instanceof Outcome.PageWithWarning kept) SidecarWait.warn(kept.failure());
            next.onResponse(docs);
        }
    }

    private static RankDoc[] reordered(RankDoc[] docs, RankedPage page) {
        RankDoc[] reordered = new RankDoc[docs.length];
        float above = Float.POSITIVE_INFINITY;
        for (int place = 0; place < docs.length; place++) {
            RankDoc doc = docs[page.fetchedHit(place)];
            float least = (docs.length - place) * Float.MIN_VALUE; // leaves a step for each of those below
            above = Math.min(Math.max(score(page.score(place)), least), Math.nextDown(above));
            reordered[place] = ranked(doc.doc, above, doc.shardIndex, place);
        }
        return reordered;
    }

    /**
     * Lucene takes no score below 0, so the model's is moved as Elasticsearch moves its vectors' cosines; equal ones
     * get a step between.
     */
    private static float score(float score) {
        return (1 + score) / 2;
    }
}

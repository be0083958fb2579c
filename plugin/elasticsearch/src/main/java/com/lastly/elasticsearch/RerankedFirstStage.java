package com.lastly.elasticsearch;

import com.lastly.core.page.Ranking;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.sidecar.RerankRequest;
import java.util.Arrays;
import java.util.List;
import org.elasticsearch.ElasticsearchException;
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

    /**
     * Gives all documents that were found: in the first stage's order where the sidecar fails and the settings allow
     * it.
     */
    void search(Client client, RetrieverSource child, ActionListener<RankDoc[]> ranked) {
        client.search(request(child.source()), ranked.delegateFailureAndWrap((next, first) -> {
            SearchHit[] hits = first.getHits().getHits();
            RankDoc[] docs = new RankDoc[hits.length];
            Arrays.setAll(docs, at -> doc(hits[at], at));
            child.retriever().setRankDocs(docs);
            if (docs.length == 0) next.onResponse(docs);
            else
                rerank(
                        docs,
                        Arrays.stream(hits)
                                .map(hit -> PassageFields.text(settings.fields(), hit))
                                .toList(),
                        next);
        }));
    }

    private SearchRequest request(SearchSourceBuilder source) {
        SearchRequest request = new SearchRequest().source(source);
        request.setPreFilterShardSize(
                Integer.MAX_VALUE); // a shard left out would shift the numbers that documents are found again by
        if (user.allowPartial() != null) request.allowPartialSearchResults(user.allowPartial());
        if (user.task() != null)
            request.setParentTask(services.skipReason().node(), user.task().getId());
        return request;
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

    private void rerank(RankDoc[] docs, List<String> passages, ActionListener<RankDoc[]> next) {
        SidecarCall call = new SidecarCall(services, user);
        RerankRequest request = call.request(settings.query(), passages, settings);
        call.scores(
                request,
                (scores, failure) -> ActionListener.completeWith(
                        next, () -> failure == null ? reordered(docs, scores) : kept(docs, failure)));
    }

    private RankDoc[] kept(RankDoc[] docs, RerankFailure failure) {
        ElasticsearchException error = SidecarCall.error(failure, settings);
        if (error != null) throw error;
        return docs;
    }

    private static RankDoc[] reordered(RankDoc[] docs, double[] scores) {
        Ranking ranking = Ranking.of(scores, docs.length, new RerankWindow(0, docs.length, docs.length));
        RankDoc[] reordered = new RankDoc[docs.length];
        float above = Float.POSITIVE_INFINITY;
        for (int place = 0; place < docs.length; place++) {
            RankDoc doc = docs[ranking.firstStageRank(place)];
            float least = (docs.length - place) * Float.MIN_VALUE; // leaves a step for each of those below
            above = Math.min(Math.max(score(ranking.score(place)), least), Math.nextDown(above));
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

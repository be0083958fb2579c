package com.lastly.elasticsearch;

import com.lastly.core.FirstStage;
import java.util.ArrayList;
import java.util.List;
import org.elasticsearch.search.SearchHit;

/** The hits of a widened search, for the flow. */
record FetchedHits(WidenedSearch search, SearchHit[] all) implements FirstStage {

    @Override
    public int hits() {
        return all.length;
    }

    /** What is left of them once the passages are taken out: mostly the `_source` that the user asked for. */
    @Override
    public long bytes() {
        long bytes = 0;
        for (SearchHit hit : all)
            if (hit.hasSource()) bytes += hit.getSourceRef().length();
        return bytes;
    }

    @Override
    public List<String> passages(int hits, int characters) {
        PassageFields fields = search.fields().orElseThrow();
        List<String> passages = new ArrayList<>(hits);
        for (int i = 0; i < hits; i++) {
            passages.add(fields.text(all[i], characters));
            fields.removeFrom(all[i]); // texts may be long, and nobody needs them while the sidecar is asked
        }
        return passages;
    }
}

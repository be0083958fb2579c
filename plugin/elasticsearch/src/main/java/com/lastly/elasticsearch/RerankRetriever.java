package com.lastly.elasticsearch;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.function.Supplier;
import org.apache.lucene.search.ScoreDoc;
import org.apache.lucene.util.SetOnce;
import org.elasticsearch.index.query.QueryBuilder;
import org.elasticsearch.index.query.QueryRewriteContext;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.fetch.StoredFieldsContext;
import org.elasticsearch.search.rank.RankDoc;
import org.elasticsearch.search.retriever.RankDocsRetrieverBuilder;
import org.elasticsearch.search.retriever.RetrieverBuilder;
import org.elasticsearch.xcontent.ParseField;
import org.elasticsearch.xcontent.XContentBuilder;

/**
 * The retriever `lastly_rerank`: reranks what its child finds. It searches for itself while the coordinating node
 * rewrites the request, which waits for such work without a thread, and leaves the documents in their new order. Shards
 * never see it.
 */
final class RerankRetriever extends EngineRetriever<RerankRetriever> {

    static final String NAME = "lastly_rerank";

    private final RerankSettings settings;
    private final Supplier<Services> services;

    RerankRetriever(RetrieverSource child, RerankSettings settings, Supplier<Services> services) {
        super(List.of(child), settings.windowSize());
        this.settings = settings;
        this.services = services;
    }

    @Override
    public String getName() {
        return NAME;
    }

    @Override
    public ParseField getRankWindowSizeField() {
        return RerankRetrieverParser.WINDOW_SIZE;
    }

    /**
     * Rewrites the child and its search, a step a call as Elasticsearch wants it; when nothing is left to rewrite,
     * searches.
     */
    @Override
    protected RetrieverBuilder doRewrite(QueryRewriteContext context) {
        RetrieverSource inner = innerRetrievers.get(0);
        try {
            List<QueryBuilder> filters = rewritePreFilters(context);
            if (filters != preFilterQueryBuilders) return clone(innerRetrievers, filters);
            if (inner.source() == null) return withSearch(inner.retriever(), context);
            SearchSourceBuilder search = inner.source().rewrite(context);
            return search == inner.source()
                    ? searched(inner, context)
                    : with(new RetrieverSource(inner.retriever(), search));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private RerankRetriever withSearch(RetrieverBuilder child, QueryRewriteContext context) throws IOException {
        if (child.isCompound()) hand(preFilterQueryBuilders, child.getPreFilterQueryBuilders());
        RetrieverBuilder rewritten = child.rewrite(context);
        return with(
                rewritten == child
                        ? new RetrieverSource(child, createSearchSourceBuilder(context.getPointInTimeBuilder(), child))
                        : RetrieverSource.from(rewritten));
    }

    private static void hand(List<QueryBuilder> filters, List<QueryBuilder> child) {
        filters.stream().filter(filter -> child.contains(filter) == false).forEach(child::add);
    }

    private RerankRetriever with(RetrieverSource child) {
        return clone(List.of(child), preFilterQueryBuilders);
    }

    @Override
    protected RerankRetriever clone(List<RetrieverSource> children, List<QueryBuilder> filters) {
        RerankRetriever clone = new RerankRetriever(children.get(0), settings, services);
        clone.preFilterQueryBuilders = filters;
        clone.retrieverName = retrieverName;
        clone.minScore = minScore;
        return clone;
    }

    /**
     * The first stage brings the passages with it. Elasticsearch asks for no stored fields here, which would forbid
     * that.
     */
    @Override
    protected SearchSourceBuilder finalizeSourceBuilder(SearchSourceBuilder search) {
        search.storedFields((StoredFieldsContext) null).fetchSource(false);
        PassageFields.addTo(search, settings.fields());
        return search;
    }

    private RetrieverBuilder searched(RetrieverSource inner, QueryRewriteContext context) {
        SetOnce<RankDoc[]> ranked = new SetOnce<>();
        Services node = services.get();
        RerankedFirstStage firstStage = new RerankedFirstStage(node, UserSearch.kept(node.context()), settings);
        context.registerAsyncAction(
                (client, listener) -> firstStage.search(client, inner, listener.delegateFailureAndWrap((next, docs) -> {
                    ranked.set(docs);
                    next.onResponse(null);
                })));
        RetrieverBuilder answer =
                new RankDocsRetrieverBuilder(rankWindowSize, List.of(inner.retriever()), ranked::get, minScore);
        return answer.retrieverName(retrieverName);
    }

    @Override
    protected RankDoc[] combineInnerRetrieverResults(List<ScoreDoc[]> results, boolean explain) {
        throw new IllegalStateException("the rewrite searches by itself");
    }

    @Override
    public boolean doEquals(Object other) {
        return super.doEquals(other) && settings.equals(((RerankRetriever) other).settings);
    }

    @Override
    public int doHashCode() {
        return 31 * super.doHashCode() + settings.hashCode();
    }

    @Override
    protected void doToXContent(XContentBuilder builder, Params params) throws IOException {
        builder.field(
                RerankRetrieverParser.RETRIEVER.getPreferredName(),
                innerRetrievers.get(0).retriever());
        builder.field("query", settings.query())
                .field("fields", settings.fields())
                .field("window_size", settings.windowSize());
        builder.field("timeout", settings.timeoutMillis() + "ms")
                .field("on_failure", settings.fails() ? SettingLimits.FAIL : SettingLimits.KEEP_ORDER);
        builder.field("model", settings.model())
                .field("instruction", settings.instruction())
                .field("max_doc_tokens", settings.maxDocTokens());
    }
}

package com.lastly.elasticsearch;

import com.lastly.core.RerankNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.elasticsearch.action.support.MappedActionFilter;
import org.elasticsearch.common.breaker.CircuitBreaker;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.util.concurrent.EsExecutors;
import org.elasticsearch.common.util.concurrent.EsExecutors.TaskTrackingConfig;
import org.elasticsearch.indices.breaker.BreakerSettings;
import org.elasticsearch.plugins.CircuitBreakerPlugin;
import org.elasticsearch.plugins.ReloadablePlugin;
import org.elasticsearch.plugins.SearchPlugin;
import org.elasticsearch.rest.RestHeaderDefinition;
import org.elasticsearch.threadpool.ExecutorBuilder;
import org.elasticsearch.threadpool.FixedExecutorBuilder;
import org.elasticsearch.threadpool.ThreadPool;

/** What a node gets with Lastly: settings, `ext.lastly`, the filter over searches, the retriever, and the stats. */
public final class LastlyPlugin extends EnginePlugin implements SearchPlugin, ReloadablePlugin, CircuitBreakerPlugin {

    private static final String POOL = "lastly";
    private static final int QUEUE = 1000;

    private final NodeSettings settings;
    private final BreakerBudget budget = new BreakerBudget();
    private Services services;

    public LastlyPlugin(Settings node) {
        settings = new NodeSettings(node);
    }

    @Override
    public Collection<?> createComponents(PluginServices node) {
        settings.follow(node.clusterService().getClusterSettings());
        ThreadPool threads = node.threadPool();
        RerankNode reranking = new RerankNode(settings::config, budget, threads.executor(POOL));
        SearchForm form = new SearchForm(
                node.taskManager(),
                threads.getThreadContext(),
                node.nodeEnvironment().nodeId());
        SearchedIndices indices = new SearchedIndices(node.clusterService(), node.indexNameExpressionResolver());
        services = new Services(reranking, indices, form, threads.getThreadContext(), threads.executor(POOL));
        return List.of(reranking);
    }

    @Override
    public List<Setting<?>> getSettings() {
        List<Setting<?>> all = new ArrayList<>(IndexSettings.ALL);
        all.addAll(NodeSettings.ALL);
        all.add(BreakerBudget.LIMIT);
        return all;
    }

    @Override
    public List<ExecutorBuilder<?>> getExecutorBuilders(Settings node) {
        return List.of(new FixedExecutorBuilder(
                node,
                POOL,
                EsExecutors.allocatedProcessors(node),
                QUEUE,
                "lastly.thread_pool",
                TaskTrackingConfig.DO_NOT_TRACK));
    }

    @Override
    public Collection<MappedActionFilter> getMappedActionFilters() {
        return List.of(new SearchFilter(services));
    }

    @Override
    public List<SearchExtSpec<?>> getSearchExts() {
        return List.of(new SearchExtSpec<>(RerankExt.NAME, RerankExt::new, RerankExt::parse));
    }

    @Override
    public List<RetrieverSpec<?>> getRetrievers() {
        return List.of(new RetrieverSpec<>(RerankRetriever.NAME, new RerankRetrieverParser(() -> services)::parse));
    }

    /** Headers that the sidecar gets too; Elasticsearch itself keeps only those that it knows. */
    @Override
    public Collection<RestHeaderDefinition> getRestHeaders() {
        return List.of(new RestHeaderDefinition("X-Request-Id", false));
    }

    @Override
    public void reload(Settings node) {
        settings.reload(node);
    }

    @Override
    public BreakerSettings getCircuitBreaker(Settings node) {
        return BreakerBudget.settings(node);
    }

    @Override
    public void setCircuitBreaker(CircuitBreaker breaker) {
        budget.use(breaker);
    }

    @Override
    public void close() {
        if (services != null) services.node().close();
    }
}

package com.lastly.opensearch;

import com.lastly.core.RerankNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.opensearch.action.support.ActionFilter;
import org.opensearch.cluster.metadata.IndexNameExpressionResolver;
import org.opensearch.cluster.node.DiscoveryNodes;
import org.opensearch.cluster.service.ClusterService;
import org.opensearch.common.lifecycle.LifecycleComponent;
import org.opensearch.common.settings.ClusterSettings;
import org.opensearch.common.settings.IndexScopedSettings;
import org.opensearch.common.settings.Setting;
import org.opensearch.common.settings.Settings;
import org.opensearch.common.settings.SettingsFilter;
import org.opensearch.common.util.concurrent.OpenSearchExecutors;
import org.opensearch.core.common.breaker.CircuitBreaker;
import org.opensearch.core.common.io.stream.NamedWriteableRegistry;
import org.opensearch.core.xcontent.NamedXContentRegistry;
import org.opensearch.env.Environment;
import org.opensearch.env.NodeEnvironment;
import org.opensearch.indices.breaker.BreakerSettings;
import org.opensearch.plugins.ActionPlugin;
import org.opensearch.plugins.CircuitBreakerPlugin;
import org.opensearch.plugins.Plugin;
import org.opensearch.plugins.ReloadablePlugin;
import org.opensearch.plugins.SearchPipelinePlugin;
import org.opensearch.plugins.SearchPlugin;
import org.opensearch.repositories.RepositoriesService;
import org.opensearch.rest.RestController;
import org.opensearch.rest.RestHandler;
import org.opensearch.rest.RestHeaderDefinition;
import org.opensearch.script.ScriptService;
import org.opensearch.search.pipeline.Processor;
import org.opensearch.search.pipeline.SearchRequestProcessor;
import org.opensearch.search.pipeline.SearchResponseProcessor;
import org.opensearch.threadpool.ExecutorBuilder;
import org.opensearch.threadpool.FixedExecutorBuilder;
import org.opensearch.threadpool.ThreadPool;
import org.opensearch.transport.client.Client;
import org.opensearch.watcher.ResourceWatcherService;

/**
 * What a node gets with Lastly: settings, `ext.lastly`, the filter over searches, the pipeline's processors, and the
 * stats.
 */
public final class LastlyPlugin extends Plugin
        implements ActionPlugin, SearchPlugin, SearchPipelinePlugin, ReloadablePlugin, CircuitBreakerPlugin {

    private static final String POOL = "lastly";
    private static final int QUEUE = 1000;

    private final NodeSettings settings;
    private final BreakerBudget budget = new BreakerBudget();
    private volatile Services services;

    public LastlyPlugin(Settings node) {
        settings = new NodeSettings(node);
    }

    @Override
    public Collection<Object> createComponents(
            Client client,
            ClusterService cluster,
            ThreadPool threads,
            ResourceWatcherService watcher,
            ScriptService scripts,
            NamedXContentRegistry xContent,
            Environment environment,
            NodeEnvironment nodeEnvironment,
            NamedWriteableRegistry writeables,
            IndexNameExpressionResolver resolver,
            Supplier<RepositoriesService> repositories) {
        settings.follow(cluster.getClusterSettings());
        RerankNode node = new RerankNode(settings::config, budget, threads.executor(POOL));
        services = new Services(
                node,
                new SearchedIndices(cluster, resolver),
                cluster,
                threads.getThreadContext(),
                threads.executor(POOL),
                new AtomicReference<>());
        return List.of(node, services);
    }

    @Override
    public Collection<Class<? extends LifecycleComponent>> getGuiceServiceClasses() {
        return List.of(Tasks.class);
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
                node, POOL, OpenSearchExecutors.allocatedProcessors(node), QUEUE, "lastly.thread_pool"));
    }

    @Override
    public List<ActionFilter> getActionFilters() {
        return List.of(new SearchFilter(services));
    }

    @Override
    public List<SearchExtSpec<?>> getSearchExts() {
        return List.of(new SearchExtSpec<>(RerankExt.NAME, RerankExt::new, RerankExt::parse));
    }

    @Override
    public Map<String, Processor.Factory<SearchRequestProcessor>> getRequestProcessors(Parameters node) {
        return Map.of(RerankProcessors.TYPE, RerankProcessors.requests(() -> services));
    }

    @Override
    public Map<String, Processor.Factory<SearchResponseProcessor>> getResponseProcessors(Parameters node) {
        return Map.of(RerankProcessors.TYPE, RerankProcessors.responses(() -> services));
    }

    @Override
    public List<ActionHandler<?, ?>> getActions() {
        return List.of(new ActionHandler<>(StatsAction.TYPE, StatsAction.class));
    }

    @Override
    public List<RestHandler> getRestHandlers(
            Settings node,
            RestController controller,
            ClusterSettings cluster,
            IndexScopedSettings index,
            SettingsFilter filter,
            IndexNameExpressionResolver resolver,
            Supplier<DiscoveryNodes> nodes) {
        return List.of(new StatsHandler());
    }

    /** A header that the sidecar gets too; OpenSearch itself keeps only those that it knows. */
    @Override
    public Collection<RestHeaderDefinition> getRestHeaders() {
        return List.of(new RestHeaderDefinition("traceparent", false));
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

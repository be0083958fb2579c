package com.lastly.elasticsearch;

import java.util.Collection;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.elasticsearch.cluster.metadata.IndexNameExpressionResolver;
import org.elasticsearch.cluster.node.DiscoveryNodes;
import org.elasticsearch.common.io.stream.NamedWriteableRegistry;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.IndexScopedSettings;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.common.settings.SettingsFilter;
import org.elasticsearch.features.NodeFeature;
import org.elasticsearch.plugins.ActionPlugin;
import org.elasticsearch.plugins.Plugin;
import org.elasticsearch.rest.RestController;
import org.elasticsearch.rest.RestHandler;

/** How Elasticsearch 8 asks a plugin for its actions and for what answers HTTP requests. */
abstract class EnginePlugin extends Plugin implements ActionPlugin {

    @Override
    public Collection<ActionHandler<?, ?>> getActions() {
        return List.of(new ActionHandler<>(StatsAction.TYPE, StatsAction.class));
    }

    @Override
    public Collection<RestHandler> getRestHandlers(
            Settings node,
            NamedWriteableRegistry writeables,
            RestController controller,
            ClusterSettings cluster,
            IndexScopedSettings index,
            SettingsFilter filter,
            IndexNameExpressionResolver resolver,
            Supplier<DiscoveryNodes> nodes,
            Predicate<NodeFeature> features) {
        return List.of(new StatsHandler());
    }
}

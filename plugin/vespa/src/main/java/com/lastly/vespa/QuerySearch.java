package com.lastly.vespa;

import com.lastly.core.AskedSearch;
import com.lastly.core.SkipReason;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.yahoo.search.Query;
import com.yahoo.search.searchchain.Execution;
import java.util.Map;
import java.util.Optional;

/** A query as the decider sees it: the searcher's config, and what the query's properties say. */
record QuerySearch(RerankSettings settings, Query query, Execution execution) implements AskedSearch {

    @Override
    public String settingsPrefix() {
        return SearcherSettings.PREFIX;
    }

    @Override
    public String place() {
        return SearcherSettings.PLACE;
    }

    @Override
    public Map<String, Object> own() {
        return SearcherSettings.own(query);
    }

    @Override
    public boolean anyEnabled() {
        return settings.enabled();
    }

    @Override
    public boolean agree() {
        return true;
    }

    @Override
    public Optional<SkipReason> form() {
        if (query.getHits() == 0) return Optional.of(SkipReason.SIZE_ZERO);
        if (query.getRanking().getSorting() != null) return Optional.of(SkipReason.SORT);
        if (!query.getSelect().getGrouping().isEmpty()) return Optional.of(SkipReason.GROUPING);
        return Optional.empty();
    }

    @Override
    public Optional<SkipReason> circumstances() {
        return Optional.empty();
    }

    @Override
    public String queryText() {
        return QueryText.of(query, execution.context().schemaInfo());
    }

    @Override
    public RerankWindow window(int wanted) {
        return RerankWindow.of(query.getOffset(), query.getHits(), wanted, Integer.MAX_VALUE);
    }

    @Override
    public String index() {
        return execution.chain() == null ? "" : String.valueOf(execution.chain().getId());
    }
}

package com.lastly.opensearch;

import com.lastly.core.AskedSearch;
import com.lastly.core.SkipReason;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.opensearch.action.search.SearchRequest;
import org.opensearch.tasks.Task;

/**
 * A search that the filter meets: the settings of its indices, and what it says for itself.
 *
 * @param processors types of the response processors of its pipeline
 */
record FilteredSearch(
        Services services, Task task, SearchRequest request, SearchedIndices.Found found, Set<String> processors)
        implements AskedSearch {

    @Override
    public String settingsPrefix() {
        return RerankSettings.PREFIX;
    }

    @Override
    public String place() {
        return UserRequest.PLACE;
    }

    @Override
    public Map<String, Object> own() {
        return UserRequest.asked(request);
    }

    @Override
    public boolean anyEnabled() {
        return found.anyEnabled();
    }

    @Override
    public RerankSettings settings() {
        return found.settings();
    }

    @Override
    public boolean agree() {
        return found.agree();
    }

    @Override
    public Optional<SkipReason> form() {
        return new SearchForm(services).of(task, request);
    }

    /** Response processors work on what the filter widened before it is reranked, so the search is left to them. */
    @Override
    public Optional<SkipReason> circumstances() {
        if (!processors.isEmpty()) return Optional.of(SkipReason.RESPONSE_PROCESSORS);
        return services.indices().keepSource(found) ? Optional.empty() : Optional.of(SkipReason.SOURCE_DISABLED);
    }

    @Override
    public String queryText() {
        return SearchText.of(UserRequest.source(request).query(), services.context());
    }

    @Override
    public RerankWindow window(int wanted) {
        return UserRequest.window(request, wanted, found.largest());
    }

    @Override
    public String index() {
        return found.name();
    }
}

package com.lastly.elasticsearch;

import com.lastly.core.AskedSearch;
import com.lastly.core.SkipReason;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import java.util.Optional;
import org.elasticsearch.action.search.SearchRequest;
import org.elasticsearch.tasks.Task;

/** A search that the filter meets: the settings of its indices, and what it says for itself. */
record FilteredSearch(Services services, Task task, SearchRequest request, SearchedIndices.Found found)
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
        return services.form().of(task, request);
    }

    @Override
    public Optional<SkipReason> circumstances() {
        return Optional.empty();
    }

    @Override
    public String queryText() {
        return SearchText.of(UserRequest.source(request));
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

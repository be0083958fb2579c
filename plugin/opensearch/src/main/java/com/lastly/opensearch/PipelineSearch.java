package com.lastly.opensearch;

import com.lastly.core.AskedSearch;
import com.lastly.core.SkipReason;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import java.util.Optional;
import org.opensearch.action.search.SearchRequest;

/** A search in a pipeline, whose request processor holds the settings; of its task a pipeline is not told. */
record PipelineSearch(Services services, SearchRequest request, SearchedIndices.Found found, RerankSettings settings)
        implements AskedSearch {

    @Override
    public String settingsPrefix() {
        return RerankProcessors.TYPE + ".";
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
        return true;
    }

    @Override
    public boolean agree() {
        return true;
    }

    @Override
    public Optional<SkipReason> form() {
        return new SearchForm(services).ofRequest(request);
    }

    @Override
    public Optional<SkipReason> circumstances() {
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

package com.lastly.elasticsearch;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;

/**
 * How one search is reranked. `fields` is null for a page that lies below the window; `sorted` means `sort: _score` was
 * written out.
 */
record RerankPlan(RerankSettings settings, RerankWindow window, String query, PassageFields fields, boolean sorted) {}

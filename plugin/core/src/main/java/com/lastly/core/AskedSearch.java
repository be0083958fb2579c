package com.lastly.core;

import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import java.util.Map;
import java.util.Optional;

/** One search as an engine shows it to the decider. Each question is asked at most once, and none that needs not be. */
public interface AskedSearch {

    /** What stands in front of the names of the settings: `index.lastly.`, say. */
    String settingsPrefix();

    /** Where a search says what it wants for itself: `ext.lastly`, say. */
    String place();

    /** What it says there; empty where it says nothing. */
    Map<String, Object> own();

    /** Whether reranking is switched on for something that is searched. */
    boolean anyEnabled();

    /** What is searched asks for this; throws IllegalArgumentException where it got settings that nobody checked. */
    RerankSettings settings();

    /** Whether all that is searched asks for the same. */
    boolean agree();

    /** Why a search of this form is never reranked. */
    Optional<SkipReason> form();

    /** Why its passages can't be had or its order would not last, though its form allows reranking. */
    Optional<SkipReason> circumstances();

    /** The words of its clauses that score; empty where there are none. */
    String queryText();

    /** The page and the window. */
    RerankWindow window(int wanted);

    /** The name under which sizes of hits are remembered. */
    String index();
}

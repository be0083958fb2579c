package com.lastly.core;

import com.lastly.core.memory.HitSizes;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.memory.Reservation;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.PerSearch;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingLimits;
import com.lastly.core.sidecar.RerankFailure;
import com.lastly.core.stats.RerankStats;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * Decides whether a search is reranked; the order of the questions is the same for every engine. Counts every search
 * that is left alone.
 */
public final class Decider {

    /** Memory is counted as a failure, where it is found out. */
    private static final Set<SkipReason> UNCOUNTED = EnumSet.of(SkipReason.NOT_ASKED, SkipReason.MEMORY);

    private final RerankStats stats;
    private final MemoryGauge memory;
    private final HitSizes sizes;

    Decider(RerankStats stats, MemoryGauge memory, HitSizes sizes) {
        this.stats = stats;
        this.memory = memory;
        this.sizes = sizes;
    }

    /** Never throws for what a user wrote. */
    public Decision decide(AskedSearch search) {
        Decision decision = decided(search);
        if (decision instanceof Decision.LeaveAlone alone && !UNCOUNTED.contains(alone.reason()))
            stats.skipped(alone.reason().counted());
        return decision;
    }

    private Decision decided(AskedSearch search) {
        try {
            PerSearch.check(search.place(), search.own());
        } catch (IllegalArgumentException e) {
            return Decision.Refuse.badRequest(e.getMessage());
        }
        if (!search.anyEnabled() && !search.own().containsKey("enabled")) return Decision.LeaveAlone.NOT_ASKED;
        RerankSettings ofIndices;
        try {
            ofIndices = search.settings();
        } catch (IllegalArgumentException e) {
            return alone(SkipReason.BAD_SETTINGS, "not reranked, " + e.getMessage());
        }
        return decided(search, ofIndices.with(search.place(), search.own()));
    }

    private Decision decided(AskedSearch search, RerankSettings settings) {
        if (!settings.enabled() && !search.anyEnabled()) return Decision.LeaveAlone.NOT_ASKED;
        Optional<SkipReason> form = search.form(); // first: a point in time names no index, so it would meet them all
        if (form.isPresent()) return alone(form.get());
        if (!search.agree())
            return alone(
                    SkipReason.MIXED_INDICES,
                    "not reranked, the searched indices have different index.lastly settings");
        if (!settings.enabled()) return alone(SkipReason.SWITCHED_OFF);
        Optional<SkipReason> circumstances = search.circumstances();
        return circumstances.isPresent() ? alone(circumstances.get()) : planned(search, settings);
    }

    private Decision planned(AskedSearch search, RerankSettings settings) {
        try {
            SettingLimits.checkFields(search.settingsPrefix() + "fields", true, settings.fields());
        } catch (IllegalArgumentException e) {
            return Decision.Refuse.badRequest(e.getMessage());
        }
        String query = settings.query().isBlank() ? search.queryText() : settings.query();
        if (query.isBlank()) return alone(SkipReason.NO_QUERY_TEXT);
        return admitted(search, settings, query, search.window(settings.windowSize()));
    }

    /**
     * Charges the window's hits before they are fetched; a page below the window fetches no more than the user asked
     * for.
     */
    private Decision admitted(AskedSearch search, RerankSettings settings, String query, RerankWindow window) {
        Reservation held = memory.open();
        long expected = window.below() ? 0 : sizes.expected(search.index()) * window.window();
        if (held.hold(expected))
            return new Decision.Rerank(new RerankPlan(settings, window, query, search.index(), held));
        sizes.refused(search.index());
        stats.failed(RerankFailure.MEMORY.reason());
        return withoutRoom(settings);
    }

    /** As the flow ends a search that could not be reranked; a shadowed one is told nothing. */
    private static Decision withoutRoom(RerankSettings settings) {
        RerankFailure failure = RerankFailure.MEMORY;
        if (settings.shadow()) return alone(SkipReason.MEMORY);
        if (settings.fails()) return new Decision.Refuse(failure.errorStatus(), failure.error());
        return new Decision.LeaveAlone(SkipReason.MEMORY, failure.warning());
    }

    private static Decision alone(SkipReason reason) {
        return new Decision.LeaveAlone(reason, "");
    }

    private static Decision alone(SkipReason reason, String warning) {
        return new Decision.LeaveAlone(reason, "lastly: " + warning);
    }
}

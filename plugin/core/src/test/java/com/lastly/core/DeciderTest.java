package com.lastly.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.memory.CountedBudget;
import com.lastly.core.memory.HitSizes;
import com.lastly.core.memory.MemoryGauge;
import com.lastly.core.page.RerankWindow;
import com.lastly.core.settings.RerankSettings;
import com.lastly.core.settings.SettingsBuilder;
import com.lastly.core.stats.Counters;
import com.lastly.core.stats.RerankStats;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class DeciderTest {

    private final RerankStats stats = new RerankStats(Counters.NONE);
    private final HitSizes sizes = new HitSizes();
    private final MemoryGauge memory = new MemoryGauge(new CountedBudget(5_000_000));
    private final Decider decider = new Decider(stats, memory, sizes);

    private static SettingsBuilder indexSettings() {
        return RerankSettings.builder("index.lastly.").enabled(true).fields(List.of("title"));
    }

    /** A search for "fox" in an index that is enabled, but for what a test changes. */
    private static final class Search implements AskedSearch {
        private Map<String, Object> own = Map.of();
        private boolean anyEnabled = true;
        private boolean agree = true;
        private Supplier<RerankSettings> settings = indexSettings()::build;
        private Optional<SkipReason> form = Optional.empty();
        private Optional<SkipReason> circumstances = Optional.empty();
        private String text = "fox";
        private int from;

        @Override
        public String settingsPrefix() {
            return "index.lastly.";
        }

        @Override
        public String place() {
            return "ext.lastly";
        }

        @Override
        public Map<String, Object> own() {
            return own;
        }

        @Override
        public boolean anyEnabled() {
            return anyEnabled;
        }

        @Override
        public RerankSettings settings() {
            return settings.get();
        }

        @Override
        public boolean agree() {
            return agree;
        }

        @Override
        public Optional<SkipReason> form() {
            return form;
        }

        @Override
        public Optional<SkipReason> circumstances() {
            return circumstances;
        }

        @Override
        public String queryText() {
            return text;
        }

        @Override
        public RerankWindow window(int wanted) {
            return RerankWindow.of(from, 10, wanted, 10_000);
        }

        @Override
        public String index() {
            return "news";
        }
    }

    private final Search search = new Search();

    private SkipReason leftAlone() {
        return assertInstanceOf(Decision.LeaveAlone.class, decider.decide(search))
                .reason();
    }

    private String refused() {
        Decision.Refuse refusal = assertInstanceOf(Decision.Refuse.class, decider.decide(search));
        assertTrue(refusal.badRequest());
        return refusal.message();
    }

    private RerankPlan planned() {
        return assertInstanceOf(Decision.Rerank.class, decider.decide(search)).plan();
    }

    private void offByItsIndex() {
        search.anyEnabled = false;
        search.settings = () -> RerankSettings.builder("index.lastly.").build();
    }

    @Test
    void anEnabledIndexIsRerankedByTheSearchsText() {
        RerankPlan plan = planned();
        assertEquals("fox", plan.query());
        assertEquals(50, plan.window().window());
        assertTrue(memory.held() > 0, "the window's hits are charged before they are fetched");
        plan.close();
        assertEquals(0, memory.held());
    }

    @Test
    void nobodyIsRerankedOrCountedWhoDidNotAsk() {
        offByItsIndex();
        assertEquals(SkipReason.NOT_ASKED, leftAlone());
        search.own = Map.of("window_size", 7);
        assertEquals(SkipReason.NOT_ASKED, leftAlone());
        search.own = Map.of("enabled", false);
        assertEquals(SkipReason.NOT_ASKED, leftAlone());
        assertEquals(Map.of(), stats.snapshot().get("skipped"));
    }

    @Test
    void aSearchsOwnSettingsAndTextWin() {
        search.own = Map.of("query", "which fox", "window_size", 7);
        assertEquals("which fox", planned().query());
        assertEquals(7, planned().window().window());
        search.own = Map.of("enabled", false);
        assertEquals(SkipReason.SWITCHED_OFF, leftAlone());
        search.own = Map.of("windw", 7);
        assertTrue(refused().contains("windw"));
    }

    /** What one engine refused and the other left alone: the fields are looked at before the text. */
    @Test
    void enabledByTheSearchWithoutFieldsIsRefusedWithOrWithoutText() {
        offByItsIndex();
        search.own = Map.of("enabled", true);
        assertTrue(refused().startsWith("index.lastly.fields: "));
        search.text = "";
        assertTrue(refused().startsWith("index.lastly.fields: "));
    }

    @Test
    void theFirstReasonOfTheOrderIsCounted() {
        search.form = Optional.of(SkipReason.SCROLL);
        search.agree = false;
        search.own = Map.of("enabled", false);
        search.circumstances = Optional.of(SkipReason.SOURCE_DISABLED);
        search.text = " ";
        assertEquals(SkipReason.SCROLL, leftAlone());
        search.form = Optional.empty();
        assertEquals(SkipReason.MIXED_INDICES, leftAlone());
        search.agree = true;
        assertEquals(SkipReason.SWITCHED_OFF, leftAlone());
        search.own = Map.of();
        assertEquals(SkipReason.SOURCE_DISABLED, leftAlone());
        search.circumstances = Optional.empty();
        assertEquals(SkipReason.NO_QUERY_TEXT, leftAlone());
        assertEquals(
                Map.of(
                        "scroll",
                        1L,
                        "mixed_indices",
                        1L,
                        "switched_off",
                        1L,
                        "source_disabled",
                        1L,
                        "no_query_text",
                        1L),
                stats.snapshot().get("skipped"));
    }

    @Test
    void settingsThatNobodyCheckedFailNoSearch() {
        search.settings = () -> indexSettings().windowSize(5000).build();
        Decision.LeaveAlone alone = assertInstanceOf(Decision.LeaveAlone.class, decider.decide(search));
        assertEquals(SkipReason.BAD_SETTINGS, alone.reason());
        assertTrue(alone.warning().contains("index.lastly.window_size"), alone.warning());
    }

    @Test
    void aSearchThatTheBudgetDoesNotHoldGoesOnAsItWasAndSaysWhy() {
        sizes.met("news", 150_000 * 50, 50);
        Decision.LeaveAlone alone = assertInstanceOf(Decision.LeaveAlone.class, decider.decide(search));
        assertEquals(SkipReason.MEMORY, alone.reason());
        assertTrue(alone.warning().contains("lastly.memory.limit"), alone.warning());
        search.settings = indexSettings().mode("shadow")::build;
        assertEquals(
                "",
                assertInstanceOf(Decision.LeaveAlone.class, decider.decide(search))
                        .warning());
        search.settings = indexSettings().onFailure("fail")::build;
        assertEquals(
                503,
                assertInstanceOf(Decision.Refuse.class, decider.decide(search)).status());
        assertEquals(0, memory.held());
        assertEquals(Map.of("memory", 3L), stats.snapshot().get("failed"));
        assertEquals(Map.of(), stats.snapshot().get("skipped"));
    }

    @Test
    void aPageBelowTheWindowHoldsNothing() {
        search.from = 50;
        assertTrue(planned().window().below());
        assertEquals(0, memory.held());
    }
}

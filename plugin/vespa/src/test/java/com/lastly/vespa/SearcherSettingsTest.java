package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.settings.RerankSettings;
import com.lastly.core.sidecar.SidecarConfig;
import com.yahoo.search.Query;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SearcherSettingsTest {

    private static final String URL = "http://127.0.0.1:8787";

    private static RerankConfig config(Consumer<RerankConfig.Builder> change) {
        RerankConfig.Builder builder = new RerankConfig.Builder()
                .enabled(true)
                .fields("text")
                .sidecar(new RerankConfig.Sidecar.Builder().urls(URL));
        change.accept(builder);
        return builder.build();
    }

    @Test
    void theConfigsDefaultsAreTheCores() {
        RerankConfig none = new RerankConfig.Builder().build();
        assertEquals(RerankSettings.builder("").build(), SearcherSettings.of(none));
        SidecarConfig sidecar = SearcherSettings.sidecar(config(config -> {}));
        assertEquals(List.of(URL), sidecar.urls());
        assertEquals(
                List.of(
                        (long) SidecarConfig.MAX_IN_FLIGHT,
                        (long) SidecarConfig.BREAKER_FAILURES,
                        SidecarConfig.BREAKER_PAUSE_MILLIS),
                List.of((long) sidecar.maxInFlight(), (long) sidecar.breakerFailures(), sidecar.breakerPauseMillis()));
    }

    @Test
    void everySettingIsRead() {
        RerankSettings read = SearcherSettings.of(config(config -> config.window_size(7)
                .timeout("2s")
                .on_failure("fail")
                .model("m")
                .instruction("short")
                .max_doc_tokens(64)
                .mode("shadow")
                .explain(true)));
        RerankSettings expected = RerankSettings.builder("")
                .enabled(true)
                .fields(List.of("text"))
                .windowSize(7)
                .timeoutMillis(2000)
                .onFailure("fail")
                .model("m")
                .instruction("short")
                .maxDocTokens(64)
                .mode("shadow")
                .explain(true)
                .build();
        assertEquals(expected, read);
    }

    private static final Map<String, Consumer<RerankConfig.Builder>> WRONG = Map.of(
            "lastly.window_size", config -> config.window_size(1001),
            "lastly.timeout", config -> config.timeout("soon"),
            "lastly.on_failure", config -> config.on_failure("shrug"),
            "lastly.mode", config -> config.mode("loud"),
            "lastly.max_doc_tokens", config -> config.max_doc_tokens(-1),
            "lastly.fields", config -> config.fields("te*t"),
            "lastly.instruction", config -> config.instruction("x".repeat(8193)));

    @Test
    void aWrongSettingIsRefusedByNameWhenTheSearcherIsMade() {
        WRONG.forEach((name, change) -> {
            String message = assertThrows(IllegalArgumentException.class, () -> SearcherSettings.of(config(change)))
                    .getMessage();
            assertTrue(message.startsWith(name + ": "), message);
        });
    }

    @Test
    void aSidecarsAddressIsNeededAndChecked() {
        RerankConfig none =
                new RerankConfig.Builder().enabled(true).fields("text").build();
        assertTrue(assertThrows(IllegalArgumentException.class, () -> SearcherSettings.of(none))
                .getMessage()
                .contains("lastly.sidecar.urls"));
        RerankConfig wrong = new RerankConfig.Builder()
                .sidecar(new RerankConfig.Sidecar.Builder().urls("sidecar:8787"))
                .build();
        assertTrue(assertThrows(IllegalArgumentException.class, () -> SearcherSettings.sidecar(wrong))
                .getMessage()
                .contains("sidecar:8787"));
        for (String pause : List.of("now", "0s", "9ms")) {
            RerankConfig hurried = config(config -> config.breaker(new RerankConfig.Breaker.Builder().pause(pause)));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> SearcherSettings.sidecar(hurried))
                    .getMessage()
                    .contains("lastly.breaker.pause"));
        }
    }

    @Test
    void theKeyIsTheConfigs() {
        assertEquals(
                "k",
                SearcherSettings.sidecar(config(config -> config.sidecar.api_key("k")))
                        .apiKey());
    }

    @Test
    void aQuerysOwnSettingsWin() {
        RerankSettings configured = SearcherSettings.of(config(config -> {}));
        Query query = new Query("?lastly.window_size=7&lastly.explain=true&lastly.query=fox"
                + "&lastly.instruction=short&lastly.enabled=false");
        RerankSettings expected = RerankSettings.builder("")
                .fields(List.of("text"))
                .query("fox")
                .windowSize(7)
                .instruction("short")
                .explain(true)
                .build();
        assertEquals(expected, configured.with("lastly", SearcherSettings.own(query)));
        assertEquals(Map.of(), SearcherSettings.own(new Query("?query=fox")));
    }

    @ParameterizedTest
    @CsvSource({
        "windw,7",
        "window_size,0",
        "window_size,1001",
        "window_size,many",
        "enabled,yes",
        "explain,1",
        "timeout,2s"
    })
    void aWrongPropertyIsRefusedByName(String name, String value) {
        RerankSettings configured = SearcherSettings.of(config(config -> {}));
        String message = assertThrows(
                        IllegalArgumentException.class,
                        () -> configured.with(
                                "lastly", SearcherSettings.own(new Query("?lastly." + name + "=" + value))))
                .getMessage();
        assertTrue(message.startsWith("lastly") && message.contains(name), message);
    }

    @Test
    void theMemoryLimitIsAPartOfTheHeap() {
        long heap = Runtime.getRuntime().maxMemory();
        assertEquals(heap / 100 * 5, SearcherSettings.memoryLimit(config(config -> {})));
        for (String wrong : List.of("101%", "5", "5mb", "-1%", "")) {
            RerankConfig config = config(changed -> changed.memory(new RerankConfig.Memory.Builder().limit(wrong)));
            String message = assertThrows(IllegalArgumentException.class, () -> SearcherSettings.memoryLimit(config))
                    .getMessage();
            assertTrue(message.startsWith("lastly.memory.limit: "), message);
        }
    }
}

package com.lastly.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {

    private static String refused(Runnable check) {
        return assertThrows(IllegalArgumentException.class, check::run).getMessage();
    }

    private static RerankSettings index() {
        return RerankSettings.builder("index.lastly.")
                .enabled(true)
                .fields(List.of("title"))
                .timeoutMillis(700)
                .build();
    }

    @Test
    void aSearchsOwnSettingsWinAndTheOthersStay() {
        RerankSettings own = index().with(
                        "ext.lastly",
                        Map.of(
                                "enabled",
                                false,
                                "query",
                                "fox",
                                "window_size",
                                7,
                                "explain",
                                true,
                                "instruction",
                                "x"));
        RerankSettings expected = RerankSettings.builder("")
                .fields(List.of("title"))
                .timeoutMillis(700)
                .query("fox")
                .windowSize(7)
                .explain(true)
                .instruction("x")
                .build();
        assertEquals(expected, own);
        assertEquals(index(), index().with("ext.lastly", Map.of()));
    }

    @Test
    void aWrongKeyIsNamedWithTheKeysThereAre() {
        String message = refused(() -> PerSearch.check("ext.lastly", Map.of("windw", 3)));
        assertTrue(message.contains("windw") && message.contains("window_size"), message);
    }

    @Test
    void aWrongValueIsNamed() {
        Map<String, List<Object>> wrong = Map.of(
                "enabled",
                List.of("yes", 1),
                "explain",
                List.of("no"),
                "window_size",
                List.of(0, 1001, 2.5, "3", -1L, Double.NaN),
                "query",
                List.of(3, "x".repeat(8193)),
                "instruction",
                List.of(List.of()));
        wrong.forEach((key, values) -> values.forEach(value -> {
            String message = refused(() -> index().with("ext.lastly", Map.of(key, value)));
            assertTrue(message.startsWith("ext.lastly." + key + ": "), message);
        }));
    }

    @Test
    void aNullIsRefusedAsAnyWrongValue() {
        for (String key : PerSearch.KEYS)
            refused(() -> index().with("ext.lastly", Collections.singletonMap(key, null)));
    }

    @Test
    void fieldsAreNamedBeforeRerankingIsOnAndAreNoPatterns() {
        assertTrue(refused(() -> SettingLimits.checkFields("index.lastly.fields", true, List.of()))
                .contains("index.lastly.fields"));
        SettingLimits.checkFields("index.lastly.fields", false, List.of());
        for (String field : List.of("", " ", "bo*", "*", " body"))
            assertTrue(refused(() -> SettingLimits.checkFields("index.lastly.fields", false, List.of(field)))
                    .contains("index.lastly.fields"));
        refused(() -> SettingLimits.checkFields("index.lastly.fields", true, Collections.nCopies(33, "body")));
    }

    @Test
    void windowAndTimeoutHaveLimitsThatAreNamed() {
        assertEquals(1000, SettingLimits.checkWindow("w", 1000));
        assertTrue(refused(() -> SettingLimits.checkWindow("w", 1001)).contains("1 to 1000"));
        assertTrue(refused(() -> SettingLimits.checkTimeout("t", 0)).contains("1ms"));
        assertTrue(refused(() -> SettingLimits.oneOf("mode", "loud", "rerank", "shadow"))
                .contains("loud"));
    }
}

package com.lastly.core.settings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.lastly.core.sidecar.Calls;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {

    private static String refused(Runnable check) {
        return assertThrows(IllegalArgumentException.class, check::run).getMessage();
    }

    @Test
    void aSearchsOwnSettingsWinAndTheOthersStay() {
        RerankSettings own = Calls.settings(700)
                .with(Map.of(
                        "enabled", false, "query", "fox", "window_size", 7, "explain", true, "instruction", "short"));
        assertEquals(
                new RerankSettings(false, "fox", List.of("title"), 7, 700, false, "", "short", 0, false, true), own);
        assertEquals(Calls.settings(700), Calls.settings(700).with(Map.of()));
    }

    @Test
    void aWrongKeyIsNamedWithTheKeysThereAre() {
        String message = refused(() -> RerankSettings.checkPerSearch(Map.of("windw", 3)));
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
            String message = refused(() -> Calls.SETTINGS.with(Map.of(key, value)));
            assertTrue(message.startsWith("ext.lastly." + key + ": "), message);
        }));
    }

    @Test
    void aNullIsRefusedAsAnyWrongValue() {
        for (String key : RerankSettings.PER_SEARCH)
            refused(() -> Calls.SETTINGS.with(Collections.singletonMap(key, null)));
    }

    @Test
    void fieldsAreNamedBeforeRerankingIsOnAndAreNoPatterns() {
        assertTrue(refused(() -> RerankSettings.checkFields(true, List.of())).contains("index.lastly.fields"));
        RerankSettings.checkFields(false, List.of());
        for (String field : List.of("", " ", "bo*", "*", " body"))
            assertTrue(refused(() -> RerankSettings.checkFields(false, List.of(field)))
                    .contains("index.lastly.fields"));
        refused(() -> RerankSettings.checkFields(true, Collections.nCopies(33, "body")));
    }

    @Test
    void windowAndTimeoutHaveLimitsThatAreNamed() {
        assertEquals(1000, RerankSettings.checkWindow("w", 1000));
        assertTrue(refused(() -> RerankSettings.checkWindow("w", 1001)).contains("1 to 1000"));
        assertTrue(refused(() -> RerankSettings.checkTimeout("t", 0)).contains("1ms"));
        assertTrue(refused(() -> RerankSettings.oneOf("mode", "loud", "rerank", "shadow"))
                .contains("loud"));
    }
}

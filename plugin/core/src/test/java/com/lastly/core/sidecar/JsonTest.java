package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {

    @Test
    void readsWhatItWrote() {
        Map<String, Object> value = new LinkedHashMap<>();
        value.put(
                "text \"q\" \\ \n \u0001 \u2028 ü 😀", Arrays.asList(1.5, true, false, null, "", List.of(), Map.of()));
        assertEquals(value, Json.parse(written(value)));
    }

    @Test
    void writesEveryCharacterThatAStringCanHold() {
        StringBuilder every = new StringBuilder();
        for (int c = 0; c <= Character.MAX_CODE_POINT; c++)
            if (c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) every.appendCodePoint(c);
        assertEquals(every.toString(), Json.parse(written(every)));
        assertEquals("\"\\u0000\\u001f\\\"\\\\/\u007f\"", written("\0\u001f\"\\/\u007f"));
        assertEquals("\"a?b\"", written("a\ud800b"), "half of a pair is no character");
    }

    private static String written(Object value) {
        return new String(JsonBytes.of(value), StandardCharsets.UTF_8);
    }

    @Test
    void readsEscapesNumbersAndSpace() {
        assertEquals(
                Map.of("a", List.of("\n\t\r\b\f\"\\/é", -0.00025, 12.0)),
                Json.parse(" { \"a\" : [ \"\\n\\t\\r\\b\\f\\\"\\\\\\/\\u00e9\" , -2.5E-4,12 ] } "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "{",
                "}",
                "[1,]",
                "[1 2]",
                "{\"a\"}",
                "{\"a\":}",
                "{\"a\":1,}",
                "{a:1}",
                "\"open",
                "\"\\",
                "\"\\x\"",
                "\"\\u12\"",
                "\"\\u+123\"",
                "nul",
                "truefalse",
                "1 2",
                "--1",
                "1-2",
                "NaN",
                "Infinity",
                "+",
                "'a'"
            })
    void refusesWhatIsNoJson(String text) {
        assertThrows(IllegalArgumentException.class, () -> Json.parse(text));
    }

    @Test
    void refusesWhatIsNestedTooDeep() {
        assertThrows(IllegalArgumentException.class, () -> Json.parse("[".repeat(100_000)));
        Json.parse("[".repeat(60) + "]".repeat(60));
    }

    @Test
    void anythingElseIsRefusedTheSameWay() {
        Random random = new Random(7);
        String seed = "{\"results\":[{\"index\":0,\"relevance_score\":0.25},"
                + "{\"index\":1,\"relevance_score\":-1e-3}],\"t\":\"\\u00e9\\n\",\"b\":true}";
        for (int i = 0; i < 50_000; i++) {
            StringBuilder text = new StringBuilder(seed);
            for (int change = random.nextInt(4); change >= 0; change--) {
                int at = random.nextInt(text.length());
                if (random.nextBoolean()) text.deleteCharAt(at);
                else text.setCharAt(at, (char) random.nextInt(128));
            }
            try {
                Json.parse(text.toString());
            } catch (IllegalArgumentException refused) {
                // the one way to refuse
            }
        }
    }
}

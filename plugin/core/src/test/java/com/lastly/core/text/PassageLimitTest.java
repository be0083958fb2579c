package com.lastly.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

class PassageLimitTest {

    @Test
    void aTextIsCutAtACharacterAndNeverWithinOne() {
        assertEquals("abc", PassageLimit.cut("abc", 3));
        assertEquals("ab", PassageLimit.cut("abc", 2));
        assertEquals("", PassageLimit.cut("abc", 0));
        for (int limit = 0; limit < 9; limit++) {
            String cut = PassageLimit.cut("a😀b😀c😀", limit);
            assertTrue("a😀b😀c😀".startsWith(cut) && cut.length() <= limit, cut);
            assertTrue(StandardCharsets.UTF_8.newEncoder().canEncode(cut), "half a pair in " + cut);
        }
    }

    @Test
    void theLimitFollowsTheTokensWithinBounds() {
        int few = PassageLimit.characters(64, 50);
        int more = PassageLimit.characters(512, 50);
        assertTrue(few >= 64 * 32 && more > few, few + " and " + more);
        assertEquals(PassageLimit.characters(256, 50), PassageLimit.characters(0, 50));
        assertTrue(PassageLimit.characters(1, 1) >= 4096);
        assertTrue(PassageLimit.characters(Integer.MAX_VALUE, 1) <= 128 << 10);
    }

    @Test
    void allPassagesOfACallFitTheSidecarsBody() {
        for (int passages : new int[] {1, 50, 200, 1000})
            assertTrue((long) PassageLimit.characters(8192, passages) * passages * 3 <= 16L << 20);
    }

    @Test
    void aPassageEndsAtItsLimitWhateverItsFieldsHold() {
        String[] body = {"x".repeat(3_000_000), "   " + "y".repeat(10)};
        String passage = Passage.of(List.of("a", "b"), field -> field.equals("a") ? "title" : List.of(body), 100);
        assertEquals("title\n" + "x".repeat(94), passage);
        assertEquals("title\nyyyy", Passage.of(List.of("a", "b"), f -> f.equals("a") ? "title" : body[1], 10));
        assertEquals("title", Passage.of(List.of("a", "b"), f -> f.equals("a") ? "title" : body[1], 5));
    }

    @Test
    void whatIsCutEndsWithoutBlanks() {
        assertEquals("one", Passage.of(List.of("a"), field -> "one     two", 6));
    }
}

package com.lastly.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PassageTest {

    @Test
    void aPassageJoinsItsFieldsInOrderAndLeavesOutWhatIsEmpty() {
        Map<String, Object> hit = Map.of(
                "title",
                List.of(" A title "),
                "body",
                Arrays.asList("one", null, " ", "two"),
                "year",
                2024,
                "author",
                List.of(Map.of("name", "Ann")));
        assertEquals(
                "one\ntwo\nA title\n2024\nAnn",
                Passage.of(List.of("body", "title", "missing", "year", "author"), hit::get, 1000));
        assertEquals("", Passage.of(List.of("missing"), hit::get, 1000));
    }

    @Test
    void aFieldOfANestedObjectIsReadUnderTheObjectsName() {
        Map<String, Object> hit = Map.of(
                "comments",
                List.of(Map.of("text", List.of("sweet")), Map.of("by", "b"), Map.of("author", Map.of("name", "Ann"))));
        assertEquals("sweet\nAnn", Passage.of(List.of("comments.text", "comments.author.name"), hit::get, 1000));
        assertEquals("", Passage.of(List.of("other.text", "comments.text.raw"), hit::get, 1000));
    }
}

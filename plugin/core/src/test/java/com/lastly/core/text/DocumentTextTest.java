package com.lastly.core.text;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class DocumentTextTest {

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
                DocumentText.of(List.of("body", "title", "missing", "year", "author"), hit::get));
        assertEquals("", DocumentText.of(List.of("missing"), hit::get));
    }

    @Test
    void aFieldOfANestedObjectIsReadUnderTheObjectsName() {
        Map<String, Object> hit = Map.of(
                "comments",
                List.of(Map.of("text", List.of("sweet")), Map.of("by", "b"), Map.of("author", Map.of("name", "Ann"))));
        assertEquals("sweet\nAnn", DocumentText.of(List.of("comments.text", "comments.author.name"), hit::get));
        assertEquals("", DocumentText.of(List.of("other.text", "comments.text.raw"), hit::get));
    }
}

package com.lastly.core.page;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddedFieldsTest {

    @Test
    void whatTheUserGetsAnywayIsNeitherFetchedNorRemoved() {
        AddedFields added = AddedFields.of(List.of("title", "body", "note"), List.of("ti*", "body"));
        assertEquals(List.of("note"), added.fetched());
        assertEquals(Set.of("note"), added.removed());
        assertEquals(Map.of(), added.thinned());
        assertEquals(
                List.of(),
                AddedFields.of(List.of("title", "comments.text"), List.of("*")).fetched());
        assertEquals(
                List.of("body"),
                AddedFields.of(List.of("body"), List.of("bod", "body*.x", "ody"))
                        .fetched());
    }

    @Test
    void aNestedObjectIsRemovedUnlessTheUserWantsSomeOfIt() {
        assertEquals(
                Set.of("comments.text", "comments"),
                AddedFields.of(List.of("comments.text"), List.of("title")).removed());
        AddedFields beside = AddedFields.of(List.of("comments.text"), List.of("comments.by"));
        assertEquals(Set.of("comments.text"), beside.removed());
        assertEquals(Map.of("comments", List.of("text")), beside.thinned());
    }

    @Test
    void whatWasAddedIsTakenOutOfNestedObjects() {
        List<Object> found =
                List.of(Map.of("text", List.of("sweet"), "by", List.of("a")), Map.of("text", List.of("sour")));
        assertEquals(List.of(Map.of("by", List.of("a"))), AddedFields.without(found, List.of("text")));
    }

    @Test
    void soItIsAtAnyDepth() {
        List<Object> found = List.of(
                Map.of("by", List.of("a"), "answers", List.of(Map.of("text", List.of("so"), "to", List.of("b")))));
        assertEquals(
                List.of(Map.of("by", List.of("a"), "answers", List.of(Map.of("to", List.of("b"))))),
                AddedFields.without(found, List.of("answers.text")));
        assertEquals(
                List.of(Map.of("by", List.of("a"))), AddedFields.without(found, List.of("answers.text", "answers.to")));
    }
}

package com.lastly.vespa;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.lastly.core.text.Passage;
import com.yahoo.data.access.Inspectable;
import com.yahoo.data.access.simple.Value;
import com.yahoo.prelude.hitfield.HitField;
import com.yahoo.search.result.Hit;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What summary fields of every kind give as a passage. */
class FieldValueTest {

    private static String passage(Object value) {
        Hit hit = new Hit("one");
        hit.setField("field", value);
        return Passage.of(List.of("field"), name -> FieldValue.of(hit.getField(name)), 1000);
    }

    @Test
    void textAndNumbersAreThemselves() {
        assertEquals("a fox", passage(" a fox "));
        assertEquals("2024", passage(2024));
    }

    @Test
    void boldedTextLosesItsMarks() {
        assertEquals("a red fox", passage(new HitField("field", "a \u001fred\u001f fox")));
    }

    @Test
    void arraysAreOneValueALine() {
        Inspectable array = new Value.ArrayValue().add("one").add(" ").add(new Value.LongValue(2));
        assertEquals("one\n2", passage(array));
    }

    @Test
    void structsGiveTheirMembers() {
        Value.ObjectValue struct = new Value.ObjectValue();
        struct.put("name", "Ann");
        struct.put("age", new Value.DoubleValue(4.5));
        assertEquals("Ann\n4.5", passage(new Value.ArrayValue().add(struct)));
    }

    @Test
    void whatIsNoTextGivesNone() {
        assertEquals("", passage(new byte[] {1}));
        assertEquals("", passage(Value.empty()));
    }
}

package com.lastly.elasticsearch;

import com.lastly.core.AddedFields;
import com.lastly.core.DocumentText;
import java.util.ArrayList;
import java.util.List;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.fetch.subphase.FieldAndFormat;

/**
 * Fetches the passage's fields beside what the user asked for and takes them out again. Fields, not `_source`: an explicit
 * `_source` changes what other parts of the request get, and field-level security holds for both.
 */
final class PassageFields {

    private final List<String> all;
    private final AddedFields added;
    private List<FieldAndFormat> shared;

    private PassageFields(List<String> all, AddedFields added) {
        this.all = all;
        this.added = added;
    }

    static PassageFields addTo(SearchSourceBuilder source, List<String> fields) {
        PassageFields passage = new PassageFields(fields, AddedFields.of(fields, asked(source)));
        boolean users = source.fetchFields() != null && source.fetchFields().isEmpty() == false;
        passage.added.fetched().forEach(source::fetchField);
        passage.shared = users ? source.fetchFields() : null;
        return passage;
    }

    private static List<String> asked(SearchSourceBuilder source) {
        List<String> names = new ArrayList<>();
        if (source.fetchFields() != null) source.fetchFields().forEach(field -> names.add(field.field));
        if (source.docValueFields() != null) source.docValueFields().forEach(field -> names.add(field.field));
        if (source.scriptFields() != null) source.scriptFields().forEach(field -> names.add(field.fieldName()));
        if (source.storedFields() != null && source.storedFields().fieldNames() != null) names.addAll(source.storedFields().fieldNames());
        if (source.collapse() != null) names.add(source.collapse().getField());
        return names;
    }

    String text(SearchHit hit) {
        return text(all, hit);
    }

    static String text(List<String> fields, SearchHit hit) {
        return DocumentText.of(fields, field -> {
            DocumentField values = hit.field(field);
            return values == null ? null : values.getValues();
        });
    }

    /** A shallow copy of a source shares its list of fields with the caller's, which must be as it was when the search ends. */
    void restoreRequest() {
        if (shared != null) added.fetched().forEach(field -> shared.remove(new FieldAndFormat(field, null)));
    }

    void removeFrom(SearchHit hit) {
        added.removed().forEach(hit::removeDocumentField);
    }
}

package com.lastly.elasticsearch;

import com.lastly.core.page.AddedFields;
import com.lastly.core.text.Passage;
import java.util.ArrayList;
import java.util.List;
import org.elasticsearch.action.search.SearchResponse;
import org.elasticsearch.common.document.DocumentField;
import org.elasticsearch.search.SearchHit;
import org.elasticsearch.search.builder.SearchSourceBuilder;
import org.elasticsearch.search.fetch.subphase.FieldAndFormat;

/**
 * Fetches the passage's fields beside what the user asked for and takes them out again. Fields, not `_source`: an
 * explicit `_source` changes what other parts of the request get, and field-level security holds for both.
 */
final class PassageFields {

    private final List<String> all;
    private final AddedFields added;
    private final HitsWithin within;
    private List<FieldAndFormat> shared;

    private PassageFields(List<String> all, AddedFields added, HitsWithin within) {
        this.all = all;
        this.added = added;
        this.within = within;
    }

    static PassageFields addTo(SearchSourceBuilder source, List<String> fields) {
        PassageFields passage = new PassageFields(fields, AddedFields.of(fields, asked(source)), HitsWithin.of(source));
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
        if (source.storedFields() != null && source.storedFields().fieldNames() != null)
            names.addAll(source.storedFields().fieldNames());
        if (source.collapse() != null) names.add(source.collapse().getField());
        return names;
    }

    /** At most so many characters of it. */
    String text(SearchHit hit, int characters) {
        return text(all, hit, characters);
    }

    static String text(List<String> fields, SearchHit hit, int characters) {
        return Passage.of(
                fields,
                field -> {
                    DocumentField values = hit.field(field);
                    return values == null ? null : values.getValues();
                },
                characters);
    }

    /**
     * A shallow copy of a source shares its list of fields with the caller's, which must be as it was when the search
     * ends.
     */
    void restoreRequest() {
        if (shared != null) added.fetched().forEach(field -> shared.remove(new FieldAndFormat(field, null)));
    }

    /** Only what is there: a hit without any field refuses to lose one. */
    void removeFrom(SearchHit hit) {
        for (String name : added.removed()) if (hit.field(name) != null) hit.removeDocumentField(name);
        added.thinned().forEach((object, paths) -> thin(hit, object, paths));
    }

    private static void thin(SearchHit hit, String object, List<String> paths) {
        DocumentField found = hit.field(object);
        if (found == null) return;
        List<Object> left = AddedFields.without(found.getValues(), paths);
        if (left.isEmpty()) hit.removeDocumentField(object);
        else Engine.setField(hit, new DocumentField(object, left));
    }

    /** The same for hits that lie within aggregations, suggestions and hits: they inherit the search's fields. */
    void removeFrom(SearchResponse response) {
        if (added.fetched().isEmpty() == false) within.forEach(response, this::removeFrom);
    }
}

package com.lastly.opensearch;

import com.lastly.core.DocumentText;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.opensearch.common.document.DocumentField;
import org.opensearch.search.SearchHit;
import org.opensearch.search.builder.SearchSourceBuilder;
import org.opensearch.search.fetch.subphase.FieldAndFormat;

/**
 * Fetches the passage's fields beside what the user asked for and takes them out again. Fields, not `_source`: an explicit
 * `_source` changes what other parts of the request get, and field-level security holds for both.
 */
final class PassageFields {

    private final List<String> all;
    private final List<String> added = new ArrayList<>();
    private final Set<String> removed = new LinkedHashSet<>();
    private List<FieldAndFormat> shared;

    private PassageFields(List<String> all) {
        this.all = all;
    }

    static PassageFields addTo(SearchSourceBuilder source, List<String> fields) {
        PassageFields passage = new PassageFields(fields);
        AskedFields asked = new AskedFields(source);
        boolean users = source.fetchFields() != null && !source.fetchFields().isEmpty();
        for (String field : fields) if (!asked.hold(field)) passage.add(field, asked);
        passage.added.forEach(source::fetchField);
        passage.shared = users ? source.fetchFields() : null;
        return passage;
    }

    /** A field of a nested object comes under the object's name, so that is taken out too, unless the user wants some of it. */
    private void add(String field, AskedFields asked) {
        added.add(field);
        removed.add(field);
        for (int dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
            String object = field.substring(0, dot);
            if (!asked.holdPartOf(object)) removed.add(object);
        }
    }

    String text(SearchHit hit) {
        return DocumentText.of(all, field -> {
            DocumentField values = hit.field(field);
            return values != null ? values.getValues() : nested(hit, field);
        });
    }

    private static List<Object> nested(SearchHit hit, String field) {
        for (int dot = field.indexOf('.'); dot > 0; dot = field.indexOf('.', dot + 1)) {
            DocumentField objects = hit.field(field.substring(0, dot));
            String rest = field.substring(dot + 1);
            if (objects != null) return objects.getValues().stream().map(object -> at(object, rest)).filter(Objects::nonNull).toList();
        }
        return null;
    }

    private static Object at(Object object, String path) {
        if (!(object instanceof Map<?, ?> members)) return null;
        if (members.containsKey(path)) return members.get(path);
        int dot = path.indexOf('.');
        return dot < 0 ? null : at(members.get(path.substring(0, dot)), path.substring(dot + 1));
    }

    /** A shallow copy of a source shares its list of fields with the caller's, which must be as it was when the search ends. */
    void restoreRequest() {
        if (shared != null) added.forEach(field -> shared.remove(new FieldAndFormat(field, null)));
    }

    void removeFrom(SearchHit hit) {
        removed.forEach(hit::removeDocumentField);
    }
}

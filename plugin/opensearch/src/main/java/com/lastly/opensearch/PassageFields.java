package com.lastly.opensearch;

import com.lastly.core.DocumentText;
import java.util.ArrayList;
import java.util.List;
import org.opensearch.common.document.DocumentField;
import org.opensearch.common.regex.Regex;
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
    private List<FieldAndFormat> shared;

    private PassageFields(List<String> all) {
        this.all = all;
    }

    static PassageFields addTo(SearchSourceBuilder source, List<String> fields) {
        PassageFields passage = new PassageFields(fields);
        List<FieldAndFormat> users = source.fetchFields() == null ? List.of() : source.fetchFields();
        for (String field : fields) {
            if (users.stream().noneMatch(user -> Regex.simpleMatch(user.field, field))) passage.added.add(field);
        }
        passage.added.forEach(source::fetchField);
        passage.shared = users.isEmpty() ? null : source.fetchFields();
        return passage;
    }

    String text(SearchHit hit) {
        return DocumentText.of(all, field -> {
            DocumentField values = hit.field(field);
            return values == null ? null : values.getValues();
        });
    }

    /** A shallow copy of a source shares its list of fields with the caller's, which must be as it was when the search ends. */
    void restoreRequest() {
        if (shared != null) added.forEach(field -> shared.remove(new FieldAndFormat(field, null)));
    }

    void removeFrom(SearchHit hit) {
        added.forEach(hit::removeDocumentField);
    }
}

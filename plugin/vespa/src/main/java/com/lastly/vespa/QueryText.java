package com.lastly.vespa;

import com.yahoo.prelude.query.BlockItem;
import com.yahoo.prelude.query.CompositeItem;
import com.yahoo.prelude.query.ExactStringItem;
import com.yahoo.prelude.query.FuzzyItem;
import com.yahoo.prelude.query.IntItem;
import com.yahoo.prelude.query.Item;
import com.yahoo.prelude.query.NotItem;
import com.yahoo.prelude.query.SegmentItem;
import com.yahoo.prelude.query.Substring;
import com.yahoo.prelude.query.WordAlternativesItem;
import com.yahoo.prelude.query.WordItem;
import com.yahoo.search.Query;
import com.yahoo.search.schema.FieldInfo;
import com.yahoo.search.schema.SchemaInfo;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * What the user asks, read from the query tree: the words of clauses that score text. Filters, unranked clauses,
 * excluded words, attributes and clauses that another searcher added (access rules, say) are never part of it.
 */
final class QueryText {

    /** Signs of the query languages; where a text has none, it is what the user typed and goes to the model whole. */
    private static final Pattern OPERATORS = Pattern.compile("(^|\\s)[-+(]|[\"*!]|\\w:\\S|\\b(OR|AND|RANK|ANDNOT)\\b");

    private final SchemaInfo.Session schemas;
    private final Set<String> texts = new LinkedHashSet<>();

    private QueryText(SchemaInfo.Session schemas) {
        this.schemas = schemas;
    }

    /** Gives the text, empty where the query searches no text. */
    static String of(Query query, SchemaInfo schemas) {
        QueryText text = new QueryText(schemas.newSession(query));
        text.collect(query.getModel().getQueryTree().getRoot());
        return String.join(" ", text.texts);
    }

    private void collect(Item item) {
        if (item == null || item.isFilter() || !item.isRanked()) return;
        if (item instanceof NotItem not) collect(not.getPositiveItem());
        else if (item instanceof BlockItem block) add(block);
        else if (item instanceof CompositeItem composite) composite.items().forEach(this::collect);
    }

    private void add(BlockItem block) {
        if (!isWords(block) || !block.isFromQuery() || !searchesText(block.getIndexName())) return;
        Substring origin = block.getOrigin();
        boolean typed =
                origin != null && !OPERATORS.matcher(origin.getSuperstring()).find();
        String text = typed ? origin.getSuperstring() : block.getRawWord();
        if (text != null && !text.isBlank()) texts.add(text.strip());
    }

    /** Exact strings are keys, regular expressions are no language, and an IntItem may be a number or a range. */
    private static boolean isWords(BlockItem block) {
        if (block instanceof WordItem) return !(block instanceof ExactStringItem);
        if (block instanceof IntItem number) return number.getNumber().chars().allMatch(Character::isDigit);
        return block instanceof SegmentItem || block instanceof FuzzyItem || block instanceof WordAlternativesItem;
    }

    /** An index that no schema knows (none is known in a test's stub) counts as text. */
    private boolean searchesText(String index) {
        if (index.isEmpty() || schemas.schemas().isEmpty()) return true;
        return schemas.fieldInfo(index).map(FieldInfo::isIndex).orElse(true);
    }
}

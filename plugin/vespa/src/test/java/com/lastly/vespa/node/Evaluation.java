package com.lastly.vespa.node;

import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.ItemFloatingPointRangeTerm;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.ItemIntegerRangeTerm;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.ItemIntegerTerm;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.ItemNearestNeighbor;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.ItemPhrase;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.QueryTreeItem;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.TermItemProperties;
import com.yahoo.tensor.Tensor;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** What one query finds in the index: the documents that match, and which terms count towards their score. */
final class Evaluation {

    private static final String LENGTH = "length";

    private record Term(String field, String word) {}

    private final Bm25Index index;
    private final Set<Term> ranked = new HashSet<>();
    private final Map<String, Tensor> tensors;
    private final BitSet matches;
    private double[] closeness;

    /** `tensors` are the query's, by name. */
    Evaluation(Bm25Index index, QueryTreeItem root, Map<String, Tensor> tensors) {
        this.index = index;
        this.tensors = tensors;
        this.matches = eval(root);
    }

    BitSet matches() {
        return matches;
    }

    /** BM25 of every document, 0 where none of the query's words is. */
    double[] scores() {
        double[] scores = new double[index.articles().size()];
        ranked.forEach(term -> index.score(term.field, term.word, scores));
        return scores;
    }

    private BitSet eval(QueryTreeItem item) {
        return switch (item.getItemCase()) {
            case ITEM_TRUE -> all();
            case ITEM_FALSE -> new BitSet();
            case ITEM_AND -> and(item.getItemAnd().getChildrenList());
            case ITEM_OR -> or(item.getItemOr().getChildrenList());
            case ITEM_WEAK_AND -> or(item.getItemWeakAnd().getChildrenList());
            case ITEM_EQUIV -> or(item.getItemEquiv().getChildrenList());
            case ITEM_AND_NOT -> andNot(item.getItemAndNot().getChildrenList());
            case ITEM_RANK -> rank(item.getItemRank().getChildrenList());
            case ITEM_PHRASE -> phrase(item.getItemPhrase());
            case ITEM_WORD_TERM ->
                word(
                        item.getItemWordTerm().getProperties(),
                        item.getItemWordTerm().getWord());
            case ITEM_EXACTSTRING_TERM ->
                word(
                        item.getItemExactstringTerm().getProperties(),
                        item.getItemExactstringTerm().getWord());
            case ITEM_NEAREST_NEIGHBOR -> near(item.getItemNearestNeighbor());
            case ITEM_INTEGER_TERM -> number(item.getItemIntegerTerm());
            case ITEM_INTEGER_RANGE_TERM -> between(item.getItemIntegerRangeTerm());
            case ITEM_FLOATING_POINT_RANGE_TERM -> between(item.getItemFloatingPointRangeTerm());
            default ->
                throw new IllegalArgumentException("the content node of the tests does not know " + item.getItemCase());
        };
    }

    /** An exact search of the nearest; the rank profile gives every match its closeness, found this way or not. */
    private BitSet near(ItemNearestNeighbor item) {
        Tensor query = tensors.get(item.getQueryTensorName());
        if (query == null) throw new IllegalArgumentException("no tensor query(" + item.getQueryTensorName() + ")");
        closeness = index.vectors().closeness(query);
        BitSet found = new BitSet();
        IntStream.range(0, index.articles().size())
                .boxed()
                .sorted(Comparator.comparingDouble(document -> -closeness[document]))
                .limit(item.getTargetNumHits())
                .forEach(found::set);
        return found;
    }

    /** The `closeness` of a document, 0 where no nearest neighbours were asked for. */
    double closeness(int document) {
        return closeness == null ? 0 : closeness[document];
    }

    private BitSet all() {
        BitSet all = new BitSet();
        all.set(0, index.articles().size());
        return all;
    }

    private BitSet and(List<QueryTreeItem> children) {
        BitSet found = all();
        children.forEach(child -> found.and(eval(child)));
        return found;
    }

    private BitSet or(List<QueryTreeItem> children) {
        BitSet found = new BitSet();
        children.forEach(child -> found.or(eval(child)));
        return found;
    }

    private BitSet andNot(List<QueryTreeItem> children) {
        BitSet found = eval(children.get(0));
        Set<Term> wanted = Set.copyOf(ranked);
        children.subList(1, children.size()).forEach(child -> found.andNot(eval(child)));
        ranked.retainAll(wanted);
        return found;
    }

    private BitSet rank(List<QueryTreeItem> children) {
        BitSet found = eval(children.get(0));
        children.subList(1, children.size()).forEach(this::eval);
        return found;
    }

    private BitSet word(TermItemProperties properties, String word) {
        BitSet found = new BitSet();
        if (isAttribute(properties.getIndex())) return equal(properties.getIndex(), word);
        for (String field : fields(properties.getIndex())) {
            found.or(index.matches(field, word));
            if (!properties.getDoNotRank()) ranked.add(new Term(field, word));
        }
        return found;
    }

    private BitSet phrase(ItemPhrase phrase) {
        List<String> words = phrase.getChildrenList().stream()
                .map(child -> child.getItemWordTerm().getWord())
                .toList();
        BitSet found = new BitSet();
        for (String field : fields(phrase.getProperties().getIndex())) {
            BitSet candidates = index.matches(field, words.get(0));
            candidates.stream()
                    .filter(document -> inOrder(field, words, document))
                    .forEach(found::set);
            words.forEach(word -> ranked.add(new Term(field, word)));
        }
        return found;
    }

    private boolean inOrder(String field, List<String> words, int document) {
        return index.positions(field, words.get(0), document).stream()
                .anyMatch(start -> IntStream.range(1, words.size())
                        .allMatch(i ->
                                index.positions(field, words.get(i), document).contains(start + i)));
    }

    private BitSet equal(String attribute, String value) {
        BitSet found = new BitSet();
        for (int document = 0; document < index.articles().size(); document++)
            if (index.articles().get(document).string(attribute).equalsIgnoreCase(value)) found.set(document);
        return found;
    }

    /** A number in a text field is a word. */
    private BitSet number(ItemIntegerTerm term) {
        String index = term.getProperties().getIndex();
        if (!index.equals(LENGTH)) return word(term.getProperties(), String.valueOf(term.getNumber()));
        return lengths(length -> length == term.getNumber());
    }

    private BitSet between(ItemIntegerRangeTerm range) {
        return lengths(length -> length >= range.getLowerLimit() && length <= range.getUpperLimit());
    }

    private BitSet between(ItemFloatingPointRangeTerm range) {
        return lengths(length -> (range.getLowerInclusive()
                        ? length >= range.getLowerLimit()
                        : length > range.getLowerLimit())
                && (range.getUpperInclusive() ? length <= range.getUpperLimit() : length < range.getUpperLimit()));
    }

    /** The only number of the schema is `length`. */
    private BitSet lengths(IntPredicate wanted) {
        BitSet found = new BitSet();
        for (int document = 0; document < index.articles().size(); document++)
            if (wanted.test(index.articles().get(document).length())) found.set(document);
        return found;
    }

    private static boolean isAttribute(String field) {
        return field.equals("id") || field.equals("category");
    }

    private static List<String> fields(String name) {
        return name.isEmpty() || name.equals("default") ? Bm25Index.FIELDS : List.of(name);
    }
}

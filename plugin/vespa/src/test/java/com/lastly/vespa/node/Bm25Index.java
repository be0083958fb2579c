package com.lastly.vespa.node;

import com.yahoo.language.Language;
import com.yahoo.language.opennlp.OpenNlpLinguistics;
import com.yahoo.language.process.LinguisticsParameters;
import com.yahoo.language.process.StemMode;
import com.yahoo.language.process.Token;
import com.yahoo.language.process.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A BM25 index over title and text with Vespa's formula and its defaults (k1 1.2, b 0.75), and with the linguistics
 * that the container uses for queries, so that the scores of the first stage are what a content node would give.
 */
public final class Bm25Index {

    static final List<String> FIELDS = List.of("title", "text");
    private static final double K1 = 1.2;
    private static final double B = 0.75;

    private static final LinguisticsParameters ENGLISH =
            new LinguisticsParameters(Language.ENGLISH, StemMode.BEST, true, true);

    private final List<Article> articles;
    private Vectors vectors;
    private final Map<String, Field> fields = new LinkedHashMap<>();

    /** Positions of each term in each document, and how long the field is there. */
    private static final class Field {
        final Map<String, Map<Integer, List<Integer>>> postings = new HashMap<>();
        final int[] lengths;
        double averageLength;

        Field(int documents) {
            lengths = new int[documents];
        }
    }

    public Bm25Index(List<Article> articles) {
        this.articles = List.copyOf(articles);
        Tokenizer tokenizer = new OpenNlpLinguistics().getTokenizer();
        for (String name : FIELDS) fields.put(name, index(name, tokenizer));
    }

    public List<Article> articles() {
        return articles;
    }

    /** Made when first asked for, as most searches want none. */
    synchronized Vectors vectors() {
        if (vectors == null) vectors = new Vectors(articles);
        return vectors;
    }

    private Field index(String name, Tokenizer tokenizer) {
        Field field = new Field(articles.size());
        long total = 0;
        for (int document = 0; document < articles.size(); document++) {
            List<String> terms = terms(articles.get(document).string(name), tokenizer);
            for (int position = 0; position < terms.size(); position++)
                field.postings
                        .computeIfAbsent(terms.get(position), t -> new HashMap<>())
                        .computeIfAbsent(document, d -> new ArrayList<>(2))
                        .add(position);
            field.lengths[document] = terms.size();
            total += terms.size();
        }
        field.averageLength = Math.max(1.0, (double) total / articles.size());
        return field;
    }

    private static List<String> terms(String text, Tokenizer tokenizer) {
        List<String> terms = new ArrayList<>();
        for (Token token : tokenizer.tokenize(text, ENGLISH)) collect(token, terms);
        return terms;
    }

    private static void collect(Token token, List<String> terms) {
        if (token.getNumComponents() > 0)
            for (int i = 0; i < token.getNumComponents(); i++) collect(token.getComponent(i), terms);
        else if (token.isIndexable()) terms.add(token.getNumStems() > 0 ? token.getStem(0) : token.getTokenString());
    }

    /** The documents that have the term in the field. */
    public BitSet matches(String field, String term) {
        BitSet found = new BitSet();
        postings(field, term).keySet().forEach(found::set);
        return found;
    }

    /** Where the term stands in the field of one document. */
    public List<Integer> positions(String field, String term, int document) {
        return postings(field, term).getOrDefault(document, List.of());
    }

    /** Adds the term's BM25 in the field to the score of every document that has it. */
    public void score(String field, String term, double[] scores) {
        Map<Integer, List<Integer>> found = postings(field, term);
        double idf = Math.log(1.0 + (articles.size() - found.size() + 0.5) / (found.size() + 0.5));
        found.forEach((document, positions) ->
                scores[document] += idf * saturated(positions.size(), fields.get(field), document));
    }

    private static double saturated(int frequency, Field field, int document) {
        double length = field.lengths[document] / field.averageLength;
        return frequency * (K1 + 1) / (frequency + K1 * (1 - B + B * length));
    }

    private Map<Integer, List<Integer>> postings(String field, String term) {
        return fields.get(field).postings.getOrDefault(term, Map.of());
    }
}

package com.lastly.vespa.node;

import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.DocsumReply;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.DocsumRequest;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.Feature;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.Hit;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.MonitorReply;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.SearchReply;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.SearchRequest;
import ai.vespa.searchlib.searchprotocol.protobuf.SearchProtocol.TensorProperty;
import com.google.protobuf.ByteString;
import com.yahoo.compress.CompressionType;
import com.yahoo.compress.Compressor;
import com.yahoo.io.GrowableByteBuffer;
import com.yahoo.jrt.DataValue;
import com.yahoo.jrt.Int32Value;
import com.yahoo.jrt.Int8Value;
import com.yahoo.jrt.ListenFailedException;
import com.yahoo.jrt.Method;
import com.yahoo.jrt.Request;
import com.yahoo.jrt.Spec;
import com.yahoo.jrt.Supervisor;
import com.yahoo.jrt.Transport;
import com.yahoo.slime.BinaryFormat;
import com.yahoo.slime.Cursor;
import com.yahoo.slime.Slime;
import com.yahoo.tensor.Tensor;
import com.yahoo.tensor.serialization.TypedBinaryFormat;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Answers a content node's RPC (ping, search, getDocsums) from a real BM25 index, because Vespa's own is a C++ program
 * that no package registry has. Knows one schema, `article`; summary classes come from the application package's model.
 */
public final class ContentNode implements AutoCloseable {

    private interface Handler {
        byte[] handle(byte[] request) throws Exception;
    }

    private final Bm25Index index;
    private final Map<String, List<String>> summaryClasses;
    private final Supervisor supervisor = new Supervisor(new Transport("content-node"));

    /** A node over this index that gives the fields of these summary classes. */
    public ContentNode(Bm25Index index, Map<String, List<String>> summaryClasses) {
        this.index = index;
        this.summaryClasses = summaryClasses;
        serve("ping", request -> ping());
        serve("search", this::search);
        serve("getDocsums", this::summaries);
    }

    public void listen(int port) throws ListenFailedException {
        supervisor.listen(new Spec("localhost", port));
    }

    @Override
    public void close() {
        supervisor.transport().shutdown().join();
    }

    private void serve(String name, Handler handler) {
        supervisor.addMethod(
                new Method("vespa.searchprotocol." + name, "bix", "bix", request -> answer(request, handler)));
    }

    private static void answer(Request request, Handler handler) {
        try {
            CompressionType type =
                    CompressionType.valueOf(request.parameters().get(0).asInt8());
            byte[] body = new Compressor()
                    .decompress(
                            type,
                            request.parameters().get(2).asData(),
                            0,
                            request.parameters().get(1).asInt32(),
                            Optional.empty());
            byte[] reply = handler.handle(body);
            request.returnValues().add(new Int8Value(CompressionType.NONE.getCode()));
            request.returnValues().add(new Int32Value(reply.length));
            request.returnValues().add(new DataValue(reply));
        } catch (Exception e) {
            request.setError(1, e.toString());
        }
    }

    private byte[] ping() {
        int documents = index.articles().size();
        return MonitorReply.newBuilder()
                .setOnline(true)
                .setActiveDocs(documents)
                .setTargetActiveDocs(documents)
                .setDistributionKey(0)
                .build()
                .toByteArray();
    }

    private byte[] search(byte[] body) throws Exception {
        SearchRequest request = SearchRequest.parseFrom(body);
        Evaluation evaluation = new Evaluation(index, request.getQueryTree().getRoot(), tensors(request));
        double[] words = request.getRankProfile().equals("unranked")
                ? new double[index.articles().size()]
                : evaluation.scores();
        boolean hybrid = request.getRankProfile().equals("hybrid");
        double[] scores = hybrid ? sums(words, evaluation) : words;
        List<Integer> order = evaluation.matches().stream()
                .boxed()
                .sorted(order(request, scores))
                .toList();
        int documents = index.articles().size();
        SearchReply.Builder reply = SearchReply.newBuilder()
                .setTotalHitCount(order.size())
                .setCoverageDocs(documents)
                .setActiveDocs(documents)
                .setTargetActiveDocs(documents);
        order.stream()
                .skip(request.getOffset())
                .limit(request.getHits())
                .forEach(document -> reply.addHits(hit(document, scores[document], request)));
        if (hybrid) addMatchFeatures(reply, words, evaluation);
        return reply.build().toByteArray();
    }

    private static Map<String, Tensor> tensors(SearchRequest request) {
        Map<String, Tensor> tensors = new HashMap<>();
        for (TensorProperty property : request.getTensorRankPropertiesList())
            tensors.put(
                    property.getName(),
                    TypedBinaryFormat.decode(
                            Optional.empty(),
                            new GrowableByteBuffer(property.getValue().asReadOnlyByteBuffer())));
        return tensors;
    }

    /** The first phase of the rank profile `hybrid`. */
    private static double[] sums(double[] words, Evaluation evaluation) {
        double[] sums = new double[words.length];
        evaluation.matches().stream()
                .forEach(document -> sums[document] = words[document] + evaluation.closeness(document));
        return sums;
    }

    /** The functions that the container's global phase of `hybrid` fuses. */
    private static void addMatchFeatures(SearchReply.Builder reply, double[] words, Evaluation evaluation) {
        reply.addMatchFeatureNames("words").addMatchFeatureNames("meaning");
        for (Hit.Builder hit : reply.getHitsBuilderList()) {
            int document = hit.getGlobalId().asReadOnlyByteBuffer().getInt(8);
            hit.addMatchFeatures(Feature.newBuilder().setNumber(words[document]));
            hit.addMatchFeatures(Feature.newBuilder().setNumber(evaluation.closeness(document)));
        }
    }

    private Comparator<Integer> order(SearchRequest request, double[] scores) {
        Comparator<Integer> byScore = Comparator.comparingDouble((Integer document) -> -scores[document]);
        if (request.getSortingCount() == 0) return byScore.thenComparing(Comparator.naturalOrder());
        Comparator<Integer> byLength = Comparator.comparingInt(
                document -> index.articles().get(document).length());
        return (request.getSorting(0).getAscending() ? byLength : byLength.reversed())
                .thenComparing(Comparator.naturalOrder());
    }

    private Hit hit(int document, double score, SearchRequest request) {
        Hit.Builder hit = Hit.newBuilder().setGlobalId(globalId(document)).setRelevance(score);
        if (request.getSortingCount() > 0)
            hit.setSortData(sortData(document, request.getSorting(0).getAscending()));
        return hit.build();
    }

    /** Bytes that compare as the field's values do, as a content node sends them. */
    private ByteString sortData(int document, boolean ascending) {
        long key = (long) index.articles().get(document).length() ^ Long.MIN_VALUE;
        return ByteString.copyFrom(ByteBuffer.allocate(8).putLong(0, ascending ? key : ~key));
    }

    private static ByteString globalId(int document) {
        return ByteString.copyFrom(ByteBuffer.allocate(12).putInt(8, document));
    }

    private byte[] summaries(byte[] body) throws Exception {
        DocsumRequest request = DocsumRequest.parseFrom(body);
        List<String> fields =
                request.getFieldsCount() > 0 ? request.getFieldsList() : fieldsOf(request.getSummaryClass());
        Slime slime = new Slime();
        Cursor summaries = slime.setObject().setArray("docsums");
        for (ByteString id : request.getGlobalIdsList())
            write(
                    index.articles().get(id.asReadOnlyByteBuffer().getInt(8)),
                    fields,
                    summaries.addObject().setObject("docsum"));
        return DocsumReply.newBuilder()
                .setSlimeSummaries(ByteString.copyFrom(BinaryFormat.encode(slime)))
                .build()
                .toByteArray();
    }

    private List<String> fieldsOf(String summaryClass) {
        List<String> fields = summaryClasses.get(summaryClass.isEmpty() ? "default" : summaryClass);
        if (fields == null) throw new IllegalArgumentException("no summary class '" + summaryClass + "'");
        return fields;
    }

    private static void write(Article article, List<String> fields, Cursor summary) {
        for (String field : fields)
            if (field.equals("length")) summary.setLong(field, article.length());
            else if (article.string(field) != null) summary.setString(field, article.string(field));
    }
}

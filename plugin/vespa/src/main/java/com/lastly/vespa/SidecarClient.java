package com.lastly.vespa;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.*;

final class SidecarClient {
    private final HttpClient http = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).connectTimeout(Duration.ofMillis(200)).build();
    private final ObjectMapper json = new ObjectMapper();
    private final List<String> urls;
    SidecarClient(RerankConfig.Sidecar config) { urls = config.urls(); }

    List<Double> scores(String text, Candidates candidates, QuerySettings asked, long left) throws RerankFailure {
        ObjectNode body = json.createObjectNode();
        body.put("query", text);
        ArrayNode docs = body.putArray("documents");
        for (int i = 0; i < candidates.size(); i++) {
            StringBuilder b = new StringBuilder();
            for (String f : asked.fields()) b.append(b.length() > 0 ? "\n" : "").append(candidates.text(i, f));
            docs.add(b.toString());
        }
        long ms = Math.min(asked.timeout().toMillis(), left);
        if (ms <= 0) throw new RerankFailure("timeout", "the query has no time left");
        try {
            HttpResponse<byte[]> r = http.send(HttpRequest.newBuilder(URI.create(urls.get(0) + "/v1/rerank")).timeout(Duration.ofMillis(ms)).header("Content-Type", "application/json").header("X-Request-Timeout-Ms", "" + ms).POST(HttpRequest.BodyPublishers.ofByteArray(json.writeValueAsBytes(body))).build(), HttpResponse.BodyHandlers.ofByteArray());
            if (r.statusCode() != 200) throw new RerankFailure("status", "status " + r.statusCode());
            Double[] out = new Double[candidates.size()];
            for (JsonNode n : json.readTree(r.body()).path("results")) out[n.path("index").asInt()] = n.path("relevance_score").asDouble();
            return Arrays.asList(out);
        } catch (java.io.IOException | InterruptedException e) { throw new RerankFailure("unreachable", e.toString()); }
    }
}

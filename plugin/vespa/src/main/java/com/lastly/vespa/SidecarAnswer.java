package com.lastly.vespa;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.util.Arrays;
import java.util.concurrent.CompletionException;

/** Reads an answer; unless it has exactly one finite score for every passage, nothing of it is used. */
final class SidecarAnswer {

    private SidecarAnswer() {}

    static double[] scores(HttpResponse<byte[]> response, int count, ObjectMapper json) {
        if (response.statusCode() != 200) throw new CompletionException(refused(response.statusCode()));
        double[] scores = new double[count];
        Arrays.fill(scores, Double.NaN);
        JsonNode results = results(response.body(), json);
        if (results.size() != count) throw wrong(results.size() + " results for " + count + " passages");
        for (JsonNode result : results) put(result, scores);
        return scores;
    }

    private static void put(JsonNode result, double[] scores) {
        JsonNode index = result.path("index");
        JsonNode score = result.path("relevance_score");
        if (!index.isIntegralNumber() || index.asLong() < 0 || index.asLong() >= scores.length) throw wrong("an index that is none");
        if (!Double.isNaN(scores[index.asInt()])) throw wrong("an index twice");
        if (!score.isNumber() || !Double.isFinite(score.asDouble())) throw wrong("a score that is no number");
        scores[index.asInt()] = score.asDouble();
    }

    private static JsonNode results(byte[] body, ObjectMapper json) {
        try {
            return json.readTree(body).path("results");
        } catch (IOException e) {
            throw wrong("no JSON");
        }
    }

    private static CompletionException wrong(String what) {
        return new CompletionException(new RerankFailure("bad_answer", "the sidecar answered with " + what));
    }

    private static RerankFailure refused(int status) {
        String reason = switch (status) {
            case 401, 403 -> "unauthorized";
            case 429 -> "busy";
            case 503 -> "not_ready";
            case 504 -> "timeout";
            default -> "status_" + status;
        };
        return new RerankFailure(reason, "the sidecar answered with status " + status);
    }
}

package com.lastly.core.sidecar;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;

/** What a sidecar answered; unless it has exactly one finite score for every passage, nothing of it is used. */
record SidecarAnswer(int status, byte[] body) {

    /**
     * Scores lie between -1 and 1; hits below the window get scores from -2 down, so a larger one would break the order
     * of pages.
     */
    private static final double LARGEST_SCORE = 2;

    /** Bytes of what stands around the results, and of one result, with room for what a sidecar adds to both. */
    private static final int AROUND = 16 << 10;

    private static final int OF_RESULT = 512;

    /** Bytes of the longest answer that is read: a result takes about 60. */
    static int longest(int passages) {
        return AROUND + OF_RESULT * passages;
    }

    static SidecarAnswer of(HttpAnswer answer) {
        return new SidecarAnswer(answer.status(), answer.body());
    }

    /** The scores of `count` passages, in their order; throws CompletionException around a RerankFailure. */
    double[] scores(int count) {
        if (status != 200) throw new CompletionException(refused(status));
        double[] scores = new double[count];
        Arrays.fill(scores, Double.NaN);
        List<?> results = results(body, count);
        if (results.size() != count) throw wrong(results.size() + " results for " + count + " passages");
        for (Object result : results) put(result, scores);
        return scores;
    }

    private static void put(Object result, double[] scores) {
        if (!(result instanceof Map<?, ?> map)) throw wrong("a result that is no object");
        if (!(map.get("index") instanceof Double index)
                || index != Math.rint(index)
                || index < 0
                || index >= scores.length) throw wrong("an index that is none");
        if (!Double.isNaN(scores[index.intValue()])) throw wrong("an index twice");
        if (!(map.get("relevance_score") instanceof Double score) || !(Math.abs(score) < LARGEST_SCORE))
            throw wrong("a score out of range");
        scores[index.intValue()] = score;
    }

    private static List<?> results(byte[] body, int count) {
        try {
            if (Json.parse(new String(body, StandardCharsets.UTF_8), count) instanceof Map<?, ?> map
                    && map.get("results") instanceof List<?> list) return list;
        } catch (IllegalArgumentException e) {
            throw wrong("no JSON, or with more results than passages");
        }
        throw wrong("no results");
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
        String advice = reason.equals("unauthorized") ? "; check lastly.sidecar.api_key" : "";
        return new RerankFailure(reason, "the sidecar answered with status " + status + advice);
    }
}

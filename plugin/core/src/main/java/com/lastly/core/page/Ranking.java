package com.lastly.core.page;

import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * The new order of first-stage hits: the window by falling score, ties in the first stage's order, then the tail as it
 * was.
 */
public final class Ranking {

    private final int[] order;
    private final double[] scores;
    private final RerankWindow window;

    private Ranking(int[] order, double[] scores, RerankWindow window) {
        this.order = order;
        this.scores = scores;
        this.window = window;
    }

    /** Ranks `hits` first-stage hits by the scores of the first of them. */
    public static Ranking of(double[] scores, int hits, RerankWindow window) {
        IntStream best = IntStream.range(0, scores.length)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer hit) -> scores[hit]).reversed())
                .mapToInt(Integer::intValue);
        return new Ranking(
                IntStream.concat(best, IntStream.range(scores.length, hits)).toArray(), scores, window);
    }

    /** The first-stage rank, from 0, of the hit that stands at `place` now. */
    public int firstStageRank(int place) {
        return order[place];
    }

    /** The score of the hit that stands at `place` now. */
    public float score(int place) {
        return (float) scoreOf(order[place]);
    }

    /** The score of the hit of a first-stage rank, from 0. */
    double scoreOf(int hit) {
        return hit < scores.length ? scores[hit] : window.tailScore(hit);
    }
}

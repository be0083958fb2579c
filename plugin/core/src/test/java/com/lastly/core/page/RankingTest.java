package com.lastly.core.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RankingTest {

    @Test
    void theWindowFallsByScoreAndTheTailKeepsItsOrder() {
        RerankWindow window = RerankWindow.of(0, 5, 3, 100);
        Ranking ranking = Ranking.of(new double[] {0.1, 0.9, 0.5}, 5, window);
        assertArrayEquals(
                new int[] {1, 2, 0, 3, 4},
                IntStream.range(0, 5).map(ranking::firstStageRank).toArray());
        assertEquals(0.9f, ranking.score(0));
        assertTrue(ranking.score(2) > ranking.score(3) && ranking.score(3) > ranking.score(4));
    }

    @Test
    void equalScoresKeepTheFirstStagesOrder() {
        Ranking ranking = Ranking.of(new double[] {0.5, 0.7, 0.5, 0.7}, 4, RerankWindow.of(0, 4, 4, 100));
        assertArrayEquals(
                new int[] {1, 3, 0, 2},
                IntStream.range(0, 4).map(ranking::firstStageRank).toArray());
    }

    /** An index of some hits, paged by an engine that fetches what the window says. */
    @Test
    void pagesAreDisjointAndCompleteAndTheirScoresFallWhateverTheSizes() {
        Random random = new Random(11);
        for (int round = 0; round < 2000; round++) {
            int hits = random.nextInt(80);
            int size = 1 + random.nextInt(20);
            int wanted = 1 + random.nextInt(40);
            int largest = 1 + random.nextInt(100);
            double[] scores = random.doubles(hits, -1, 1)
                    .map(score -> Math.round(score * 8) / 8.0)
                    .toArray();
            List<Integer> seen = new ArrayList<>();
            List<Float> given = new ArrayList<>();
            for (int from = 0; from < hits; from += size)
                page(RerankWindow.of(from, size, wanted, largest), hits, scores, seen, given);
            assertEquals(hits, seen.size());
            assertEquals(hits, new HashSet<>(seen).size());
            for (int i = 1; i < given.size(); i++) assertTrue(given.get(i - 1) >= given.get(i), "scores fall");
        }
    }

    private static void page(RerankWindow window, int hits, double[] scores, List<Integer> seen, List<Float> given) {
        if (window.below()) {
            for (int rank = window.from(); rank < Math.min(hits, window.from() + window.size()); rank++) {
                seen.add(rank);
                given.add(window.tailScore(rank));
            }
            return;
        }
        int available = Math.min(hits, window.fetched());
        Ranking ranking =
                Ranking.of(java.util.Arrays.copyOf(scores, Math.min(available, window.window())), available, window);
        for (int place = window.from(); place < window.end(available); place++) {
            seen.add(ranking.firstStageRank(place));
            given.add(ranking.score(place));
        }
    }

    @Test
    void aPageAtTheEndOfIntegersDoesNotOverflow() {
        assertEquals(20, RerankWindow.of(10, Integer.MAX_VALUE, 50, 100).end(20));
    }

    @Test
    void theWindowStaysWithinTheEnginesLimit() {
        assertEquals(20, RerankWindow.of(0, 10, 50, 20).fetched());
        assertEquals(1, RerankWindow.of(0, 10, 50, 0).window());
    }
}

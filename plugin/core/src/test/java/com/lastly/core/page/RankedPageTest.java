package com.lastly.core.page;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RankedPageTest {

    private static final double[] SCORES = {0.1, 0.9, 0.5};

    private static RankedPage page(int from, int size, int fetched) {
        RerankWindow window = RerankWindow.of(from, size, 3, 10_000);
        return RankedPage.reranked(window, Ranking.of(SCORES, fetched, window), fetched);
    }

    private static int[] hits(RankedPage page) {
        return IntStream.range(0, page.size()).map(page::fetchedHit).toArray();
    }

    @Test
    void aPageAcrossTheWindowsEdgeHasTheWindowsLastAndTheTailsFirst() {
        RankedPage page = page(2, 2, 5);
        assertArrayEquals(new int[] {0, 3}, hits(page));
        assertEquals(0.1f, page.score(0));
        assertTrue(page.score(1) < -1);
        assertEquals(0.9f, page.best());
    }

    @Test
    void scoresFallFromThePageOfTheEdgeToThoseBelow() {
        RankedPage edge = page(2, 2, 5);
        RankedPage below = RankedPage.below(RerankWindow.of(4, 2, 3, 10_000), 2);
        assertArrayEquals(new int[] {0, 1}, hits(below));
        assertArrayEquals(new int[] {4, 5}, new int[] {below.firstStageRank(0), below.firstStageRank(1)});
        assertTrue(edge.score(1) > below.score(0) && below.score(0) > below.score(1));
        assertTrue(Float.isNaN(below.best()));
    }

    @Test
    void theFirstStagesPageIsCutButNotRescored() {
        RankedPage page = RankedPage.firstStage(RerankWindow.of(1, 2, 3, 10_000), 4);
        assertArrayEquals(new int[] {1, 2}, hits(page));
        assertFalse(page.rescored());
        assertEquals(
                5, RankedPage.asFetched(RerankWindow.of(4, 2, 3, 10_000), 2).firstStageRank(1));
    }

    @Test
    void aPageBeyondTheLastHitIsEmpty() {
        assertEquals(0, page(2, 2, 2).size());
        assertEquals(
                0, RankedPage.firstStage(RerankWindow.of(0, 10, 3, 10_000), 0).size());
    }
}

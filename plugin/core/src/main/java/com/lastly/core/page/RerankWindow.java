package com.lastly.core.page;

/**
 * One page against the window: which first-stage hits are fetched, which are reranked, which are answered.
 *
 * @param from first hit of the page, from 0
 * @param size hits of the page
 * @param window first-stage hits that are reranked
 */
public record RerankWindow(int from, int size, int window) {

    /** The page's window, no larger than `largest` (an engine's limit on from + size). */
    public static RerankWindow of(int from, int size, int wanted, int largest) {
        return new RerankWindow(from, size, Math.min(wanted, Math.max(largest, 1)));
    }

    /** Whether the page lies wholly below the window: nothing to rerank. */
    public boolean below() {
        return from >= window;
    }

    /** How many hits to fetch from the first one on, so that the whole window and the whole page are there. */
    public int fetched() {
        return Math.max(window, from + size);
    }

    /**
     * The score of a hit below the window by its first-stage rank, from 0. A first-stage score (BM25, say) has nothing
     * in common with the model's, which lies between -1 and 1; so that scores fall over all pages, the tail gets scores
     * under -1.
     */
    public float tailScore(int rank) {
        return -2f - (rank - window);
    }

    /** End of the page among `available` hits. */
    public int end(int available) {
        return (int) Math.min((long) from + size, available);
    }
}

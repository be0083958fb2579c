package com.lastly.core.page;

/**
 * One page against the window: which first-stage hits are fetched, which are reranked, which are answered.
 *
 * @param from first hit of the page, from 0
 * @param size hits of the page
 * @param window first-stage hits that are reranked
 * @param least hits that are fetched though neither page nor window needs them
 */
public record RerankWindow(int from, int size, int window, int least) {

    /** The page's window, no larger than `largest` (an engine's limit on from + size). */
    public static RerankWindow of(int from, int size, int wanted, int largest) {
        return new RerankWindow(from, size, Math.min(wanted, Math.max(largest, 1)), 0);
    }

    /** The window of a search that is answered whole. */
    public static RerankWindow all(int hits) {
        return new RerankWindow(0, hits, hits, 0);
    }

    /** The same where at least so many hits are to be fetched. */
    public RerankWindow fetchingAtLeast(int hits) {
        return new RerankWindow(from, size, window, hits);
    }

    /** Whether the page lies wholly below the window: nothing to rerank. */
    public boolean below() {
        return from >= window;
    }

    /** How many hits to fetch from the first one on, so that the whole window and the whole page are there. */
    public int fetched() {
        long page = (long) from + size; // which a search may write too large, and the engine refuses
        return (int) Math.min(Math.max(Math.max(window, least), page), Integer.MAX_VALUE);
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

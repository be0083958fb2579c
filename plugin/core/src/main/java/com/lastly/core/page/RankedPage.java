package com.lastly.core.page;

/**
 * The page that is answered, as places among the hits that an engine fetched: which hit stands where, and with which
 * score. Engines differ in how a hit is held, not in this.
 */
public final class RankedPage {

    private final RerankWindow window;
    private final Ranking ranking;
    private final boolean rescored;
    private final int start;
    private final int end;
    private final int firstFetched;

    private RankedPage(RerankWindow window, Ranking ranking, boolean rescored, int start, int end, int firstFetched) {
        this.window = window;
        this.ranking = ranking;
        this.rescored = rescored;
        this.start = Math.min(start, end);
        this.end = end;
        this.firstFetched = firstFetched;
    }

    /** The page in the new order, cut from `fetched` hits. */
    public static RankedPage reranked(RerankWindow window, Ranking ranking, int fetched) {
        return new RankedPage(window, ranking, true, window.from(), window.end(fetched), 0);
    }

    /** The page in the first stage's order with its scores, cut from `fetched` hits. */
    public static RankedPage firstStage(RerankWindow window, int fetched) {
        return new RankedPage(window, null, false, window.from(), window.end(fetched), 0);
    }

    /** A page below the window, which was fetched by itself: it gets scores under those of the window. */
    public static RankedPage below(RerankWindow window, int fetched) {
        return new RankedPage(window, null, true, 0, fetched, window.from());
    }

    /** A page below the window that nothing is to be changed of. */
    public static RankedPage asFetched(RerankWindow window, int fetched) {
        return new RankedPage(window, null, false, 0, fetched, window.from());
    }

    public int size() {
        return end - start;
    }

    /** Which of the fetched hits, from 0, stands at a place of the page, from 0. */
    public int fetchedHit(int place) {
        return ranking == null ? start + place : ranking.firstStageRank(start + place);
    }

    /** The first stage's rank, from 0, of the hit at a place of the page. */
    public int firstStageRank(int place) {
        return firstFetched + fetchedHit(place);
    }

    /** Whether the hits get new scores; otherwise the first stage's stay. */
    public boolean rescored() {
        return rescored;
    }

    /** The new score of the hit at a place of the page. */
    public float score(int place) {
        return ranking == null ? window.tailScore(firstStageRank(place)) : ranking.score(start + place);
    }

    /** The new score of a fetched hit, on the page or not; only of a page that was reranked. */
    public double scoreOf(int fetchedHit) {
        return ranking.scoreOf(fetchedHit);
    }

    /** The best score of all pages, NaN where this one doesn't know it. */
    public float best() {
        return ranking == null ? Float.NaN : ranking.score(0);
    }
}

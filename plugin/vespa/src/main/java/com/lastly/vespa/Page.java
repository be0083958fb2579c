package com.lastly.vespa;

import com.yahoo.search.Query;

/** The part of the hits that the query asks for. */
record Page(int offset, int hits) {

    static Page of(Query query) {
        return new Page(query.getOffset(), query.getHits());
    }

    /** Makes the query ask for everything from the first hit to the end of the page, and for the whole window at least. */
    void widen(Query query, int window) {
        query.setOffset(0);
        query.setHits(Math.max(window, offset + hits));
    }

    void restore(Query query) {
        query.setOffset(offset);
        query.setHits(hits);
    }
}

package com.lastly.core;

import com.lastly.core.sidecar.RerankFailure;
import java.util.List;

/** What a first stage found, as an engine shows it to the flow. */
public interface FirstStage {

    /** How many hits were fetched. */
    int hits();

    /** Bytes of heap that they keep while the sidecar is asked, about. */
    long bytes();

    /**
     * The passages of the first so many hits, each of at most so many characters; they may be taken out of the hits as
     * they are read. Throws RerankFailure, or whatever an engine throws for a field that is no text after all.
     */
    List<String> passages(int hits, int characters) throws RerankFailure;
}

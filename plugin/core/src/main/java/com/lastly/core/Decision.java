package com.lastly.core;

/** What becomes of a search before its first stage runs. */
public sealed interface Decision {

    /**
     * The search goes on as the user wrote it.
     *
     * @param warning to answer with; empty: none
     */
    record LeaveAlone(SkipReason reason, String warning) implements Decision {
        static final LeaveAlone NOT_ASKED = new LeaveAlone(SkipReason.NOT_ASKED, "");
    }

    /**
     * The search ends with an error: it asks for what can't be, or wants no other order than the new one.
     *
     * @param status of HTTP
     * @param message that says what to do, and holds no user text
     */
    record Refuse(int status, String message) implements Decision {

        /** Whether the user wrote something wrong. */
        public boolean badRequest() {
            return status == BAD_REQUEST;
        }

        private static final int BAD_REQUEST = 400;

        static Refuse badRequest(String message) {
            return new Refuse(BAD_REQUEST, message);
        }
    }

    /** The search is widened as the plan says, and its answer given to the flow. */
    record Rerank(RerankPlan plan) implements Decision {}
}

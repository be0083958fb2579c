package com.lastly.core.text;

/**
 * How much of a passage is sent. The sidecar cuts by tokens, and knows the tokens; here it is only seen to that nothing
 * is built, held and sent that no model could read.
 */
public final class PassageLimit {

    /**
     * Characters for each token of the limit. A token of English has four or five; the sidecar, where its model asks
     * for excerpts, looks at 32 times as many words as it reads.
     */
    private static final int PER_TOKEN = 128;

    /** Tokens that are supposed where the model decides. */
    private static final int TOKENS = 256;

    private static final int LEAST = 4 << 10;
    private static final int MOST = 128 << 10;
    /** Of all passages of a call together: in UTF-8 they stay under the sidecar's 16 MiB for a body. */
    private static final int OF_CALL = 4 << 20;

    private PassageLimit() {}

    /**
     * Returns the characters that are read of each of so many passages; `tokens` is the setting, 0 for the model's own.
     */
    public static int characters(int tokens, int passages) {
        long wanted = (long) PER_TOKEN * (tokens == 0 ? TOKENS : tokens);
        long bounded = Math.max(LEAST, Math.min(MOST, wanted));
        return (int) Math.min(bounded, OF_CALL / Math.max(passages, 1));
    }

    /** Returns the beginning of a text, of at most so many characters; never half of a surrogate pair. */
    public static String cut(String text, int characters) {
        if (text.length() <= characters) return text;
        int end =
                characters > 0 && Character.isHighSurrogate(text.charAt(characters - 1)) ? characters - 1 : characters;
        return text.substring(0, end);
    }
}

package com.lastly.core.sidecar;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where a sidecar is. Read by hand, since Java's own URI takes a host with an underscore, as compose files have them,
 * for none.
 *
 * @param path of the call, with the prefix that the address has
 */
record Address(String scheme, String host, int port, String path) {

    private static final String HOST = "\\[[0-9a-fA-F:.]+]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9_])?\\.?";
    private static final String PATH = "(?:/[\\w.~!$&'()*+,;=:@%-]*)*";
    private static final Pattern FORM = Pattern.compile("(https?)://(" + HOST + ")(?::(\\d{1,5}))?(" + PATH + ")");
    private static final String RERANK = "/v1/rerank";
    private static final int LARGEST_PORT = 65_535;

    /** Reads `url`; throws IllegalArgumentException that says how to write it, and shows no password. */
    static Address of(String url) {
        Matcher form = FORM.matcher(url);
        String shown = url.replaceAll("//[^/]*@", "//...@");
        if (url.matches("[^/]*//[^/]*@.*"))
            throw new IllegalArgumentException("lastly.sidecar.urls: [" + shown
                    + "] holds a user or password; leave it out, the key goes into lastly.sidecar.api_key");
        if (!form.matches() || form.group(3) != null && !isPort(Integer.parseInt(form.group(3))))
            throw new IllegalArgumentException(
                    "lastly.sidecar.urls: [" + shown + "] is no address; write it like http://127.0.0.1:8787");
        return new Address(
                form.group(1), form.group(2), port(form), form.group(4).replaceAll("/+$", "") + RERANK);
    }

    boolean tls() {
        return scheme.equals("https");
    }

    private static boolean isPort(int port) {
        return port >= 1 && port <= LARGEST_PORT;
    }

    private static int port(Matcher form) {
        if (form.group(3) != null) return Integer.parseInt(form.group(3));
        return form.group(1).equals("https") ? 443 : 80;
    }
}

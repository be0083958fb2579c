package com.lastly.vespa;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/** One call: what is asked, within which time, and the headers that the query brought along (request id, trace). */
record SidecarRequest(String query, List<String> passages, String model, String instruction, int maxDocTokens,
                      Duration time, Map<String, String> headers) {}

package com.lastly.core.sidecar;

/**
 * What came back over HTTP.
 *
 * @param body no longer than was allowed
 * @param reusable whether the connection may be used again
 */
record HttpAnswer(int status, byte[] body, boolean reusable) {}

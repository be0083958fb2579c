package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SidecarConfigTest {

    private static String refused(Runnable check) {
        return assertThrows(IllegalArgumentException.class, check::run).getMessage();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1:8787",
                "ftp://host",
                "http://",
                "http://a b",
                "http://host?x=1",
                "http://host#f",
                "",
                "//host"
            })
    void whatIsNoAddressIsRefusedWithAnExample(String url) {
        assertTrue(refused(() -> SidecarConfig.url(url)).contains("http://127.0.0.1:8787"));
    }

    @Test
    void anAddressMayHaveAPathAndSlashesAtItsEnd() {
        SidecarConfig config = Calls.config("https://host:8787//", "http://[::1]:8787/lastly/");
        assertEquals(
                List.of(URI.create("https://host:8787/v1/rerank"), URI.create("http://[::1]:8787/lastly/v1/rerank")),
                config.addresses());
    }
}

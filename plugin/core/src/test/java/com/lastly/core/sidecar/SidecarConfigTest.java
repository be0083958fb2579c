package com.lastly.core.sidecar;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

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
                "//host",
                "http://host:99999",
                "http://host:0",
                "http://host:80a",
                "http://[::1",
                "http://-host"
            })
    void whatIsNoAddressIsRefusedWithAnExample(String url) {
        assertTrue(refused(() -> SidecarConfig.url(url)).contains("http://127.0.0.1:8787"));
    }

    @Test
    void anAddressMayHaveAPathAndSlashesAtItsEnd() {
        SidecarConfig config = Calls.config("https://host//", "http://[::1]:8787/lastly/", "http://my_sidecar:80");
        assertEquals(
                List.of(
                        new Address("https", "host", 443, "/v1/rerank"),
                        new Address("http", "[::1]", 8787, "/lastly/v1/rerank"),
                        new Address("http", "my_sidecar", 80, "/v1/rerank")),
                config.addresses());
    }

    @Test
    void aPasswordInAnAddressIsRefusedAndNotShown() {
        String message = refused(() -> SidecarConfig.url("http://me:secret@host:8787"));
        assertTrue(message.contains("lastly.sidecar.api_key") && !message.contains("secret"), message);
    }
}

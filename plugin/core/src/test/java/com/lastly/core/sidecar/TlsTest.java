package com.lastly.core.sidecar;

import static com.lastly.core.sidecar.Calls.request;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class TlsTest {

    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    Path folder;

    private KeyStore keys;

    @BeforeEach
    void certify() throws Exception {
        certify("127.0.0.1");
    }

    private void certify(String address) throws Exception {
        Path file = folder.resolve(address + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        "sidecar",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=sidecar",
                        "-ext",
                        "san=ip:" + address,
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        file.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .start();
        String said = new String(keytool.getInputStream().readAllBytes());
        assertTrue(keytool.waitFor(30, TimeUnit.SECONDS) && keytool.exitValue() == 0, said);
        keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(file)) {
            keys.load(in, PASSWORD);
        }
    }

    @Test
    void aTrustedCertificateIsAnsweredOverTls() throws Exception {
        try (TestSidecar sidecar = TestSidecar.withTls(tls())) {
            SidecarConfig config = Calls.config(sidecar.url());
            Reranker reranker = Calls.reranker(() -> config, new RerankClient(tls()));
            assertEquals(3, Calls.scores(reranker.scores(request(3))).length);
            assertTrue(sidecar.url().startsWith("https://"));
        }
    }

    @Test
    void anUnknownCertificateIsRefusedWithAdviceAndGetsNoText() throws Exception {
        try (TestSidecar sidecar = TestSidecar.withTls(tls())) {
            RerankFailure failure = Calls.failure(Calls.reranker(sidecar.url()).scores(request(3)));
            assertEquals("tls", failure.reason());
            assertTrue(failure.getMessage().contains("trust store"));
            assertTrue(sidecar.calls.isEmpty());
        }
    }

    @Test
    void aCertificateOfAnotherHostIsRefused() throws Exception {
        certify("127.0.0.2");
        try (TestSidecar sidecar = TestSidecar.withTls(tls())) {
            SidecarConfig config = Calls.config(sidecar.url());
            assertEquals(
                    "tls",
                    Calls.reason(Calls.reranker(() -> config, new RerankClient(tls()))
                            .scores(request(3))));
            assertTrue(sidecar.calls.isEmpty());
        }
    }

    /** Has the certificate, and trusts it. */
    private SSLContext tls() throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        trusted.setCertificateEntry("sidecar", keys.getCertificate("sidecar"));
        TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trust.init(trusted);
        SSLContext tls = SSLContext.getInstance("TLS");
        tls.init(own.getKeyManagers(), trust.getTrustManagers(), null);
        return tls;
    }
}

package com.lastly.elasticsearch;

import com.lastly.core.sidecar.SidecarConfig;
import java.util.List;
import org.elasticsearch.common.settings.ClusterSettings;
import org.elasticsearch.common.settings.SecureSetting;
import org.elasticsearch.common.settings.SecureString;
import org.elasticsearch.common.settings.Setting;
import org.elasticsearch.common.settings.Setting.Property;
import org.elasticsearch.common.settings.Settings;
import org.elasticsearch.core.TimeValue;

/** The node's and the cluster's `lastly.*` settings, and their present values. */
final class NodeSettings {

    static final Setting<List<String>> URLS = Setting.listSetting(
            "lastly.sidecar.urls", List.of(), SidecarConfig::url, Property.Dynamic, Property.NodeScope);
    static final Setting<SecureString> API_KEY = SecureSetting.secureString("lastly.sidecar.api_key", null);
    static final Setting<Integer> MAX_IN_FLIGHT = Setting.intSetting(
            "lastly.sidecar.max_in_flight",
            SidecarConfig.MAX_IN_FLIGHT,
            1,
            10_000,
            Property.Dynamic,
            Property.NodeScope);
    static final Setting<Integer> BREAKER_FAILURES =
            Setting.intSetting("lastly.breaker.failures", SidecarConfig.BREAKER_FAILURES, 1, 1000, Property.NodeScope);
    static final Setting<TimeValue> BREAKER_PAUSE = Setting.timeSetting(
            "lastly.breaker.pause",
            TimeValue.timeValueMillis(SidecarConfig.BREAKER_PAUSE_MILLIS),
            TimeValue.timeValueMillis(10),
            Property.NodeScope);

    static final List<Setting<?>> ALL = List.of(URLS, API_KEY, MAX_IN_FLIGHT, BREAKER_FAILURES, BREAKER_PAUSE);

    private volatile SidecarConfig config;

    NodeSettings(Settings node) {
        config = new SidecarConfig(
                URLS.get(node),
                key(node),
                MAX_IN_FLIGHT.get(node),
                BREAKER_FAILURES.get(node),
                BREAKER_PAUSE.get(node).millis());
    }

    /** Follows the settings that can change while the node runs. */
    void follow(ClusterSettings cluster) {
        cluster.addSettingsUpdateConsumer(URLS, urls -> change(urls, config.apiKey(), config.maxInFlight()));
        cluster.addSettingsUpdateConsumer(MAX_IN_FLIGHT, most -> change(config.urls(), config.apiKey(), most));
    }

    /** Takes the key anew from the keystore: `POST _nodes/reload_secure_settings`. */
    void reload(Settings node) {
        change(config.urls(), key(node), config.maxInFlight());
    }

    SidecarConfig config() {
        return config;
    }

    private synchronized void change(List<String> urls, String apiKey, int maxInFlight) {
        config = new SidecarConfig(urls, apiKey, maxInFlight, config.breakerFailures(), config.breakerPauseMillis());
    }

    private static String key(Settings node) {
        try (SecureString key = API_KEY.get(node)) {
            return key.toString();
        }
    }
}

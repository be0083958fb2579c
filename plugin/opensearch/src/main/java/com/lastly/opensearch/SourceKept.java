package com.lastly.opensearch;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.opensearch.cluster.metadata.IndexMetadata;
import org.opensearch.cluster.metadata.MappingMetadata;

/**
 * Whether an index keeps its `_source`. OpenSearch takes fields from there, and fails a search that asks for fields of
 * an index without it. Mappings are read once a version: a large one takes milliseconds.
 */
final class SourceKept {

    private static final int MOST = 10_000;

    private record Read(long version, boolean kept) {}

    private final Map<String, Read> known = new ConcurrentHashMap<>();

    boolean by(IndexMetadata index) {
        Read read = known.get(index.getIndexUUID());
        if (read == null || read.version() != index.getMappingVersion()) {
            if (known.size() >= MOST) known.clear(); // indices come and go
            read = new Read(index.getMappingVersion(), kept(index.mapping()));
            known.put(index.getIndexUUID(), read);
        }
        return read.kept();
    }

    private static boolean kept(MappingMetadata mapping) {
        return mapping == null
                || !(mapping.sourceAsMap().get("_source") instanceof Map<?, ?> source)
                || !"false".equals(String.valueOf(source.get("enabled")));
    }
}

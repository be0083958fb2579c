# OpenSearch with the plugin:  docker build -f deploy/docker/opensearch.Dockerfile -t lastly-opensearch .
# A node takes only the zip that was built for its exact version: this one is plugin/opensearch/pom.xml's.
FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /src
COPY plugin plugin
RUN --mount=type=cache,target=/root/.m2 \
    mvn -q -B -ntp -f plugin/pom.xml -pl opensearch -am -Dmaven.test.skip=true package

FROM opensearchproject/opensearch:3.6.0
# Bound, not copied, so that the zip leaves no layer behind.
RUN --mount=type=bind,from=build,source=/src/plugin/opensearch/target,target=/built \
    bin/opensearch-plugin install --batch "file://$(ls /built/lastly-opensearch-*.zip)"
COPY --chmod=0555 deploy/docker/sidecar-key.sh /usr/local/bin/sidecar-key
USER 1000
ENTRYPOINT ["sidecar-key", "opensearch-keystore", "./opensearch-docker-entrypoint.sh"]
CMD ["opensearch"]

# Elasticsearch with the plugin:  docker build -f deploy/docker/elasticsearch.Dockerfile -t lastly-elasticsearch .
# A node takes only the zip that was built for its exact version: this one is plugin/elasticsearch/pom.xml's.
FROM maven:3.9-eclipse-temurin-21 AS build
WORKDIR /src
COPY plugin plugin
RUN --mount=type=cache,target=/root/.m2 \
    mvn -q -B -ntp -f plugin/pom.xml -pl elasticsearch -am -Dmaven.test.skip=true package

FROM docker.elastic.co/elasticsearch/elasticsearch:8.19.21
# Bound, not copied, so that the zip leaves no layer behind.
RUN --mount=type=bind,from=build,source=/src/plugin/elasticsearch/target,target=/built \
    bin/elasticsearch-plugin install --batch "file://$(ls /built/lastly-elasticsearch-*.zip)"
COPY --chmod=0555 deploy/docker/sidecar-key.sh /usr/local/bin/sidecar-key
USER 1000:0
ENTRYPOINT ["/bin/tini", "--", "sidecar-key", "elasticsearch-keystore", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["eswrapper"]

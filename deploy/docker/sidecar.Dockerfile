# The sidecar, on the CPU or on CUDA, and what fills the local stack's engines:
#   docker build -f deploy/docker/sidecar.Dockerfile --target cpu  -t lastly .
#   docker build -f deploy/docker/sidecar.Dockerfile --target cuda -t lastly:cuda .
#   docker build -f deploy/docker/sidecar.Dockerfile --target seed -t lastly:seed .
# The build stages have the compiler's world; the last stages have Python, the environment, and a user without rights.
# Whatever is downloaded is pinned by its hash in requirements/ (`make lock` writes these files).
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
COPY deploy/docker/requirements requirements
RUN python -m venv /opt/build && python -m venv --without-pip /opt/lastly \
    && /opt/build/bin/pip install --no-cache-dir --require-hashes -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY lastly lastly
COPY onnx_export onnx_export
COPY integrations integrations
COPY training training
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM build AS build-cpu
RUN /opt/build/bin/pip --python /opt/lastly/bin/python install --no-cache-dir --require-hashes -r requirements/cpu.txt \
    && /opt/build/bin/pip --python /opt/lastly/bin/python install --no-deps --no-index /wheels/*.whl

FROM build AS build-cuda
RUN /opt/build/bin/pip --python /opt/lastly/bin/python install --no-cache-dir --require-hashes -r requirements/cuda.txt \
    && /opt/build/bin/pip --python /opt/lastly/bin/python install --no-deps --no-index /wheels/*.whl

# Lastly's own operators for graphs of `lastly-export --cuda-operators`; CUDA is not needed to build them.
FROM build AS operators
# hadolint ignore=DL3008
RUN apt-get update && apt-get install -y --no-install-recommends g++ && rm -rf /var/lib/apt/lists/* \
    && python -m lastly.graph.native.build

# The engines' clients, for `lastly seed` and `lastly attach`.
FROM build-cpu AS build-seed
RUN /opt/build/bin/pip --python /opt/lastly/bin/python install --no-cache-dir --require-hashes -r requirements/seed.txt

# Vespa's bundle, which goes into an application package and not into the engine's image.
FROM maven:3.9-eclipse-temurin-21 AS bundle
WORKDIR /src
COPY plugin plugin
RUN --mount=type=cache,target=/root/.m2 \
    mvn -q -B -ntp -f plugin/pom.xml -pl vespa -am -Dmaven.test.skip=true package

FROM python:3.12-slim-bookworm AS base
ENV PATH=/opt/lastly/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    LASTLY_HOST=0.0.0.0 LASTLY_PORT=8787
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin lastly
USER 10001
EXPOSE 8787
# Readiness, not only life: a service that waits for "healthy" must find a warm model.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8787/health/ready', timeout=2)"]
ENTRYPOINT ["lastly"]
CMD ["serve"]

FROM base AS cuda
COPY --from=build-cuda /opt/lastly /opt/lastly
COPY --from=operators /src/lastly/graph/native/liblastly_operators.so /opt/lastly/lib/python3.12/site-packages/lastly/graph/native/
ENV LASTLY_PROVIDER=cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM base AS seed
COPY --from=build-seed /opt/lastly /opt/lastly
HEALTHCHECK NONE
CMD ["seed", "--help"]

FROM seed AS seed-vespa
COPY --from=bundle /src/plugin/vespa/target/lastly-vespa-deploy.jar /opt/lastly/lastly-vespa-deploy.jar

FROM base AS cpu
COPY --from=build-cpu /opt/lastly /opt/lastly

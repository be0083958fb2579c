# The sidecar, on the CPU or on CUDA:
#   docker build -f deploy/docker/sidecar.Dockerfile --target cpu  -t lastly .
#   docker build -f deploy/docker/sidecar.Dockerfile --target cuda -t lastly:cuda .
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
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir /wheels .

FROM build AS build-cpu
RUN /opt/build/bin/pip --python /opt/lastly/bin/python install --no-cache-dir --require-hashes -r requirements/cpu.txt \
    && /opt/build/bin/pip --python /opt/lastly/bin/python install --no-deps --no-index /wheels/*.whl

FROM build AS build-cuda
RUN /opt/build/bin/pip --python /opt/lastly/bin/python install --no-cache-dir --require-hashes -r requirements/cuda.txt \
    && /opt/build/bin/pip --python /opt/lastly/bin/python install --no-deps --no-index /wheels/*.whl

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
ENV LASTLY_PROVIDER=cuda NVIDIA_VISIBLE_DEVICES=all NVIDIA_DRIVER_CAPABILITIES=compute,utility

FROM base AS cpu
COPY --from=build-cpu /opt/lastly /opt/lastly

# The sidecar, on the CPU or on CUDA:
#   docker build -f deploy/docker/sidecar.Dockerfile --target cpu  -t lastly .
#   docker build -f deploy/docker/sidecar.Dockerfile --target cuda -t lastly:cuda .
# The build stage has the compiler's world; the last stages have Python, the environment, and a user without rights.
FROM python:3.12-slim-bookworm AS build
WORKDIR /src
RUN python -m venv /opt/lastly && /opt/lastly/bin/pip install --no-cache-dir "uv>=0.5,<1"
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY lastly lastly
COPY onnx_export onnx_export
COPY integrations integrations
RUN /opt/lastly/bin/uv pip install --no-cache --python /opt/lastly/bin/python -c constraints.txt . \
    && /opt/lastly/bin/uv pip uninstall --python /opt/lastly/bin/python pip

# onnxruntime-gpu takes the place of onnxruntime; CUDA's and cuDNN's libraries come as wheels of its extras.
FROM build AS build-cuda
RUN /opt/lastly/bin/uv pip uninstall --python /opt/lastly/bin/python onnxruntime \
    && /opt/lastly/bin/uv pip install --no-cache --python /opt/lastly/bin/python "onnxruntime-gpu[cuda,cudnn]>=1.30"

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
COPY --from=build /opt/lastly /opt/lastly

# Builds in one stage, with the engine compiled, and runs in another: the image that runs has no pip cache, no build tools
# and no root.
FROM python:3.13-slim AS build
WORKDIR /build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev
RUN python -m venv /opt/marketdata
RUN python -m venv /opt/compiler
COPY requirements/run.txt requirements/compile.txt requirements/
RUN /opt/marketdata/bin/pip install --no-cache-dir --require-hashes -r requirements/run.txt
RUN /opt/compiler/bin/pip install --no-cache-dir --require-hashes -r requirements/compile.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY src src
RUN MARKETDATA_COMPILED=1 /opt/compiler/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist .
RUN /opt/marketdata/bin/pip install --no-cache-dir --no-deps dist/*.whl

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home marketdata \
    && install --directory --owner marketdata --group marketdata /var/lib/marketdata
COPY --from=build /opt/marketdata /opt/marketdata
WORKDIR /etc/marketdata
COPY appsettings.toml .
USER marketdata
# Inside a container loopback reaches nobody, so sign-in is on: the first start prints a key for an admin. The rate limits
# are far above what most feeders need; docs/access.md tells about them.
ENV PATH=/opt/marketdata/bin:$PATH PYTHONUNBUFFERED=1 \
    MARKETDATA_SERVER__HOST=0.0.0.0 MARKETDATA_AUTH__ENABLED=true MARKETDATA_STORAGE__DATA_DIR=/var/lib/marketdata \
    MARKETDATA_LIMITS__KEY_REQUESTS_PER_SECOND=20000 MARKETDATA_LIMITS__KEY_TICKS_PER_SECOND=1000000 \
    MARKETDATA_LIMITS__KEY_SYMBOLS=20000 MARKETDATA_LIMITS__ADDRESS_REQUESTS_PER_SECOND=40000
VOLUME /var/lib/marketdata
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/health/ready', timeout=2)"]
# The exec form: SIGTERM reaches the service itself, which drains and ends with 0.
STOPSIGNAL SIGTERM
ENTRYPOINT ["marketdata"]
CMD ["serve"]

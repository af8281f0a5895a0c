# The image of the worker and of every other command. It holds no settings and no secrets, runs as a user of its own
# and writes nowhere but in LAUNCHPULSE_DATA_DIR, so its root file system can be read-only (see docker-compose.yml).
FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build
RUN python -m venv --without-pip /opt/launchpulse
COPY requirements/ requirements/
# Nothing is compiled and nothing is taken that the lock does not name by its hash, the build backend included.
RUN python -m pip --python /opt/launchpulse/bin/python install --require-hashes --only-binary :all: \
        -r requirements/runtime.txt \
    && sed -n '/^setuptools==/,/# via/p' requirements/dev.txt > requirements/build.txt \
    && python -m pip install --require-hashes --only-binary :all: -r requirements/build.txt
COPY pyproject.toml README.md LICENSE ./
COPY streams/ streams/
COPY agents/ agents/
RUN python -m pip wheel --no-index --no-deps --no-build-isolation --wheel-dir wheels . \
    && python -m pip --python /opt/launchpulse/bin/python install --no-index --no-deps wheels/*.whl \
    && /opt/launchpulse/bin/launchpulse --version

FROM python:3.12.12-slim-bookworm@sha256:593bd06efe90efa80dc4eee3948be7c0fde4134606dd40d8dd8dbcade98e669c
RUN groupadd --system --gid 10001 launchpulse \
    && useradd --system --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/launchpulse launchpulse \
    && install -d -o launchpulse -g launchpulse -m 0700 /var/lib/launchpulse
COPY --from=build /opt/launchpulse /opt/launchpulse
ENV PATH=/opt/launchpulse/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    LAUNCHPULSE_DATA_DIR=/var/lib/launchpulse
WORKDIR /var/lib/launchpulse
USER 10001:10001
EXPOSE 6066
STOPSIGNAL SIGTERM
# The start-up time is that of a worker that recovers large tables; its web server answers all the while.
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=6 \
    CMD ["python", "-c", "import http.client, os, sys; c = http.client.HTTPConnection('127.0.0.1', int(os.environ.get('LAUNCHPULSE_WEB_PORT', '6066')), timeout=4); c.request('GET', '/healthz'); sys.exit(c.getresponse().status != 200)"]
ENTRYPOINT ["launchpulse"]
CMD ["worker"]

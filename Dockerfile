# A tag and not a digest, so that a rebuild takes in security fixes: the Python that the checks run with, on the Debian
# whose git (2.47) is newer than the 2.38 that is needed.
ARG BASE=python:3.11-slim-trixie

FROM ${BASE} AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY gitops_mcp gitops_mcp
COPY repo_template repo_template
COPY docs docs
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels .
# Wheels only, so no stage holds a compiler. Bytecode is compiled here and never checked against its source again: the
# server's user cannot write it, and every start would pay for it.
RUN python -m venv --without-pip /opt/gitops-mcp \
    && pip --python /opt/gitops-mcp/bin/python install --no-cache-dir --no-compile --only-binary :all: \
        "$(echo /wheels/*.whl)[image]" \
    && /opt/gitops-mcp/bin/python -m compileall -q --invalidation-mode unchecked-hash /opt/gitops-mcp/lib

FROM ${BASE}
LABEL org.opencontainers.image.title="gitops-mcp" \
    org.opencontainers.image.description="An MCP server that runs CloudNativePG clusters the GitOps way" \
    org.opencontainers.image.licenses="Apache-2.0"
# ssh refuses a user without an entry in passwd.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates git openssh-client \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --user-group --create-home gitops-mcp
COPY --from=build /opt/gitops-mcp /opt/gitops-mcp
COPY deploy/healthcheck.py /usr/local/lib/gitops-mcp/healthcheck.py
# The root file system may be read-only: only HOME (git's configuration, known hosts, clones) and /tmp are written, so
# mount writable volumes there. Over stdio the checkout is mounted at /repo and belongs to this user: git refuses one of
# somebody else's.
ENV HOME=/home/gitops-mcp \
    PATH=/opt/gitops-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1
WORKDIR /repo
USER 10001:10001
EXPOSE 8080
# Of a server over HTTP; one over stdio lives as long as its client.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["/opt/gitops-mcp/bin/python", "/usr/local/lib/gitops-mcp/healthcheck.py"]
ENTRYPOINT ["gitops-mcp"]

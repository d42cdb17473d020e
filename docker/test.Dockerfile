# The init image for tests: as Dockerfile, with the fake task agent in place of the closed one.

FROM scratch AS files
ARG TARGETARCH
COPY --chown=0:0 --chmod=0755 linux/${TARGETARCH}/orchestrator /orchestrator
COPY --chown=0:0 --chmod=0755 linux/${TARGETARCH}/fake-task-agent /circleci-agent
# circleci -> circleci-agent, for where the image is mounted and nothing is copied.
COPY --chown=0:0 link/ /

FROM scratch
ARG SOURCE=unknown
ARG REVISION=unknown
ARG VERSION=unknown
LABEL org.opencontainers.image.title="runner-init" \
      org.opencontainers.image.description="Init image with a fake task agent, for tests" \
      org.opencontainers.image.source="${SOURCE}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=files / /
ENTRYPOINT ["/orchestrator", "init"]

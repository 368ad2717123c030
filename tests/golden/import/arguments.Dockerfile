ARG GO=1.22
ARG RUNTIME=alpine
ARG RUNTIME_VERSION=3.20
FROM golang:${GO} AS build
ARG VERSION=dev
COPY . .
RUN go build -ldflags "-X main.version=${VERSION}" -o /tally

FROM ${RUNTIME}:${RUNTIME_VERSION}
ARG VERSION=dev
ARG COMMIT
ARG FULL=$VERSION+$COMMIT
ARG NOT_USED=1
ENV TALLY_VERSION=${VERSION} TALLY_MODE=${MODE:-batch}
LABEL org.opencontainers.image.version=$FULL \
      org.opencontainers.image.revision="${COMMIT}" \
      note='a plain ${VERSION}'
COPY --from=build /tally /opt/tally/tally
USER 65534
ENTRYPOINT ["/opt/tally/tally"]

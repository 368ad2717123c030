FROM --platform=$BUILDPLATFORM golang:1.22 AS builder
ARG TARGETOS TARGETARCH
WORKDIR /work
COPY . .
RUN GOOS=$TARGETOS GOARCH=$TARGETARCH CGO_ENABLED=0 go build -o /bin/gate-$TARGETARCH ./gate

FROM gcr.io/distroless/static-debian12:nonroot
ARG TARGETARCH
COPY --from=builder /bin/gate-${TARGETARCH} /gate
USER nonroot:nonroot
EXPOSE 8443/tcp
ENTRYPOINT ["/gate"]

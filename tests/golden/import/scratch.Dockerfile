# Nothing but the program, certificates, zones and one user.
FROM golang:1.22-alpine AS builder
RUN apk add --no-cache ca-certificates tzdata
RUN adduser --disabled-password --gecos "" --home /nonexistent --shell /sbin/nologin --no-create-home --uid 10001 appuser
COPY . /src
RUN cd /src && CGO_ENABLED=0 go build -ldflags="-s -w" -o /app .

FROM scratch
COPY --from=builder /usr/share/zoneinfo /usr/share/zoneinfo
COPY --from=builder /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=builder /etc/passwd /etc/passwd
COPY --from=builder /etc/group /etc/group
COPY --from=builder /app /app
USER appuser:appuser
ENTRYPOINT ["/app"]

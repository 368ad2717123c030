# The company's base for services; others are built from it.
FROM docker.io/library/golang:1.22-alpine AS make
COPY healthprobe /healthprobe-src
RUN CGO_ENABLED=0 go build -o /usr/bin/healthprobe /healthprobe-src

FROM docker.io/library/alpine:3.20
COPY --from=make /usr/bin/healthprobe /usr/bin/healthprobe
ADD https://pki.example.com/root.pem /usr/local/share/ca-certificates/root.crt
ADD assets.tar.gz /srv/
COPY docs/*.md /srv/docs/
RUN update-ca-certificates
ONBUILD COPY service /usr/bin/service
ONBUILD RUN chmod 0555 /usr/bin/service
LABEL com.example.base="yes"
ENTRYPOINT ["/usr/bin/service"]

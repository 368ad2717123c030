FROM golang:1.22-bookworm AS compile
COPY . /go/src/mailer
RUN cd /go/src/mailer && go install ./...

FROM debian:bookworm-slim
MAINTAINER Mail Team <mail@example.com>
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --gid 900 mailer && useradd --system --gid mailer --no-create-home mailer;
RUN mkdir -p /var/spool/mailer && chown mailer /var/spool/mailer
COPY --from=compile /go/bin/mailer /usr/bin/mailer
COPY templates /usr/share/mailer/templates
COPY LICENSE README.md /usr/share/doc/mailer/
VOLUME /var/spool/mailer
WORKDIR /var/spool
WORKDIR mailer
USER mailer
STOPSIGNAL SIGINT
EXPOSE 25 587/tcp
CMD mailer --spool . --listen ":$PORT"

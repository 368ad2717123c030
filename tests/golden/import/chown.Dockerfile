FROM golang:1.22 AS b
RUN go build -o /ledger ./...
FROM debian:12-slim
ARG UID=4000
ARG GID=4001
RUN groupadd -g ${GID} ledger && \
    useradd -l -u $UID -g ledger -d /home/ledger -s /usr/sbin/nologin -c "the ledger" ledger
COPY --from=b --chown=root:root /ledger /usr/local/bin/ledger
COPY --chown=ledger:ledger data /var/lib/ledger
COPY --chown=${UID}:${GID} ledger.toml /etc/ledger.toml
COPY --chown=1:2 ["a file.txt", "another file.txt", "/srv/with blanks/"]
WORKDIR /var/lib/ledger
COPY ./notes.txt .
USER ledger:ledger
ENTRYPOINT ["/usr/local/bin/ledger"]

# syntax=docker/dockerfile:1
FROM golang:1.22 AS build
COPY . .
RUN <<SCRIPT
set -e
CGO_ENABLED=0 go build -o /relay
SCRIPT

FROM alpine:3.20
RUN <<SETUP
  addgroup -S -g 3000 relay
  adduser -S -D -u 3000 -G relay relay
SETUP
COPY <<-RELAY /etc/relay.conf
	listen :7000
	peers 3
RELAY
COPY --from=build /relay /relay
COPY <<ONE <<TWO /etc/relay.d/
a
ONE
b
TWO
USER relay
CMD ["/relay"]

FROM golang:1.22 AS tools
RUN go install github.com/air-verse/air@v1.52.3

FROM golang:1.22 as compiler
COPY . /src
RUN cd /src && CGO_ENABLED=0 go build -o /bin/quota .

FROM debian:12-slim AS common
ENV QUOTA_DB=/data/quota.db
USER 1001:1001
EXPOSE 9000
CMD ["quota", "--help"]

FROM common AS dev
COPY --from=tools /go/bin/air /usr/bin/air
USER root
WORKDIR /src
CMD ["air"]

FROM common AS prod
COPY --from=compiler /bin/quota /usr/bin/quota
ENV QUOTA_MODE=production
# Docker drops the inherited CMD here.
ENTRYPOINT ["/usr/bin/quota"]

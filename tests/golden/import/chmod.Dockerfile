# escape=`
FROM golang:1.22-alpine AS build
COPY . /app
RUN cd /app && `
    go build -o /app/bin/sensor
FROM alpine:3.20
COPY --from=build /app/bin/sensor /usr/bin/sensor
COPY --link --chmod=0400 keys/private.pem /etc/sensor/private.pem
COPY --chmod=640 --chown=0:1001 sensor.ini /etc/sensor/
COPY --chmod=u+rx hooks /etc/sensor/hooks
COPY --exclude=*.tmp web /srv/web
HEALTHCHECK --interval=1m30s --timeout=5s --start-period=10s --retries=4 --start-interval=2s `
    CMD ["/usr/bin/sensor", "probe", "--label", "\u00e9t\u00e9 \"2\"\n\ud83d\ude00"]
EXPOSE 7000-7002/udp 7010/udp
ENV PATH_HINT=C:\sensors GREETING="say \"hi\"" EMPTY=
ENV MESSAGE several   words stay as they are
USER 1001
ENTRYPOINT ["/usr/bin/sensor"]
CMD []

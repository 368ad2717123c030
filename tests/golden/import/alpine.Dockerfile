# A web service on Alpine.
FROM golang:1.22-alpine AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -o /out/orders ./cmd/orders

FROM alpine:3.20
RUN apk add --no-cache ca-certificates tzdata \
    # numbers that the volume's owner expects
 && addgroup -g 2001 orders \
 && adduser -D -H -h /var/lib/orders -u 2000 -G orders orders
COPY --from=build /out/orders /usr/local/bin/
COPY config/ /etc/orders/
ENV ORDERS_ADDR=":8080" ORDERS_LOG=json
EXPOSE 8080
USER orders
ENTRYPOINT ["/usr/local/bin/orders"]
CMD ["serve", "--config", "/etc/orders/orders.yml"]

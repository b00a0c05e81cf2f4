# syntax=docker/dockerfile:1

# --- Build: dependencies first, so that a change of our own code does not compile them again.
FROM rust:1.95-slim-bookworm AS build
# The C compiler builds SQLite and ring.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /build
COPY .cargo .cargo
COPY Cargo.toml Cargo.lock ./
# The fuzz targets are not built here, but the workspace names them.
COPY fuzz/Cargo.toml fuzz/
COPY weights weights
RUN mkdir -p src tests/it fuzz/src \
    && echo 'fn main() {}' > src/main.rs \
    && touch src/lib.rs tests/it/main.rs fuzz/src/lib.rs \
    && cargo build --release --locked \
    && rm -rf src tests/it/main.rs target/release/.fingerprint/acuerdo-*
COPY src src
COPY flows flows
COPY migrations migrations
COPY fixtures/demo fixtures/demo
RUN touch tests/it/main.rs && cargo build --release --locked --bin acuerdo

# --- Run: the binary, the flows, and certificates for the Graph API.
FROM debian:bookworm-slim
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /var/lib/acuerdo --create-home acuerdo
COPY --from=build /build/target/release/acuerdo /usr/local/bin/acuerdo
COPY flows /usr/share/acuerdo/flows
USER 10001:10001
WORKDIR /var/lib/acuerdo
ENV ACUERDO_BIND=0.0.0.0:8080 \
    ACUERDO_FLOWS_DIR=/usr/share/acuerdo/flows
EXPOSE 8080
STOPSIGNAL SIGTERM
# Whether the process lives: an orchestrator that replaces what is unhealthy must not restart every replica because the
# database is away. Load balancers ask /health/ready.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15s --retries=3 CMD ["acuerdo", "health", "--live"]
ENTRYPOINT ["acuerdo"]
CMD ["serve"]

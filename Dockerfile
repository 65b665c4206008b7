# One build for all programs: another package set would compile the dependencies anew.
FROM rust:1.95-bookworm AS build
WORKDIR /source
COPY . .
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --workspace --bins \
    && install -D -t /programs target/release/tandem-api target/release/tandem-worker target/release/tandem-devkit

# TLS roots and time zones are compiled in: nothing to install.
FROM debian:bookworm-slim AS base
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin tandem
USER tandem

# The mail catcher; for trying things out, not for production.
FROM base AS catcher
COPY --from=build /programs/tandem-devkit /usr/local/bin/
EXPOSE 1025 8025
CMD ["tandem-devkit", "catcher", "--smtp-addr", "0.0.0.0:1025", "--http-addr", "0.0.0.0:8025"]

# The product: both programs, the worker by naming it.
FROM base AS product
COPY --from=build /programs/tandem-api /programs/tandem-worker /usr/local/bin/
EXPOSE 8080
ENV LISTEN_ADDR=0.0.0.0:8080
CMD ["tandem-api", "serve"]

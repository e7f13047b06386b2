# rollproof with k6. The package is built and packed in a stage of its own, and installed as any user would install it.
# Both bases are pinned: what was tested is what runs. Raise them by hand.
ARG NODE=22.20.0-bookworm-slim
FROM grafana/k6:2.2.0 AS k6

FROM node:${NODE} AS pack
WORKDIR /src
COPY . .
RUN npm ci --no-progress && mkdir /out && npm pack --silent --pack-destination /out && mv /out/*.tgz /out/rollproof.tgz

FROM node:${NODE}
COPY --from=k6 /usr/bin/k6 /usr/local/bin/k6
# Node brings certificates of its own; k6 reads the system's, and a slim image has none.
COPY --from=k6 /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=pack /out/rollproof.tgz /tmp/rollproof.tgz
RUN npm install --global --no-audit --no-fund /tmp/rollproof.tgz && rm /tmp/rollproof.tgz && mkdir /work /state && chown node:node /work /state
# Reports are written below /work; locks, last runs and self-tests below /state must outlive the container.
ENV ROLLPROOF_STATE_DIR=/state
VOLUME ["/work", "/state"]
WORKDIR /work
USER node
ENTRYPOINT ["rollproof"]
CMD ["--help"]

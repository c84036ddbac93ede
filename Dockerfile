# The image of one of Freehold's programs: catalog, migrations, or cli (`freehold`). It holds a bundle and what cannot be
# bundled, runs without rights, and writes to /tmp and /var/cache/freehold only.
#
#   docker build --build-arg SERVICE=catalog --tag freehold/catalog .

ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /src
# Where packages come from, if not from npm's own registry.
ARG NPM_CONFIG_REGISTRY
# The packages change less often than the sources: as long as none of these files does, this stage is kept.
COPY package.json package-lock.json .npmrc ./
COPY apps/catalog/package.json apps/catalog/
COPY apps/cli/package.json apps/cli/
COPY apps/migrations/package.json apps/migrations/
COPY examples/shop/package.json examples/shop/
COPY libs/contracts/base/package.json libs/contracts/base/
COPY libs/contracts/catalog/package.json libs/contracts/catalog/
COPY libs/contracts/migrations/package.json libs/contracts/migrations/
COPY libs/postgres/package.json libs/postgres/
COPY libs/service/package.json libs/service/
RUN npm ci --workspace apps/catalog --workspace apps/cli --workspace apps/migrations \
    --ignore-scripts --no-audit --no-fund --no-update-notifier --loglevel=error

FROM packages AS bundle
COPY . .
ARG SERVICE
RUN node tools/build-app.ts "${SERVICE}" && node tools/docker/lay-out.ts "${SERVICE}" /app

FROM ${NODE_IMAGE}
# A folder of its own for server programs of other majors, which a volume may keep; npm’s cache goes where it may write.
RUN install -d -o 1000 -g 1000 /var/cache/freehold
ENV NODE_ENV=production NPM_CONFIG_CACHE=/tmp/npm NPM_CONFIG_UPDATE_NOTIFIER=false
COPY --from=bundle /app /app
WORKDIR /app
ARG SERVICE
ARG VERSION
ARG REVISION
ENV SERVICE_VERSION=${VERSION}
LABEL org.opencontainers.image.title="freehold ${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 1000:1000
ENTRYPOINT ["node", "main.js"]

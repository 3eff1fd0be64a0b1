# wgad with Mesa's software adapter: runs on any machine, and on AMD and Intel GPUs that are handed in (docs/scale.md).
#   docker build -t wgad:0.2.0 .
#   docker run --rm --read-only --tmpfs /tmp -v "$PWD:/data" -w /data wgad:0.2.0 predict runs/first photos
ARG NODE=22
FROM node:${NODE}-bookworm-slim AS build
WORKDIR /wgad
COPY package.json package-lock.json ./
COPY bench/package.json bench/
COPY test/types/package.json test/types/
COPY tools/reference/package.json tools/reference/
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/
COPY src src
COPY site site
COPY weights weights
RUN npm run --silent build && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
    # Dawn comes for every system; this image is one of them.
    && find node_modules/webgpu/dist -mindepth 1 -maxdepth 1 -type d ! -name "linux-$(node -p process.arch)" -exec rm -rf {} + \
    && rm -rf node_modules/.cache node_modules/wgad-*

FROM node:${NODE}-bookworm-slim
# Debian 12's own Mesa is too old for Dawn.
RUN echo 'deb http://deb.debian.org/debian bookworm-backports main' > /etc/apt/sources.list.d/backports.list \
    && apt-get update -qq \
    && apt-get install -y -qq --no-install-recommends -t bookworm-backports mesa-vulkan-drivers libvulkan1 \
    && apt-get install -y -qq --no-install-recommends tini \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/local/lib/node_modules /opt/yarn* /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/yarn* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin wgad
WORKDIR /wgad
COPY --from=build /wgad/node_modules node_modules
COPY --from=build /wgad/dist dist
COPY package.json README.md LICENSE CHANGELOG.md ./
COPY weights weights
RUN printf '#!/bin/sh\nexec node /wgad/dist/cli/main.js "$@"\n' > /usr/local/bin/wgad && chmod 755 /usr/local/bin/wgad
# All that is written beside the data: compiled kernels, tuning and fetched weights. A volume here saves compiling again.
ENV NODE_ENV=production HOME=/tmp XDG_CACHE_HOME=/tmp/cache XDG_RUNTIME_DIR=/tmp
USER 10001:10001
EXPOSE 8080
# Signals reach wgad, and decoding processes are waited for.
ENTRYPOINT ["tini", "--", "wgad"]
CMD ["--help"]

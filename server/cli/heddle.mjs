#!/usr/bin/env node
// The command `heddle`: plain JavaScript for any Node from 18 on, which goes on under Node 24 (it runs TypeScript as it is).
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as module from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { NODE_MAJOR, NODE_VERSION } from '../run/node-version.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const runtime = join(here, '..', '..', '.runtime')
const brought = join(runtime, `node-${NODE_VERSION}`, 'bin', 'node')
const ownMajor = Number(process.versions.node.split('.')[0])

process.env.NODE_COMPILE_CACHE ??= join(runtime, 'compile-cache') // also of what it starts
if (ownMajor >= NODE_MAJOR) {
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE)
  await import('./heddle.ts')
} else if (existsSync(brought)) {
  const child = spawn(brought, [join(here, 'heddle.ts'), ...process.argv.slice(2)], { stdio: 'inherit' })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)))
} else {
  console.error(`heddle needs Node ${NODE_MAJOR} or newer; this is ${process.versions.node}. "npm start" brings one.`)
  process.exit(1)
}

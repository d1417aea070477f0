// Running other programs: quietly, with their last words when they fail.
import { spawn } from 'node:child_process'
import { delimiter, dirname, join } from 'node:path'
import { root, runtime } from './root.mjs'

const KEPT_CHARACTERS = 4000

/** Tools that would phone home are told not to; a proxy and a registry of the person's own stay as they are set. */
export const QUIET = { NEXT_TELEMETRY_DISABLED: '1', CHECKPOINT_DISABLE: '1', PRISMA_HIDE_UPDATE_MESSAGE: '1', DO_NOT_TRACK: '1', npm_config_update_notifier: 'false', PIP_DISABLE_PIP_VERSION_CHECK: '1' }

/** The environment in which a tool finds the right Node and the packages' commands first. What Node compiles it keeps: a program of ours starts in half the time. */
export function withNode(node, more = {}) {
  return { ...process.env, ...QUIET, PATH: [dirname(node), join(root, 'node_modules', '.bin'), process.env.PATH ?? ''].join(delimiter), NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(runtime, 'compile-cache'), ...more }
}

/** Answers `{code, output}`; `code` is null when the program could not be started. */
export function run(command, args, { env = { ...process.env, ...QUIET }, cwd = root, onLine } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let rest = ''
    const take = (chunk) => {
      output = (output + chunk).slice(-KEPT_CHARACTERS)
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (onLine) for (const line of lines) onLine(line)
    }
    child.stdout.setEncoding('utf8').on('data', take)
    child.stderr.setEncoding('utf8').on('data', take)
    child.on('error', (error) => resolve({ code: null, output: error.message }))
    child.on('close', (code) => {
      if (rest && onLine) onLine(rest)
      resolve({ code: code ?? 1, output: output.trim() })
    })
  })
}

/** Words of a tool that mean that the network, not the tool, is at fault. */
export const isNetworkFault = (output) => /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|network|Temporary failure in name resolution|NewConnectionError|proxy/i.test(output)

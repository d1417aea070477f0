import { spawn } from 'node:child_process'
import { root } from './root.mjs'
import { withNode } from './command.mjs'

/**
 * Runs a program of Heddle in front until it ends, and answers its exit code. It has a process group of its own: a Ctrl-C comes to it
 * once, through here, and the channel between us tells it when this launcher is gone.
 */
export function handOver(node, args, env = {}) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { cwd: root, env: withNode(node, env), stdio: ['inherit', 'inherit', 'inherit', 'ipc'], detached: true })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
    child.on('error', (error) => {
      process.stderr.write(`${error.message}\n`)
      resolve(1)
    })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

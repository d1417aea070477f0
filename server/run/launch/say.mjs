// Words on the terminal: each step with the time it took; colour only where somebody looks.
import { Refusal } from './platform.mjs'

const began = Date.now()
const colour = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
const dim = (text) => (colour ? `\u001b[2m${text}\u001b[22m` : text)

const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`

export function say(line) {
  process.stdout.write(`${dim(`[${seconds(Date.now() - began).padStart(7)}]`)} ${line}\n`)
}

/** Says what begins, and that it is done with the time it took. */
export async function step(title, work) {
  const start = Date.now()
  say(`${title} …`)
  const result = await work()
  say(`${title}: done in ${seconds(Date.now() - start)}`)
  return result
}

/** A refusal is a sentence for a person; anything else is a fault of ours and keeps its stack. */
export function complain(error) {
  process.stderr.write(`${error instanceof Refusal ? error.message : (error?.stack ?? error)}\n`)
}

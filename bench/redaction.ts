// What looking through spans for secrets costs, apart from storing them: `node bench/redaction.ts`.
import { loadavg } from 'node:os'
import { BUILT_IN_NAMES, Redaction } from '#server/contracts/redaction.ts'
import { TRACES } from '#server/otlp/messages.ts'
import { compileRedaction, type Redactor } from '#server/redact/redactor.ts'
import { redactRequest } from '#server/redact/request.ts'
import { makeSets, renewed } from './ingest-payloads.ts'

const SPANS = 1_000_000
const KEY = Buffer.from('AKIAIOSFODNN7EXAMPLE')

interface Request {
  bytes: Buffer
  spans: number
}

const requests = makeSets('whole').flatMap((set) => renewed(set).map((bytes, _, all): Request => ({ bytes, spans: set.spans / all.length })))
const withKeys = requests.map(({ bytes, spans }) => ({ bytes: planted(bytes), spans }))
const switched = (on: boolean) => compileRedaction(Redaction.parse({ builtIn: Object.fromEntries(BUILT_IN_NAMES.map((name) => [name, on])) }))
for (const [name, redactor] of [['no rule', switched(false)], ['as from the start', compileRedaction(Redaction.parse({}))], ['all built-in rules', switched(true)]] as const) {
  for (const [what, sent] of [['no secrets', requests], ['a key in each 50 kB', withKeys]] as const) measure(`${name}, ${what}`, redactor, sent)
}
console.log(`load average ${loadavg()[0]?.toFixed(1)}`)

function measure(name: string, redactor: Redactor, sent: readonly Request[]): void {
  for (let warm = 0; warm < 20; warm++) for (const { bytes } of sent) redactRequest(redactor, bytes, TRACES, () => false)
  const before = process.cpuUsage()
  let spans = 0
  let found = 0
  while (spans < SPANS) {
    for (const request of sent) {
      for (const count of redactRequest(redactor, request.bytes, TRACES, () => false).found.values()) found += count
      spans += request.spans
    }
  }
  const { user, system } = process.cpuUsage(before)
  console.log(`${name.padEnd(42)} ${((user + system) / spans).toFixed(2).padStart(6)} CPU s per million spans, ${found} found`)
}

/** With a key over some of its texts: of the same length, so that the request stays one. */
function planted(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes)
  for (let from = 0; ; from += 50_000) {
    const at = copy.indexOf('gen_ai.', from)
    if (at === -1 || at + KEY.length > copy.length) return copy
    KEY.copy(copy, at)
  }
}

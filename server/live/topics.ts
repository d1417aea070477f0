import { z } from 'zod'
import type { Channel } from '#server/db/listen.ts'

/** What a page may follow, and the NOTIFY channels that move it. A message says that something changed; the page reads it again. */
export const TOPICS = {
  revisions: ['revision'],
  changes: ['revision'],
  objects: ['revision'],
  agents: ['revision', 'instance'],
  proxies: ['proxy', 'instance'],
  identity: ['identity'],
  identities: ['identity'],
  telemetry: ['telemetry'],
  graph: ['telemetry', 'instance'],
  traces: ['telemetry'],
  overview: ['revision', 'instance', 'proxy', 'identity', 'telemetry'],
} as const satisfies Record<string, readonly Channel[]>

export const CHANNELS_HEARD = ['revision', 'instance', 'proxy', 'identity', 'telemetry'] as const satisfies readonly Channel[]

/** `revision/12`: how far one revision is. */
const REVISION_TOPIC = /^revision\/\d{1,9}$/

export function channelsOf(topic: string): readonly Channel[] | null {
  if (REVISION_TOPIC.test(topic)) return ['proxy', 'revision']
  return Object.hasOwn(TOPICS, topic) ? TOPICS[topic as keyof typeof TOPICS] : null // hasOwn has just shown it
}

export const ClientMessage = z.union([
  z.strictObject({ subscribe: z.array(z.string().max(64)).max(64), cursor: z.unknown().optional() }),
  z.strictObject({ unsubscribe: z.array(z.string().max(64)).max(64) }),
])

/** `{topic, what, at}`; `what` is the notification's own small payload, such as `{mesh, revision}`; null after a gap: read it all again. */
export interface ServerMessage {
  topic: string
  what: unknown
  at: string
}

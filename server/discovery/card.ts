// What an agent says of itself, in any of the forms it may come: A2A 1.0, 0.3 or both in one document. Everything here is a stranger's
// text: it is cut to size and kept as text. https://a2a-protocol.org/latest/specification/#8-agent-discovery-the-agent-card
import { createHash } from 'node:crypto'
import { z } from 'zod'
import { Capability } from '../contracts/agent.ts'
import { MeshError } from '../contracts/errors.ts'
import { canonicalText } from '../mesh/change.ts'

export const SKILLS_MAX = 1000

export type CardForm = 'a2a-1.0' | 'a2a-0.3' | 'a2a-hybrid' | 'mcp'

/** What both forms say alike. */
export interface AgentCard {
  form: CardForm
  name: string
  description: string
  version: string
  interfaces: { url: string; binding: string; protocolVersion: string }[]
  streaming: boolean
  pushNotifications: boolean
  /** Names of what a caller must bring. */
  security: string[]
  capabilities: Capability[]
  /** Entries that were left out, and why: a strange card must not keep an agent out of the mesh. */
  warnings: string[]
}

const text = (max: number) => z.unknown().optional().transform((value) => (typeof value === 'string' ? value.slice(0, max) : ''))
const texts = (items: number, max: number) => z.unknown().optional().transform((value) => (Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string').slice(0, items).map((one) => one.slice(0, max)) : []))
const Interface = z.object({ url: z.string().min(1).max(2048), protocolBinding: text(64), protocolVersion: text(16), transport: text(64) })
const Skill = z.object({ id: z.string().min(1).max(128), name: text(256), description: text(4096), tags: texts(64, 64), examples: texts(64, 2048), inputModes: texts(32, 128), outputModes: texts(32, 128) })
const Flags = z.object({ streaming: z.boolean().catch(false), pushNotifications: z.boolean().catch(false) }).catch({ streaming: false, pushNotifications: false })
const Document = z.looseObject({
  name: z.string().min(1).max(512),
  description: text(4096),
  version: text(64),
  supportedInterfaces: z.array(z.unknown()).max(64).optional(),
  url: z.string().max(2048).optional(),
  preferredTransport: text(64),
  protocolVersion: text(16),
  additionalInterfaces: z.array(z.unknown()).max(64).optional(),
  capabilities: Flags.optional().transform((flags) => flags ?? { streaming: false, pushNotifications: false }),
  defaultInputModes: texts(32, 128),
  defaultOutputModes: texts(32, 128),
  skills: z.array(z.unknown()).optional(),
})

/** Throws `MeshError('invalid')` for a document that is no card: it needs a name, and a URL or an interface. */
export function readA2aCard(document: unknown): AgentCard {
  const parsed = Document.safeParse(document)
  if (!parsed.success) throw new MeshError('invalid', `this is no A2A agent card: ${parsed.error.issues[0]?.path.join('.') || 'the document'} ${parsed.error.issues[0]?.message ?? ''}`.trim())
  const card = parsed.data
  const warnings: string[] = []
  const interfaces = card.supportedInterfaces ? readInterfaces(card.supportedInterfaces, warnings) : []
  const older = card.url === undefined ? [] : [{ url: card.url, binding: card.preferredTransport || 'JSONRPC', protocolVersion: card.protocolVersion || '0.3' }, ...readInterfaces(card.additionalInterfaces ?? [], warnings)]
  if (interfaces.length + older.length === 0) throw new MeshError('invalid', 'this is no A2A agent card: it names neither supportedInterfaces (1.0) nor url (0.3)')
  return {
    form: interfaces.length === 0 ? 'a2a-0.3' : older.length === 0 ? 'a2a-1.0' : 'a2a-hybrid',
    name: card.name,
    description: card.description,
    version: card.version,
    interfaces: interfaces.length > 0 ? interfaces : older,
    streaming: card.capabilities.streaming,
    pushNotifications: card.capabilities.pushNotifications,
    security: securityOf(card),
    capabilities: readSkills(card.skills ?? [], { inputModes: card.defaultInputModes, outputModes: card.defaultOutputModes }, warnings),
    warnings,
  }
}

function readInterfaces(list: readonly unknown[], warnings: string[]): AgentCard['interfaces'] {
  return list.flatMap((entry) => {
    const parsed = Interface.safeParse(entry)
    if (!parsed.success) warnings.push('an interface without a URL was left out')
    return parsed.success ? [{ url: parsed.data.url, binding: parsed.data.protocolBinding || parsed.data.transport || 'JSONRPC', protocolVersion: parsed.data.protocolVersion || '0.3' }] : []
  })
}

/** Duplicates and what has no id are left out; beyond `SKILLS_MAX` the rest is. */
function readSkills(list: readonly unknown[], defaults: { inputModes: string[]; outputModes: string[] }, warnings: string[]): Capability[] {
  const found = new Map<string, Capability>()
  for (const entry of list.slice(0, SKILLS_MAX)) {
    const { data } = Skill.safeParse(entry)
    if (!data) warnings.push('a skill without an id was left out')
    else if (found.has(data.id)) warnings.push(`the skill “${data.id}” is there twice; the first stands`)
    else found.set(data.id, Capability.parse({ ...data, inputModes: data.inputModes.length > 0 ? data.inputModes : defaults.inputModes, outputModes: data.outputModes.length > 0 ? data.outputModes : defaults.outputModes }))
  }
  if (list.length > SKILLS_MAX) warnings.push(`of ${list.length} skills the first ${SKILLS_MAX} were read`)
  return [...found.values()]
}

/** `securityRequirements[].schemes` (1.0) and `security[]` (0.3) both name schemes. */
function securityOf(card: Record<string, unknown>): string[] {
  const lists = [card['securityRequirements'], card['security']].filter(Array.isArray).flat() as unknown[]
  const names = lists.flatMap((entry) => (isRecord(entry) ? Object.keys(isRecord(entry['schemes']) ? entry['schemes'] : entry) : []))
  return [...new Set(names)].sort().slice(0, 32)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The same document, the same digest, whatever the order of its keys. */
export function digestOf(document: unknown): string {
  return createHash('sha256').update(canonicalText(document)).digest('hex').slice(0, 32)
}

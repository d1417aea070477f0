// Objects in files: YAML (also many documents in one) or JSON, from a file, a folder or stdin.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { MeshError, messageOf } from '../contracts/errors.ts'
import { NAMESPACE_DEFAULT } from '../contracts/ids.ts'
import { KINDS, Kind, type ObjectRef } from '../contracts/object.ts'

export interface Written {
  ref: ObjectRef
  /** As it is in the file; the API judges it. */
  body: Record<string, unknown>
  /** `routes.yaml, document 2`. */
  where: string
}

/** Referred-to kinds first, so that a file may come in any order; a deletion goes the other way. */
const ORDER: readonly Kind[] = ['Agent', 'AgentVersion', 'Gateway', 'HTTPRoute', 'GRPCRoute', 'AuthorizationPolicy', 'PeerAuthentication', 'TrafficPolicy', 'AgentRoute', 'HealthProbe', 'ExternalService', 'EgressPolicy', 'Objective']

const Head = z.looseObject({ kind: Kind, metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }) })

export function readManifests(paths: readonly string[]): Written[] {
  const found = paths.flatMap((path) => (path === '-' ? parse(readFileSync(0, 'utf8'), 'stdin') : filesOf(path).flatMap((file) => parse(readFileSync(file, 'utf8'), file))))
  if (found.length === 0) throw new MeshError('bad_request', `there is no object in ${paths.join(', ')}`)
  return found.sort((a, b) => ORDER.indexOf(a.ref.kind) - ORDER.indexOf(b.ref.kind))
}

function filesOf(path: string): string[] {
  try {
    if (!statSync(path).isDirectory()) return [path]
    return readdirSync(path).filter((file) => /\.(ya?ml|json)$/.test(file)).sort().map((file) => join(path, file))
  } catch (cause) {
    throw new MeshError('bad_request', `cannot read ${path}: ${messageOf(cause)}`, { cause })
  }
}

function parse(text: string, file: string): Written[] {
  return [...parseAllDocuments(text)].flatMap((document, index) => {
    const where = `${file}, document ${index + 1}`
    const [error] = document.errors
    if (error) throw new MeshError('bad_request', `${where}: ${error.message}`)
    const value: unknown = document.toJS()
    if (value === null) return []
    const items = isList(value) ? value.items : [value]
    return items.map((item) => toWritten(item, where))
  })
}

/** What `heddle get -o yaml` prints of many goes back in. */
function isList(value: unknown): value is { items: unknown[] } {
  return typeof value === 'object' && value !== null && 'items' in value && Array.isArray(value.items)
}

function toWritten(value: unknown, where: string): Written {
  const head = Head.safeParse(value)
  if (!head.success) throw new MeshError('bad_request', `${where} is no object of Heddle: it needs a kind (${Kind.options.join(', ')}) and metadata.name`)
  const { kind, metadata } = head.data
  return { ref: { kind, namespace: metadata.namespace ?? NAMESPACE_DEFAULT, name: metadata.name }, body: head.data, where }
}

export function pathOf(ref: ObjectRef): string {
  return `/namespaces/${encodeURIComponent(ref.namespace)}/${KINDS[ref.kind].plural}/${encodeURIComponent(ref.name)}`
}

/** `agents`, `Agent`, `agent` and `httproute` all name a kind. */
export function parseKind(word: string): Kind {
  const wanted = word.toLowerCase()
  const kind = Kind.options.find((one) => [one.toLowerCase(), KINDS[one].plural].includes(wanted)) ?? SHORT[wanted]
  if (!kind) throw new MeshError('bad_request', `there is no kind “${word}”; there are ${Kind.options.map((one) => KINDS[one].plural).join(', ')}`)
  return kind
}

const SHORT: Record<string, Kind> = { route: 'HTTPRoute', routes: 'HTTPRoute', policy: 'AuthorizationPolicy', policies: 'AuthorizationPolicy', version: 'AgentVersion', versions: 'AgentVersion' }

// JSON and YAML at every door. A body is read here once, within limits, and goes on as plain JSON; an answer leaves as YAML when
// YAML is what was asked for.
import type { MiddlewareHandler } from 'hono'
import { CORE_SCHEMA, load } from 'js-yaml'
import { stringify } from 'yaml'
import { MeshError, messageOf } from '#server/contracts/errors.ts'
import type { ApiEnv } from './context.ts'

export const BODY = { bytesMax: 1024 * 1024, depthMax: 64, valuesMax: 100_000 }

const JSON_TYPES = new Set(['application/json', 'application/merge-patch+json'])
const YAML_TYPES = new Set(['application/yaml', 'application/x-yaml', 'text/yaml'])

export const readBody: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.req.method === 'GET' || c.req.method === 'HEAD') return next()
  const bytes = await readBytes(c.req.raw)
  const headers = new Headers(c.req.raw.headers)
  if (bytes.length === 0) {
    headers.delete('content-type')
    c.req.raw = new Request(c.req.url, { method: c.req.method, headers })
    return next()
  }
  const value = parseBody(bytes, headers.get('content-type'))
  if (!headers.get('content-type')?.startsWith('application/merge-patch+json')) headers.set('content-type', 'application/json')
  headers.delete('content-length')
  c.req.raw = new Request(c.req.url, { method: c.req.method, headers, body: JSON.stringify(value) })
  return next()
}

async function readBytes(request: Request): Promise<Buffer> {
  const tooLarge = () => new MeshError('too_large', `a body has at most ${BODY.bytesMax} bytes`)
  if (Number(request.headers.get('content-length') ?? 0) > BODY.bytesMax) throw tooLarge()
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length
    if (bytes > BODY.bytesMax) throw tooLarge()
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** Bytes to plain values. A form or text/plain, which a foreign page can send without asking, is refused. */
export function parseBody(bytes: Uint8Array, contentType: string | null): unknown {
  const type = contentType?.split(';')[0]?.trim().toLowerCase() ?? ''
  if (!JSON_TYPES.has(type) && !YAML_TYPES.has(type)) throw new MeshError('unsupported_media_type', `send application/json or application/yaml, not “${type.slice(0, 100)}”`)
  const text = decodeUtf8(bytes)
  const value = YAML_TYPES.has(type) ? parseYaml(text) : parseJson(text)
  refuseExcess(value)
  return value
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new MeshError('bad_request', 'the body is not UTF-8', { cause })
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new MeshError('bad_request', `the body is not JSON: ${cause instanceof Error ? cause.message.slice(0, 200) : ''}`, { cause })
  }
}

/**
 * One document; duplicate keys are errors, and there are no aliases that could multiply. js-yaml's time grows with the text; the
 * package `yaml`, which keeps comments and places for editors, takes a minute for a megabyte of brackets.
 */
function parseYaml(text: string): unknown {
  try {
    return load(text, { schema: CORE_SCHEMA, maxDepth: BODY.depthMax, maxAliases: 0 })
  } catch (cause) {
    throw new MeshError('bad_request', `the body is not YAML as it is taken here: ${messageOf(cause).split('\n')[0]}`, { cause })
  }
}

/** Walks without recursion: a body of brackets must not end the process. Refuses NUL, which PostgreSQL has no room for. */
function refuseExcess(root: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 0 }]
  let values = 0
  for (let at = open.pop(); at; at = open.pop()) {
    if (++values > BODY.valuesMax) throw new MeshError('too_large', `a body has at most ${BODY.valuesMax} values`)
    if (at.depth > BODY.depthMax) throw new MeshError('bad_request', `a body is nested at most ${BODY.depthMax} deep`)
    if (typeof at.value === 'string') refuseNul(at.value)
    if (typeof at.value !== 'object' || at.value === null) continue
    for (const [key, value] of Object.entries(at.value)) {
      refuseNul(key)
      if (key === '__proto__') throw new MeshError('bad_request', 'a field cannot be named “__proto__”')
      open.push({ value, depth: at.depth + 1 })
    }
  }
}

function refuseNul(text: string): void {
  if (text.includes('\0')) throw new MeshError('bad_request', 'a text cannot contain the character U+0000')
}

/** Turns a JSON answer into YAML when the Accept header names YAML and not JSON before it. */
export const writeYaml: MiddlewareHandler<ApiEnv> = async (c, next) => {
  await next()
  if (!wantsYaml(c.req.header('accept')) || !c.res.headers.get('content-type')?.startsWith('application/json')) return
  const headers = new Headers(c.res.headers)
  headers.set('content-type', 'application/yaml')
  headers.delete('content-length')
  c.res = new Response(stringify(await c.res.json(), { aliasDuplicateObjects: false }), { status: c.res.status, headers })
}

function wantsYaml(accept: string | undefined): boolean {
  const first = accept?.split(',').map((part) => part.split(';')[0]!.trim().toLowerCase()).find((type) => YAML_TYPES.has(type) || JSON_TYPES.has(type) || type === '*/*')
  return first !== undefined && YAML_TYPES.has(first)
}

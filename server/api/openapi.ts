// The document at /api/v1/openapi.json, made from the same schemas that read requests.
import type { OpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import type { OpenAPIHono } from '@hono/zod-openapi'
import { z } from 'zod'
import { KINDS, Kind } from '#server/contracts/object.ts'
import { DryRun } from '#server/contracts/status.ts'
import type { ApiEnv } from './context.ts'
import { ListQuery, MeshQuery, listOf } from './routes.ts'

const BY_TOKEN_OR_SESSION: Record<string, string[]>[] = [{ bearer: [] }, { session: [] }]

export function documentOf(app: Pick<OpenAPIHono<ApiEnv>, 'getOpenAPI31Document' | 'openAPIRegistry'>, origin: string) {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Heddle', version: 'v1', description: 'Everything the console can do. Failures are application/problem+json; JSON and YAML in and out.' },
    servers: [{ url: origin }],
    security: BY_TOKEN_OR_SESSION,
  })
  return {
    ...document,
    components: {
      ...document.components,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer', description: 'An API token, hdl_…' }, session: { type: 'apiKey', in: 'cookie', name: `${origin.startsWith('https:') ? '__Host-' : ''}heddle.session_token` } },
    },
  }
}

const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  code: z.string(),
  detail: z.string(),
  problems: z.array(z.object({ pointer: z.string(), code: z.string(), detail: z.string() })),
})

/** One handler serves every kind; the document shows each kind with its own schema. */
export function describeObjects(registry: OpenAPIRegistry): void {
  for (const kind of Kind.options) describeKind(registry, kind)
}

function describeKind(registry: OpenAPIRegistry, kind: Kind): void {
  const { plural, schema, readOnly } = KINDS[kind]
  const tags = [kind]
  const params = z.object({ ns: z.string(), name: z.string() })
  const failure = { default: { description: 'What went wrong', content: { 'application/problem+json': { schema: Problem } } } }
  const content = { 'application/json': { schema }, 'application/yaml': { schema } }
  const answer = { 200: { description: `The ${kind}`, content }, ...failure }
  const pages = { 200: { description: 'A page', content: { 'application/json': { schema: listOf(schema) } } }, ...failure }
  const query = ListQuery.extend({ labelSelector: z.string().optional() })
  registry.registerPath({ method: 'get', path: `/${plural}`, tags, summary: `Every ${kind}`, request: { query }, responses: pages })
  registry.registerPath({ method: 'get', path: `/namespaces/{ns}/${plural}`, tags, summary: `Every ${kind} of a namespace`, request: { query, params: params.pick({ ns: true }) }, responses: pages })
  const path = `/namespaces/{ns}/${plural}/{name}`
  registry.registerPath({ method: 'get', path, tags, summary: `One ${kind}`, request: { params, query: MeshQuery }, responses: answer })
  if (readOnly) return
  const writing = MeshQuery.extend({ dryRun: z.literal('All').optional(), reason: z.string().max(500).optional() })
  const headers = z.object({ 'if-match': z.string().optional().describe('The ETag of the form that you change; left out, PUT creates') })
  const write = { 200: { description: `The ${kind}; what would happen, for a dry run`, content: { 'application/json': { schema: z.union([schema, DryRun]) } } }, ...failure }
  registry.registerPath({ method: 'put', path, tags, summary: `Create or replace a ${kind}`, request: { params, headers, query: writing, body: { required: true, content } }, responses: { ...write, 201: { description: 'Created', content } } })
  registry.registerPath({ method: 'patch', path, tags, summary: `Change fields of a ${kind}`, request: { params, headers, query: writing, body: { required: true, content: { 'application/merge-patch+json': { schema: z.record(z.string(), z.unknown()) } } } }, responses: write })
  registry.registerPath({ method: 'delete', path, tags, summary: `Delete a ${kind}`, request: { params, headers, query: writing }, responses: write })
}

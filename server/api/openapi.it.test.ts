import { expect, test } from 'vitest'
import { KINDS } from '#server/contracts/object.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

interface Document {
  openapi: string
  paths: Record<string, Record<string, { summary?: string; responses: Record<string, unknown> }>>
}

const METHODS = ['get', 'put', 'post', 'patch', 'delete']
/** Routes that a client of the document has no use for. */
const UNDOCUMENTED = new Set(['get /api/v1/openapi.json'])

test('the document is OpenAPI 3.1 and names exactly the routes that there are', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const document = (await (await api.as('viewer').get('/openapi.json')).json()) as Document
  expect(document.openapi).toBe('3.1.0')
  const documented = Object.entries(document.paths).flatMap(([path, item]) => METHODS.filter((method) => method in item).map((method) => `${method} ${path}`))

  const served = api.app.routes
    .filter((route) => METHODS.includes(route.method.toLowerCase()) && route.path.startsWith('/api/v1/'))
    .flatMap((route) => expand(route.method.toLowerCase(), route.path.replaceAll(/:(\w+)/g, '{$1}')))
    .filter((route) => !UNDOCUMENTED.has(route))
  expect([...new Set(documented)].sort()).toEqual([...new Set(served)].sort())
})

test('every route says in a sentence what it does and how it answers', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  const document = (await (await api.as('viewer').get('/openapi.json')).json()) as Document
  const silent = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item).filter(([, route]) => !route.summary || Object.keys(route.responses).length === 0).map(([method]) => `${method} ${path}`))
  expect(silent).toEqual([])
})

/** `{plural}` stands for every kind; a read-only kind has no writes in the document. */
function expand(method: string, path: string): string[] {
  if (!path.includes('{plural}')) return [`${method} ${path}`]
  return Object.values(KINDS)
    .filter((kind) => method === 'get' || !kind.readOnly)
    .map((kind) => `${method} ${path.replace('{plural}', kind.plural)}`)
}

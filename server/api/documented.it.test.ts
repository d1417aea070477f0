// Every object that the documentation shows is dry-run, in a mesh that has the agents which it names.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { commitChange } from '#server/changes/commit.ts'
import { agent, agentVersion } from '#server/compile/fixtures.ts'
import { refOf } from '#server/contracts/object.ts'
import { testApi } from '#server/testing/api.ts'
import { testDatabase } from '#server/testing/database.ts'

interface Shown {
  where: string
  object: { kind: string; metadata: { name: string } }
}

const ROOT = new URL('../../', import.meta.url).pathname
const AGENTS = ['researcher', 'writer', 'translator', 'orchestrator', 'edge']
const VERSIONS = ['v1', 'v2', 'v3'].map((version) => agentVersion('translator', version))

/** Blocks of YAML with a kind, also those inside a list; a block without one is part of an object and shown as such. */
function shownIn(path: string): Shown[] {
  const blocks = [...readFileSync(join(ROOT, path), 'utf8').matchAll(/^( *)```yaml\n([\s\S]*?)^\1```$/gm)]
  return blocks.flatMap(([, indent = '', block = ''], index) => {
    const documents = parseAllDocuments(block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''))
    return [...documents].flatMap((document): Shown[] => {
      expect(document.errors, `${path}, block ${index + 1}`).toEqual([])
      const object = document.toJS() as Shown['object'] // the dry run judges it
      return object?.kind ? [{ where: `${path}, block ${index + 1}: ${object.kind} ${object.metadata.name}`, object }] : []
    })
  })
}

const shown = ['README.md', ...readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)].flatMap(shownIn)

test('the documentation’s objects would be taken as they stand', async () => {
  await using db = await testDatabase()
  const api = await testApi(db)
  await db.pool.query(`insert into mesh (name, trust_domain) values ('local', 'mesh.test') on conflict do nothing`)
  const objects = [...AGENTS.map((name) => agent(name)), ...VERSIONS]
  await commitChange(db, { mesh: 'local', author: 'test', reason: '', changes: objects.map((after) => ({ ref: refOf(after), expected: null, after })) })
  expect(shown.length).toBeGreaterThan(5)
  const judge = async (object: object) => {
    const response = await api.as('operator').post('/objects?dryRun=All', { items: [object] })
    const { valid, problems } = (await response.json()) as { valid: boolean; problems: { detail: string }[] }
    return { status: response.status, valid, problems }
  }
  for (const { where, object } of shown) {
    expect([where, await judge(object)]).toEqual([where, { status: 200, valid: true, problems: [] }])
    expect([where, await judge({ ...object, spec: { misspelt: true } })]).toEqual([where, { status: 200, valid: false, problems: expect.arrayContaining([expect.anything()]) }])
  }
}, 60_000)

import { spawnSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { GATEWAY_API, HEDDLE_API } from '#server/contracts/meta.ts'
import { commandLine } from '#server/testing/command-line.ts'
import { testDatabase } from '#server/testing/database.ts'
import { EXIT } from './exit.ts'

const agents = `apiVersion: ${HEDDLE_API}\nkind: Agent\nmetadata: { name: writer, labels: { team: words } }\nspec: {}\n---\napiVersion: ${HEDDLE_API}\nkind: Agent\nmetadata: { name: reader }\nspec: {}\n`
const route = (path: string) => `apiVersion: ${GATEWAY_API}\nkind: HTTPRoute\nmetadata: { name: writer }\nspec:\n  parentRefs: [{ name: writer }]\n  rules:\n  - matches: [{ path: { type: PathPrefix, value: ${path} } }]\n    backendRefs: [{ kind: Agent, name: reader }]\n`

test('what a file says is applied, shown, compared, taken back and deleted', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  const made = await heddle.run(['apply', '-f', '-', '--reason', 'first'], { input: `${route('/a')}---\n${agents}` }) // the route may come before what it needs
  expect(made).toMatchObject({ code: EXIT.ok, stderr: '' })
  expect(made.stdout.match(/created/g)).toHaveLength(3)
  expect((await heddle.run(['get', 'agents', '-l', 'team=words'])).stdout).toMatch(/writer/)
  expect((await heddle.run(['get', 'agents', '-l', 'team=words'])).stdout).not.toMatch(/reader/)

  const asYaml = (await heddle.run(['get', 'httproute', 'writer', '-o', 'yaml'])).stdout
  expect((await heddle.run(['diff', '-f', '-'], { input: asYaml })).code).toBe(EXIT.ok)
  expect((await heddle.run(['apply', '-f', '-'], { input: asYaml })).stdout).toMatch(/unchanged/)
  const differs = await heddle.run(['diff', '-f', '-'], { input: route('/b') })
  expect(differs.code).toBe(EXIT.failed)
  expect((await heddle.run(['get', 'httproute', 'writer', '-o', 'yaml'])).stdout).toBe(asYaml)

  expect((await heddle.run(['apply', '-f', '-'], { input: route('/b') })).stdout).toMatch(/changed/)
  const { revision } = JSON.parse((await heddle.run(['revert', '4', '-o', 'json'])).stdout) as { revision: number }
  expect(revision).toBe(5)
  expect((await heddle.run(['get', 'httproute', 'writer', '-o', 'json'])).stdout).toContain('"/a"')

  const inUse = await heddle.run(['delete', 'agent', 'reader'])
  expect([inUse.code, inUse.stderr]).toEqual([EXIT.refused, expect.stringContaining('writer')])
  expect((await heddle.run(['delete', 'httproute', 'writer'])).code).toBe(EXIT.ok)
  expect((await heddle.run(['get', 'httproute', 'writer'])).code).not.toBe(EXIT.ok)
})

test('what cannot be done is a sentence on stderr, an exit code that a script can tell apart, and nothing on stdout', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  await heddle.run(['apply', '-f', '-'], { input: agents })
  const bad: [string[], number, RegExp, string?][] = [
    [['aply'], EXIT.usage, /unknown command 'aply'[\s\S]*apply/],
    [['get'], EXIT.usage, /missing required argument 'kind'/],
    [['get', 'agnets'], EXIT.refused, /agnets/],
    [['get', 'agent', 'nobody'], EXIT.failed, /nobody/],
    [['apply', '-f', '/nonexistent.yaml'], EXIT.refused, /cannot read \/nonexistent\.yaml/],
    [['apply', '-f', '-'], EXIT.refused, /no object in -/, '# nothing'],
    [['apply', '-f', '-'], EXIT.refused, /stdin, document 1/, 'kind: [unclosed'],
    [['apply', '-f', '-'], EXIT.refused, /document 1/, 'kind: Teapot\nmetadata: { name: a }\n'],
    [['apply', '-f', '-'], EXIT.refused, /\/spec/, agents.replace('spec: {}', 'spec: { prot: a2a }')],
    [['apply', '-f', '-'], EXIT.refused, /backendRefs\/0/, route('/a').replace('reader', 'ghost')],
    [['revert', '999'], EXIT.failed, /999/],
    [['revert', '-1'], EXIT.usage, /-1/],
    [['token', 'create'], EXIT.refused, /--agent NAME/],
    [['token', 'create', '--name', 'x', '--role', 'king'], EXIT.refused, /role/],
    [['split', 'writer', 'v1=101'], EXIT.refused, /./],
    [['get', 'agents', '-o', 'xml'], EXIT.refused, /xml/],
  ]
  for (const [args, code, says, input] of bad) {
    const result = await heddle.run(args, { ...(input && { input }) })
    expect({ args, ...result }).toEqual({ args, code, stdout: '', stderr: expect.stringMatching(says) })
    expect(result.stderr, `a stack is no sentence: ${args.join(' ')}`).not.toMatch(/\n\s+at /)
  }
}, 120_000)

test('a viewer may look and not write; a wrong or missing token is told so', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  expect((await heddle.run(['get', 'agents'], { role: 'viewer' })).code).toBe(EXIT.ok)
  const refused = await heddle.run(['apply', '-f', '-'], { role: 'viewer', input: agents })
  expect(refused).toMatchObject({ code: EXIT.refused, stdout: '', stderr: expect.stringContaining('operator') })
  expect((await heddle.run(['get', 'agents'], { env: { HEDDLE_TOKEN: 'hdl_wrong' } })).code).toBe(EXIT.refused)
  expect((await heddle.run(['get', 'agents'], { env: { HEDDLE_TOKEN: '' } })).stderr).toContain('HEDDLE_TOKEN is not set')
  expect((await heddle.run(['get', 'agents'], { env: { HEDDLE_URL: 'http://127.0.0.1:1' } })).code).toBe(EXIT.unavailable)
})

test('an API token is shown once, works with its role, and stops when revoked', async () => {
  await using db = await testDatabase()
  await using heddle = await commandLine(db)
  const made = await heddle.run(['token', 'create', '--name', 'ci', '--role', 'viewer', '--days', '1'])
  const token = made.stdout.trim()
  expect(token).toMatch(/^hdl_/)
  expect((await heddle.run(['get', 'agents'], { env: { HEDDLE_TOKEN: token } })).code).toBe(EXIT.ok)
  const listed = JSON.parse((await heddle.run(['token', 'list', '-o', 'json'])).stdout) as { items?: { id: string; name: string }[] } & { id: string; name: string }[]
  const rows = listed.items ?? listed
  expect(JSON.stringify(rows)).not.toContain(token)
  const ci = rows.find((row) => row.name === 'ci')
  expect((await heddle.run(['token', 'revoke', ci?.id ?? ''])).code).toBe(EXIT.ok)
  expect((await heddle.run(['get', 'agents'], { env: { HEDDLE_TOKEN: token } })).code).toBe(EXIT.refused)
})

test('a reader that has seen enough ends the command without a word', () => {
  const { status, stderr } = spawnSync('bash', ['-c', `set -o pipefail; "${process.execPath}" server/cli/heddle.ts --help | head -n 1`], { encoding: 'utf8' })
  expect([status, stderr]).toEqual([EXIT.ok, ''])
})

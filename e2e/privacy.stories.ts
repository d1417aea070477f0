// What nobody meant to record, seen by an admin who says what is taken out, and by an operator who needs to read a conversation.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'
import { expect, test } from 'vitest'
import { readConfig } from '../server/config.ts'
import { databaseUrlOf } from '../server/run/database.ts'
import { eventually } from '../server/testing/load.ts'
import { attributesOf, freshSpan, postOtlp, requestOf } from '../server/testing/spans.ts'
import { heddle, mesh, person } from './person.ts'

const otlp = `http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/traces`

test('an admin tries a text, switches e-mail addresses on, and from then on a trace has the mark', async () => {
  await using admin = await person({ role: 'admin' })
  const { page } = admin
  await admin.open('/settings?part=redaction', 'Settings')
  await page.getByLabel('A text').fill('ann@example.com said: Bearer abc123def456')
  await page.getByRole('button', { name: 'What would be stored?' }).click()
  await page.getByText('ann@example.com said: Bearer [redacted: token]', { exact: true }).waitFor()
  await page.getByText('E-mail addresses').click()
  await page.getByRole('button', { name: 'What would be stored?' }).click()
  await page.getByText('[redacted: email] said: Bearer [redacted: token]', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Collectors follow within two seconds', { exact: false }).waitFor()
  await admin.isAccessible()
  await eventually('an address is no longer stored', 20_000, async () => {
    const span = freshSpan({ name: 'ask ann@example.com' })
    expect((await postOtlp(otlp, requestOf([span], { 'service.name': 'private' }))).status).toBe(200)
    return (await mesh.get<{ spans: { name: string }[] }>(`/traces/${span.traceId}`)).spans[0]?.name === 'ask [redacted: email]'
  })
  await page.getByText('E-mail addresses').click()
  await page.getByRole('button', { name: 'Save' }).click()
  await eventually('the rules are as they were', 10_000, async () => !(await mesh.get<{ builtIn: { emails: boolean } }>('/redaction')).builtIn.emails)
})

test('an operator says why, and reads the messages of a trace; a viewer cannot', async () => {
  const store = new pg.Client({ connectionString: databaseUrlOf(readConfig({ NODE_ENV: 'test', ...heddle.env })) })
  await store.connect()
  const span = freshSpan({ attributes: attributesOf({ 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': 'm', 'gen_ai.input.messages': JSON.stringify([{ role: 'user', content: 'my knee hurts' }]) }) })
  try {
    await store.query(`insert into setting (mesh, key, value) select name, 'content', '{"labels": ["heddle.dev/sample=true"], "agents": ["default/doctor"]}' from mesh on conflict (mesh, key) do update set value = excluded.value`)
    await eventually('messages of the agent are recorded', 20_000, async () => {
      Object.assign(span, { traceId: freshSpan().traceId })
      expect((await postOtlp(otlp, requestOf([span], { 'service.name': 'doctor' }))).status).toBe(200)
      return (await mesh.get<{ spans: { messagesHidden?: boolean }[] }>(`/traces/${span.traceId}`)).spans[0]?.messagesHidden === true
    })
  } finally {
    await store.query(`delete from setting where key = 'content'`)
    await store.end()
  }
  const path = `/traces/${span.traceId}?span=${span.spanId}`
  await using viewer = await person({ role: 'viewer' })
  await viewer.open(path, /./)
  await viewer.page.getByText('Messages are recorded here', { exact: false }).waitFor()
  expect(await viewer.page.getByRole('button', { name: 'Reveal' }).getAttribute('aria-disabled')).toBe('true')
  await using operator = await person({ role: 'operator' })
  await operator.open(path, /./)
  await operator.page.getByLabel('Why do you need them?').fill('the patient asks')
  await operator.page.getByRole('button', { name: 'Reveal' }).click()
  await operator.page.getByText('my knee hurts').waitFor()
  await operator.isAccessible()
  const { items } = await mesh.get<{ items: { action: string; target: string }[] }>('/audit?action=messages.reveal&limit=10')
  expect(items).toContainEqual(expect.objectContaining({ target: `trace ${span.traceId}` }))
})

test('what is asked of agents is in no log of any process and in no table but those of recorded messages, also when the request is broken', async () => {
  const words = `my knee hurts since ${crypto.randomUUID()}`
  const post = async (url: string, body: string, headers: Record<string, string> = {}) => (await fetch(url, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body })).status
  const signedIn = { authorization: `Bearer ${heddle.token}` }
  const task = JSON.stringify({ task: `Explain tides in German, ${words}` })
  await eventually('the fleet takes the task', 30_000, async () => (await post(heddle.sampleUrl, task)) === 200)
  expect(await post(heddle.sampleUrl, task.slice(0, -2))).toBeGreaterThanOrEqual(400)
  for (const path of ['/semantic/try', '/objects', '/prices', '/silences']) {
    expect(await post(`${heddle.url}/api/v1${path}`, `{"task": "${words}"`, signedIn), path).toBeGreaterThanOrEqual(400)
    expect(await post(`${heddle.url}/api/v1${path}`, JSON.stringify({ [words]: words }), signedIn), path).toBeGreaterThanOrEqual(400)
  }
  expect(await post(`${heddle.url}/api/v1/traces?q=${encodeURIComponent(words)}`, words)).toBeGreaterThanOrEqual(400)
  expect(await post(otlp, `{"resourceSpans": [{"${words}"`)).toBe(400)
  const span = freshSpan({ parentSpanId: 'zz', attributes: attributesOf({ 'gen_ai.input.messages': words }) })
  expect(await post(otlp, requestOf([span, freshSpan({ attributes: attributesOf({ 'gen_ai.input.messages': words }) })], { 'service.name': 'doctor' }))).toBe(200)

  const store = new pg.Client({ connectionString: databaseUrlOf(readConfig({ NODE_ENV: 'test', ...heddle.env })) })
  await store.connect()
  try {
    const { rows } = await store.query<{ name: string }>(`select c.oid::regclass::text as name from pg_class c where relnamespace in ('public'::regnamespace, 'telemetry'::regnamespace) and relkind in ('r', 'p') and not relispartition`)
    expect(rows.length).toBeGreaterThan(40)
    const holds = async (name: string) => (await store.query(`select from ${name} row where strpos(row::text, $1) > 0 or strpos(row::text, $2) > 0 limit 1`, [words, Buffer.from(words).toString('hex')])).rowCount !== 0
    await eventually('what the sample fleet records has it', 20_000, () => holds('telemetry.span_content'))
    const found: string[] = []
    for (const { name } of rows) if (await holds(name)) found.push(name)
    expect(found).toEqual(['telemetry.span_content'])
  } finally {
    await store.end()
  }
  const logs = join(heddle.home, 'logs')
  const files = (await readdir(logs, { recursive: true })).filter((name) => name.includes('.log'))
  expect(files.map((name) => name.replace(/[-.].*/, ''))).toEqual(expect.arrayContaining(['web', 'control', 'collector', 'postgres']))
  for (const name of files) expect(await readFile(join(logs, name), 'utf8'), name).not.toContain(words)
})

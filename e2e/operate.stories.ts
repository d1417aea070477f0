// Operating: who may say who is who, what each proxy holds, what was done, by whom, and undone.
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import type { Written } from '../server/testing/mesh.ts'
import { heddle, mesh, person } from './person.ts'
import { sampleSplit } from './sample-route.ts'

test('every proxy is on the page with what it has accepted, type by type', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/proxies', 'Proxies')
  const table = page.getByRole('table', { name: 'Proxies' })
  for (const proxy of await mesh.proxies()) await table.getByText(proxy.id, { exact: true }).first().waitFor()
  await table.getByText('translator-v1', { exact: true }).first().click()
  await page.getByRole('heading', { level: 1, name: /translator/ }).waitFor()
  await someone.isAccessible()

  const ask = (what: string) => page.getByRole('radio', { name: what, exact: true }).click()
  await ask('Addresses')
  await page.getByRole('table', { name: 'Addresses' }).getByRole('row', { name: /default\/writer\/v1.*healthy/ }).first().waitFor()
  await someone.isAccessible()
  await ask('Versions')
  await page.getByText(/All \d+ run as they were taken/).waitFor()
  await ask('Certificates')
  await page.getByRole('table', { name: 'Certificates' }).getByText(/agent\/translator/).first().waitFor()
  await ask('Statistics')
  await page.getByRole('textbox', { name: 'Names that hold' }).fill('server.live')
  await page.getByRole('button', { name: 'Find', exact: true }).click()
  await page.getByRole('table', { name: 'Statistics' }).getByText('server.live').waitFor()
  await ask('Log')
  await page.getByRole('button', { name: 'Set it' }).click()
  await page.getByText('everything').waitFor()
  await someone.isAccessible()
})

test('a change is taken back from its page, which makes a new revision', async () => {
  const before = await mesh.accepted(await mesh.write(sampleSplit({ v1: 90, v2: 10 })))
  const { revision } = await mesh.accepted(await mesh.write(sampleSplit({ v1: 20, v2: 80 })))
  await using someone = await person()
  const { page } = someone
  await someone.open(`/changes/${revision}`, `Revision ${revision}`)
  await page.getByRole('button', { name: 'Take it back…' }).click()
  await someone.isAccessible()
  await page.getByRole('button', { name: `Take revision ${revision} back` }).click()
  await eventually('the split is as before', 15_000, async () => {
    const route = await mesh.get<Written<'HTTPRoute'>>('/namespaces/default/httproutes/translator')
    return route.spec.rules[0]?.backendRefs?.map(({ weight }) => weight).join() === '90,10'
  })
  expect(revision).toBeGreaterThan(before.revision)
})

test('the audit knows who signed in and what was changed, and can be taken along as CSV', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/audit', 'Audit')
  await page.getByRole('table', { name: 'Audit' }).getByText(/sign/).first().waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: /Export/ }).click()
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('menuitem', { name: 'CSV' }).click()])
  const text = await readFile(await download.path(), 'utf8')
  expect(text.split('\n')[0]).toMatch(/seq.*actor.*action/)
  expect(text).toContain('admin@example.com')
})

test('an API token is shown once, works, and is refused once it is revoked', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/settings', 'Settings')
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name: what will use it').fill('a robot')
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Make the token' }).click()
  const token = await page.getByText(/^hdl_[A-Za-z0-9_-]{20,}$/).first().innerText()
  const status = async () => (await fetch(new URL('/api/v1/agents', heddle.url), { headers: { authorization: `Bearer ${token}` } })).status
  expect(await status()).toBe(200)
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('button', { name: 'Revoke a robot' }).click()
  await page.getByRole('alertdialog').getByRole('button', { name: /Revoke/ }).click()
  await eventually('the token is refused', 10_000, async () => (await status()) === 401)
})

test('a proxy of another mesh is scraped, and how that went is said beside it', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/settings?part=meshes', 'Settings')
  await page.getByText('Nothing is scraped.').waitFor()
  await page.getByRole('button', { name: 'Add a target' }).click()
  await page.getByRole('textbox', { name: 'Name' }).fill('web')
  await page.getByRole('textbox', { name: 'URL' }).fill('http://127.0.0.1:9/metrics')
  await page.getByRole('textbox', { name: 'Workload, of Linkerd' }).fill('emojivoto/web')
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Saved.').waitFor()
  const row = page.getByRole('table', { name: 'Last scrapes' }).getByRole('row', { name: 'web' })
  await row.getByText('down', { exact: true }).waitFor()
  await row.getByText('127.0.0.1 is not an address of the public internet', { exact: false }).waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Remove web' }).click()
  await page.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Nothing is scraped.').waitFor()
  await row.waitFor({ state: 'detached' })
})

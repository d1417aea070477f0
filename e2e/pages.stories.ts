// Every page of the console, as people of each role see it: a heading, no serious finding of axe, a silent console.
import { expect, test } from 'vitest'
import type { TraceSummary } from '../server/contracts/telemetry.ts'
import { NAVIGATION } from '../components/shell/navigation.ts'
import { eventually } from '../server/testing/load.ts'
import { mesh, person } from './person.ts'

test.concurrent.each(['light', 'dark'] as const)('every page in the navigation is accessible in the %s theme', async (theme) => {
  await using someone = await person({ theme })
  for (const { href, title } of NAVIGATION.flatMap(({ items }) => items)) {
    await someone.open(href, title)
    await someone.isAccessible(theme === 'dark' ? ['color-contrast'] : undefined) // what else there is to find does not depend on colours
  }
})

test.concurrent('the pages of one thing are accessible too', async () => {
  const [proxy] = await mesh.proxies()
  const traces = await eventually('a trace is stored', 20_000, async () => {
    const { items } = await mesh.get<{ items: TraceSummary[] }>('/traces?limit=1')
    return items.length > 0 ? items : null
  })
  await using someone = await person()
  await someone.open('/agents/default/translator', 'translator')
  await someone.isAccessible()
  await someone.open('/routes/default/translator', 'translator')
  await someone.isAccessible()
  await someone.open(`/proxies/${proxy?.id}`, new RegExp(proxy?.agent ?? ''))
  await someone.isAccessible()
  await someone.open(`/traces/${traces[0]?.traceId}`, /./)
  await someone.isAccessible()
  await someone.open('/changes/1', 'Revision 1')
  await someone.isAccessible()
})

test.concurrent('what opens over a page is accessible: keys, palette, time range, and the parts of the settings', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/agents', 'Agents')
  for (const [key, name] of [['?', /Keys/], ['Control+k', /Find/]] as const) {
    await page.keyboard.press(key)
    await page.getByRole('dialog', { name }).waitFor()
    await someone.isAccessible()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }
  await page.getByText('Pick…').click()
  await page.getByRole('dialog', { name: 'Time range' }).waitFor()
  await someone.isAccessible()
  for (const part of ['you', 'people', 'ingest', 'redaction']) {
    await someone.open(`/settings?part=${part}`, 'Settings')
    await someone.isAccessible()
  }
  for (const path of ['/policies/traffic', '/policies/access/new', '/policies/traffic/new', '/security/rotations', '/routes/new']) {
    await someone.open(path, /./)
    await someone.isAccessible()
  }
})

test.concurrent('who is not signed in is asked to, a wrong password is said, and an address that is not there says so', async () => {
  await using stranger = await person({ role: null, expects: /401|404/ })
  const { page } = stranger
  await stranger.open('/graph', 'Sign in')
  await stranger.isAccessible()
  await page.getByLabel('E-mail address').fill('nobody@example.com')
  await page.getByLabel('Password').fill('not the password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByText(/that is not right/).first().waitFor()
  await stranger.isAccessible()

  await using someone = await person({ expects: /404/ })
  await someone.open('/no-such-page', 'There is nothing at this address')
  await someone.isAccessible()
  await someone.open('/agents/default/nobody', 'There is nothing at this address')
})

test.concurrent('a narrow screen has every page without sideways scrolling', async () => {
  await using someone = await person({ size: { width: 390, height: 844 } })
  for (const { href, title } of NAVIGATION.flatMap(({ items }) => items)) {
    await someone.open(href, title)
    const beyond = await someone.page.evaluate(() => [document.documentElement, ...document.querySelectorAll('main')].map((part) => part.scrollWidth - part.clientWidth))
    expect({ href, beyond }).toEqual({ href, beyond: [0, 0] })
  }
})

test.concurrent('a viewer sees what is disabled and why', async () => {
  await using someone = await person({ role: 'viewer' })
  const { page } = someone
  await someone.open('/routes/default/translator', 'translator')
  const remove = page.getByRole('button', { name: /Delete/ })
  await remove.waitFor()
  expect(await remove.getAttribute('aria-disabled') ?? (await remove.isDisabled() ? 'true' : 'false')).toBe('true')
  await page.getByText(/operator|viewer|role/i).first().waitFor()
  await someone.isAccessible()
})

// Policies: the least one proposed, tried and applied by keyboard; form and YAML as one; what a viewer may not do; why a call goes where.
import { expect, test } from 'vitest'
import { HEDDLE_API } from '../server/contracts/meta.ts'
import { eventually } from '../server/testing/load.ts'
import type { Written } from '../server/testing/mesh.ts'
import { mesh, person, type Person } from './person.ts'

const NAME = 'translator-callers'
const TRAFFIC = 'translator-traffic'

test('the least policy is proposed from traffic, tried on it, and applied, by keyboard alone', async () => {
  await eventually('somebody called the translator', 60_000, async () => (await mesh.get<{ calls: number }>('/namespaces/default/agents/translator/calls')).calls > 0)
  await using someone = await person()
  const { page } = someone
  await someone.open('/policies/access/new?agent=translator', 'New access policy')
  await press(someone, 'Propose it')
  await page.getByText(/From [\d,]+ calls?\./).waitFor()
  expect(await page.getByRole('textbox', { name: 'Agents' }).first().inputValue()).toContain('orchestrator')
  await page.getByText(/Orchestrator may call translator/).waitFor()
  await someone.isAccessible()
  await press(someone, 'Review the change')
  await page.getByText(/it would have refused none of the calls/).waitFor()
  await someone.isAccessible()
  await page.keyboard.press('Control+Enter')
  await page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()
  const stored = await mesh.get<Written<'AuthorizationPolicy'>>(`/namespaces/default/authorizationpolicies/${NAME}`)
  expect(stored.spec).toMatchObject({ action: 'Allow', mode: 'Audit', rules: [{ from: [{ agents: ['orchestrator'] }] }] })
})

test('who would be cut is said in the review, before anything is applied', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open(`/policies/access/default/${NAME}`, NAME)
  await page.getByRole('textbox', { name: 'Agents' }).first().fill('writer')
  await page.getByText(/Writer may call translator/).waitFor()
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByText(/it would have refused [\d,]+ calls? that/).waitFor()
  await page.getByRole('table', { name: 'Would be refused' }).getByText('orchestrator').first().waitFor()
  await page.getByRole('button', { name: 'Back to edit' }).click()
  await page.getByRole('button', { name: 'Discard draft' }).click()
  expect(await page.getByRole('textbox', { name: 'Agents' }).first().inputValue()).toBe('orchestrator')
})

test('a traffic policy: what is switched on in the form stands in the YAML, and the other way', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/policies/traffic/new?agent=translator', 'New traffic policy')
  await page.getByRole('switch', { name: 'Rate limit' }).focus()
  await page.keyboard.press('Space')
  await page.getByRole('textbox', { name: 'Calls', exact: true }).fill('5000')
  await page.getByText('An instance takes 5000 calls per 1s; more is answered 429.').waitFor()
  await someone.isAccessible()
  await page.getByRole('radio', { name: 'YAML' }).click()
  await page.getByText('requests: 5000').waitFor()
  await page.getByRole('radio', { name: 'Form' }).click()
  expect(await page.getByRole('textbox', { name: 'Calls', exact: true }).inputValue()).toBe('5000')
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByRole('button', { name: 'Apply to the mesh' }).click()
  await page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()
  await someone.open('/policies/traffic', 'Policies')
  await page.getByRole('link', { name: TRAFFIC }).waitFor()
})

test('from permissive to strict: the review says who would be cut', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/policies/mtls', 'Policies')
  await someone.open('/policies/mtls/new?agent=translator', 'New mTLS policy')
  await page.getByText('Only callers with an identity of the mesh reach translator.').waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByText(/it would have refused none of the calls/).waitFor() // the sample's agents all have sidecars
  await someone.isAccessible()
})

test('what is risky is found in the whole configuration, marked at the object, and leads to its field', async () => {
  const policy: Written<'TrafficPolicy'> = { apiVersion: HEDDLE_API, kind: 'TrafficPolicy', metadata: { name: 'writer-retries' }, spec: { targetRefs: [{ name: 'writer' }], circuitBreaker: { maxRetries: 1000 } } }
  await mesh.write(policy)
  await using someone = await person()
  const { page } = someone
  await someone.open('/policies/traffic', 'Policies')
  await page.getByRole('row', { name: /writer-retries/ }).getByRole('link', { name: 'one finding' }).click()
  const row = page.getByRole('table', { name: 'Findings' }).getByRole('row', { name: /writer-retries/ })
  await row.getByText('1000 retries at once may bury a version in trouble').waitFor()
  await row.getByText(/Leave maxRetries out/).waitFor()
  await someone.isAccessible()
  await page.getByRole('radio', { name: /Errors/ }).click()
  await row.waitFor({ state: 'detached' })
  await page.getByRole('radio', { name: /All/ }).click()
  await row.getByRole('link', { name: 'writer-retries' }).click()
  await page.getByText(/1000 retries at once may bury/).waitFor()
  await page.getByRole('button', { name: 'Go to the field' }).click()
  await page.waitForURL(/pointer=/)
  await someone.isAccessible()
  await mesh.remove(policy)
})

test('a viewer reads a policy and is told why it cannot be changed', async () => {
  await using someone = await person({ role: 'viewer' })
  const { page } = someone
  await someone.open('/policies/access/default/search-tools', 'search-tools')
  await page.getByText(/This needs the role operator/).first().waitFor()
  expect(await page.getByRole('textbox', { name: 'Agents' }).first().isDisabled()).toBe(true)
  await someone.isAccessible()
})

test('explain says who decides, why each other loses, and can be sent as a link', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/explain', 'Explain')
  await page.getByRole('button', { name: /From/ }).click()
  await page.getByRole('option', { name: 'writer' }).click()
  await page.getByRole('textbox', { name: 'To', exact: true }).fill('search-tools')
  await page.getByRole('textbox', { name: 'Path' }).fill('/mcp')
  await page.getByRole('button', { name: 'Explain it' }).click()
  await page.getByRole('table', { name: 'Policies at default/search-tools' }).getByText('decides').waitFor()
  await page.getByText(/default\/search-tools refuses it/).waitFor()
  await someone.isAccessible()
  const link = new URL(page.url())
  await someone.open(`${link.pathname}${link.search}`, 'Explain')
  await page.getByText(/default\/search-tools refuses it/).waitFor()
})

test('an agent’s page says who can reach it', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/agents/default/search-tools', 'search-tools')
  const reach = page.getByRole('table', { name: 'Reach' })
  await reach.getByRole('row', { name: /researcher/ }).getByText('every call', { exact: true }).waitFor()
  await reach.getByRole('row', { name: /writer/ }).getByText('no call', { exact: true }).waitFor()
  await page.getByRole('radio', { name: 'What it can call' }).click()
  await page.getByText(/it may call \d+ of \d+ other agents/).waitFor()
})

test('what the stories wrote goes with them', async () => {
  for (const path of [`/namespaces/default/authorizationpolicies/${NAME}`, `/namespaces/default/trafficpolicies/${TRAFFIC}`]) expect((await mesh.request('DELETE', path)).status).toBe(200)
})

/** Tab until the focus is on the button, then Enter. */
async function press({ page }: Person, name: string): Promise<void> {
  const target = page.getByRole('button', { name })
  await target.waitFor()
  for (let presses = 0; presses < 150; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return page.keyboard.press('Enter')
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never reached ${name}`)
}

// Steering: a canary by keyboard alone, two people at one route, a refusal at its field.
import { beforeAll, expect, test } from 'vitest'
import { HEDDLE_API } from '../server/contracts/meta.ts'
import { eventually } from '../server/testing/load.ts'
import { routeOf, splitOf, type Written } from '../server/testing/mesh.ts'
import { mesh, person, type Person } from './person.ts'
import { asSample, sampleSplit } from './sample-route.ts'

const PAGE = '/routes/default/translator'

beforeAll(async () => {
  await writeSplit(90, 10)
})

test('a canary goes from 10 to 50 % by keyboard alone, through review, to applied and measured', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open(PAGE, 'translator')
  await someone.isAccessible()
  await tabTo(someone, 'slider', /Share of v1/)
  for (let i = 0; i < 4; i += 1) await page.keyboard.press('PageDown')
  await page.getByRole('slider', { name: /Share of v1/ }).and(page.locator('[aria-valuetext="50 percent"]')).waitFor()
  await tabTo(someone, 'button', 'Review the change')
  await page.keyboard.press('Enter')

  await page.getByText(/50 %/).first().waitFor()
  await page.getByText(/proxies need it|proxy needs it/).waitFor()
  await someone.isAccessible()
  await tabTo(someone, 'textbox', /Reason/)
  await page.keyboard.type('half of it to v2')
  await page.keyboard.press('Control+Enter')

  await page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()
  await someone.isAccessible()
  await measured(someone)
  const route = await mesh.get<Written<'HTTPRoute'>>('/namespaces/default/httproutes/translator')
  expect(route.spec.rules[0]?.backendRefs?.map(({ weight }) => weight)).toEqual([50, 50])
  const { items } = await mesh.get<{ items: { reason: string }[] }>('/revisions?limit=1')
  expect(items[0]?.reason).toBe('half of it to v2')
})

test('of two people who edit one route the second gets both versions, and nothing is overwritten', async () => {
  await writeSplit(90, 10)
  await using first = await person()
  await using second = await person({ expects: /409|428/ })
  for (const who of [first, second]) await who.open(PAGE, 'translator')
  await setPercent(second, 'v1', 70)
  await setPercent(first, 'v1', 60)
  await apply(first)
  await first.page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()

  await second.page.getByRole('button', { name: 'Review the change' }).click()
  await second.page.getByText(/Somebody else changed it first/).waitFor() // the plan says so already
  await second.page.getByRole('heading', { name: 'Theirs' }).waitFor()
  await second.page.getByRole('heading', { name: 'Yours' }).waitFor()
  await second.isAccessible()
  expect(await weights()).toEqual([60, 40])

  await second.page.getByRole('button', { name: 'Review mine against theirs' }).click()
  await second.page.getByRole('button', { name: 'Apply to the mesh' }).click()
  await second.page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()
  expect(await weights()).toEqual([70, 30])
})

test('what Envoy refuses is shown with its words at the field, and taken back with one button', async () => {
  await writeSplit(90, 10)
  const bad = routeOf('translator', 'translator', [
    { matches: [{ path: { type: 'RegularExpression', value: '/a(?=b)' } }], backendRefs: [{ kind: 'AgentVersion', name: 'translator-v2' }] },
    ...splitOf('translator', { v1: 90, v2: 10 }).spec.rules,
  ])
  const refused = await mesh.write(asSample(bad))
  await eventually('the refusal is known', 10_000, async () => (await mesh.status(refused)).state === 'rejected')
  await using someone = await person()
  const { page } = someone
  await someone.open(`/changes/${refused}`, `Revision ${refused}`)
  await page.getByText(/Refused by \d+ of \d+ prox/).first().waitFor()
  await page.getByText(/invalid perl operator/).first().waitFor()
  await someone.isAccessible()
  await someone.open(PAGE, 'translator')
  await page.getByText(/invalid perl operator/).first().waitFor()
  await someone.isAccessible()

  await someone.open(`/changes/${refused}`, `Revision ${refused}`)
  await page.getByRole('button', { name: /Take it back/ }).click()
  await page.getByRole('button', { name: `Take revision ${refused} back` }).click()
  await eventually('the old form is back', 10_000, async () => (await weights()).join() === '90,10')
  await eventually('no proxy refuses anything', 10_000, async () => (await mesh.proxies()).every(({ state }) => state !== 'rejected'))
})

test('filters, retries and sessions of the form stand in the YAML, and no filter is taken for another', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/routes/new?agent=writer', 'New route')
  const onTheWay = page.getByRole('group', { name: 'On the way', exact: true })
  await onTheWay.getByRole('button', { name: 'Add filter' }).click()
  await onTheWay.getByRole('combobox', { name: /^What/ }).selectOption('URLRewrite')
  await onTheWay.getByRole('textbox', { name: 'By' }).fill('/rpc')
  for (const part of ['Sessions', 'Try again']) {
    await page.getByRole('switch', { name: part }).focus()
    await page.keyboard.press('Space')
  }
  await page.getByText(/A JSON-RPC error inside an answer of 200 cannot be seen here/).waitFor()
  await someone.isAccessible()
  await page.getByRole('radio', { name: 'YAML' }).click()
  await page.getByText('replacePrefixMatch: /rpc').waitFor()
  for (const line of ['replacePrefixMatch: /rpc', 'sessionName: x-session', 'attempts: 1']) expect(await draftOf(someone)).toContain(line) // the editor draws what is in sight alone
  await page.getByRole('radio', { name: 'Form' }).click()
  await onTheWay.getByRole('combobox', { name: /^What/ }).selectOption('RequestRedirect')
  await onTheWay.getByRole('textbox', { name: 'Status' }).fill('308')
  await onTheWay.getByRole('button', { name: 'Add filter' }).click()
  await onTheWay.getByRole('combobox', { name: /^What/ }).last().selectOption('CORS')
  await someone.isAccessible()
  await page.getByRole('radio', { name: 'YAML' }).click()
  await page.getByText('statusCode: 308').waitFor()
  for (const line of ['statusCode: 308', 'replaceFullPath: /', 'https://example.com']) expect(await draftOf(someone)).toContain(line)
})

test('a gRPC route is written over the form, listed beside the others, and has its page', async () => {
  const orders: Written<'Agent'> = { apiVersion: HEDDLE_API, kind: 'Agent', metadata: { name: 'orders' }, spec: { protocol: 'grpc', instances: [{ address: '127.0.0.1', port: 9 }] } }
  await mesh.write(orders)
  await using someone = await person()
  const { page } = someone
  await someone.open('/routes/new?agent=orders', 'New route')
  await page.getByRole('radio', { name: 'gRPC' }).click()
  await page.getByRole('button', { name: 'Add match' }).click()
  await page.getByRole('textbox', { name: 'Service' }).fill('shop.v1.Orders')
  await someone.isAccessible()
  await apply(someone)
  await page.getByText(/Accepted by (\d+) of \1 prox/).waitFor()
  await someone.open('/routes', 'Routes')
  await page.getByRole('row', { name: /orders.*gRPC/ }).getByRole('link', { name: 'orders' }).first().click()
  await page.getByRole('link', { name: /Rules/ }).click()
  expect(await page.getByRole('textbox', { name: 'Service' }).inputValue()).toBe('shop.v1.Orders')
  await someone.isAccessible()
  const stored = await mesh.get<Written<'GRPCRoute'>>('/namespaces/default/grpcroutes/orders')
  await mesh.remove(stored)
  await mesh.remove(orders)
})

/** The text of the new route, as its tab keeps it. */
async function draftOf({ page }: Person): Promise<string> {
  return page.evaluate(() => sessionStorage.getItem('heddle.draft:HTTPRoute/new') ?? '')
}

/** Presses Tab until the focus is on it: what a person without a pointer does. */
async function tabTo({ page }: Person, role: 'slider' | 'button' | 'textbox', name: string | RegExp): Promise<void> {
  const target = page.getByRole(role, { name }).first()
  await target.waitFor()
  for (let presses = 0; presses < 150; presses += 1) {
    if (await target.evaluate((element) => element === document.activeElement)) return
    await page.keyboard.press('Tab')
  }
  throw new Error(`Tab never reached ${String(name)}`)
}

async function setPercent({ page }: Person, version: string, percent: number): Promise<void> {
  const field = page.getByRole('textbox', { name: `Percent to ${version}` }).or(page.getByRole('spinbutton', { name: `Percent to ${version}` })).first()
  await field.fill(String(percent))
  await field.press('Tab')
}

async function apply({ page }: Person): Promise<void> {
  await page.getByRole('button', { name: 'Review the change' }).click()
  await page.getByRole('button', { name: 'Apply to the mesh' }).click()
}

/** The chart's table comes to say about half for each version. */
async function measured({ page }: Person): Promise<void> {
  const table = page.getByRole('table', { name: 'Wanted and measured by version' })
  await table.waitFor()
  await table.getByRole('row', { name: /v2/ }).getByText(/\d+(\.\d+)? %/).first().waitFor()
}

async function weights(): Promise<(number | undefined)[] | undefined[]> {
  const route = await mesh.get<Written<'HTTPRoute'>>('/namespaces/default/httproutes/translator')
  return route.spec.rules[0]?.backendRefs?.map(({ weight }) => weight) ?? []
}

async function writeSplit(v1: number, v2: number): Promise<void> {
  await mesh.accepted(await mesh.write(sampleSplit({ v1, v2 })))
}

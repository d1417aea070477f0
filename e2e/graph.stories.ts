// Seeing: the graph with its panel; a trace down to what the model was asked.
import { expect, test } from 'vitest'
import type { Graph, TraceSummary } from '../server/contracts/telemetry.ts'
import { eventually } from '../server/testing/load.ts'
import { freshSpan } from '../server/testing/spans.ts'
import { sendCall, sendSpans } from './otlp.ts'
import { mesh, nodeOf, person } from './person.ts'

test.concurrent('the graph shows the fleet; a click opens the panel, and the URL says so', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph', 'Graph')
  for (const name of ['gateway', 'orchestrator', 'researcher', 'writer', 'translator', 'search-tools', 'sample-llm']) await nodeOf(someone, name).waitFor()
  await someone.isAccessible()
  await nodeOf(someone, 'translator').click()
  const panel = page.getByRole('complementary').filter({ hasText: 'translator' })
  await panel.getByRole('table', { name: 'Versions' }).getByRole('row', { name: /v1/ }).waitFor()
  await page.waitForURL(/select=/)
  await someone.isAccessible()

  const link = page.url()
  await using colleague = await person()
  await colleague.page.goto(link)
  await colleague.page.getByRole('complementary').filter({ hasText: 'translator' }).waitFor()
})

test.concurrent('the graph is live and nobody moves when somebody comes; paused it holds still, also for whom the link is sent; resumed it shows who came', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph', 'Graph')
  await nodeOf(someone, 'translator').waitFor()
  const places = () => page.locator('.react-flow__node').evaluateAll((nodes) => Object.fromEntries(nodes.map((node) => [node.getAttribute('data-id'), (node as HTMLElement).style.transform])))
  const before = await places()
  await sendCall('early-bird', 'early-worm', Date.now())
  await nodeOf(someone, 'early-worm').waitFor() // by itself
  expect(await places()).toMatchObject(before)

  await page.getByRole('radio', { name: '5 min', exact: true }).click()
  await page.waitForURL(/range=5m/)
  await page.getByRole('button', { name: /^Pause/ }).click()
  await page.waitForURL(/from=.*to=/)
  await page.getByText('Paused', { exact: true }).first().waitFor()
  await sendCall('late-bird', 'late-worm', Date.now() + 10_000) // in the next ten seconds: calls of the same ten are not told apart
  await eventually('the late call is an edge', 20_000, async () => (await mesh.get<Graph>('/graph?window=5m')).edges.some(({ target }) => target.endsWith('/late-worm')))
  await using colleague = await person()
  await colleague.page.goto(page.url())
  await nodeOf(colleague, 'early-worm').waitFor()
  for (const one of [someone, colleague]) expect(await nodeOf(one, 'late-worm').count()).toBe(0)
  await page.getByRole('button', { name: /^Resume/ }).click()
  await nodeOf(someone, 'late-worm').waitFor()
})

test.concurrent('the graph is compared with the time before: what came and what went is said, and shown alone', async () => {
  await sendCall('diary', 'old-shelf', Date.now() - 20 * 60_000)
  await sendCall('diary', 'new-shelf', Date.now())
  await eventually('the new call is an edge', 20_000, async () => (await mesh.get<Graph>('/graph?window=15m')).edges.some(({ target }) => target.endsWith('/new-shelf')))
  await using someone = await person()
  const { page } = someone
  await someone.open('/graph?view=table', 'Graph')
  await page.getByRole('button', { name: /Compare with/ }).click()
  await page.getByRole('option', { name: 'Against the time before' }).click()
  await page.waitForURL(/compare=before/)
  const table = page.getByRole('table', { name: 'Calls between agents' })
  await table.getByRole('row', { name: /new-shelf.* new/ }).waitFor()
  await table.getByRole('row', { name: /old-shelf.* gone/ }).waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Show these' }).click()
  await page.waitForURL(/find=/)
  await page.getByRole('radio', { name: 'Graph' }).click()
  await nodeOf(someone, 'old-shelf').waitFor()
  await someone.isAccessible()
})

test.concurrent('a trace is found by service, and its waterfall shows what the model was asked and what it cost', async () => {
  const whole = await eventually('a task that went well is stored whole', 60_000, async () => {
    const { items } = await mesh.get<{ items: TraceSummary[] }>('/traces?service=translator&limit=50')
    return items.find(({ errors, services, tokens }) => errors === 0 && tokens !== null && services.length >= 6)
  })
  await using someone = await person()
  const { page } = someone
  await someone.open('/traces?service=translator', 'Traces')
  await someone.isAccessible()
  await page.getByRole('table', { name: 'Traces' }).getByRole('link').first().waitFor()
  await someone.open(`/traces/${whole.traceId}`, /./)
  const waterfall = page.getByRole('treegrid')
  const search = page.getByRole('searchbox', { name: 'Search in this trace' })
  for (const name of ['invoke_agent translator', 'execute_tool search', 'chat sample-text-1']) {
    await search.fill(name)
    await page.getByRole('status').filter({ hasText: /\d+ spans?/ }).waitFor()
    await eventually(`${name} is selected`, 30_000, async () => {
      await search.press('Enter') // the next one found, as a person goes through them
      const row = waterfall.getByRole('row', { selected: true })
      await row.waitFor() // the waterfall draws only what is near, and scrolls to what is chosen
      return (await row.innerText()).includes(name)
    })
  }
  const span = page.getByRole('region', { name: 'Span details' })
  await span.getByText('Asked').first().waitFor()
  await span.getByText('Answered').first().waitFor()
  await span.getByText(/\d+ in, \d+ out/).first().waitFor()
  await someone.isAccessible()
  expect(page.url()).toMatch(/\/traces\/[0-9a-f]{32}/)
})

test.concurrent('two traces are chosen in the list and compared: which work took longer, and what only one of them has; a trace alone is set against a typical one', async () => {
  const spansOf = (name: string, slow: number) => {
    const endMs = Date.now()
    const root = freshSpan({ name, kind: 2, startTimeUnixNano: `${endMs - 1000}000000`, endTimeUnixNano: `${endMs - 600 + slow}000000` })
    const child = (what: string, ms: number) => freshSpan({ name: what, kind: 1, traceId: root.traceId, parentSpanId: root.spanId, startTimeUnixNano: `${endMs - 900}000000`, endTimeUnixNano: `${endMs - 900 + ms}000000` })
    return slow === 0 ? [root, child('think', 100), child('look up', 50)] : [root, child('think', 100 + slow), child('ask again', 70)]
  }
  const [quick, slow] = [spansOf('weigh', 0), spansOf('weigh', 400)]
  const service = `scales-${quick[0]!.traceId.slice(0, 6)}` // of its own: the typical one is sought among its traces
  await sendSpans(service, quick)
  await sendSpans(service, slow)
  await eventually('both traces are stored', 20_000, async () => (await mesh.get<{ items: TraceSummary[] }>(`/traces?service=${service}`)).items.length === 2)
  await using someone = await person()
  const { page } = someone
  await someone.open(`/traces?service=${service}`, 'Traces')
  for (const { traceId } of [quick[0]!, slow[0]!]) await page.getByRole('checkbox', { name: new RegExp(traceId.slice(0, 8)) }).check()
  await someone.isAccessible()
  await page.getByRole('link', { name: 'Compare these two' }).click()
  await page.getByRole('heading', { name: 'Two traces', level: 1 }).waitFor()
  const table = page.getByRole('table', { name: 'Two traces compared' })
  await table.getByRole('row', { name: /scales\S+ think.*\+400 ms/ }).waitFor()
  await table.getByRole('row', { name: /look up.*only in the first/ }).waitFor()
  await table.getByRole('row', { name: /ask again.*only in the second/ }).waitFor()
  await page.getByText('The second took 400 ms longer.').waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Swap' }).click()
  await page.getByText('The second took 400 ms less.').waitFor()
  await someone.open(`/traces/${quick[0]!.traceId}`, /./)
  await page.getByRole('link', { name: 'Compare', exact: true }).click()
  await page.getByText('The second took 400 ms longer.').waitFor()
})

test.concurrent('a span is shown among its peers, and its trace over the graph of that time', async () => {
  const { traceId } = await eventually('a task is stored whole', 60_000, async () => {
    const { items } = await mesh.get<{ items: TraceSummary[] }>('/traces?service=translator&limit=50')
    return items.find(({ errors, services }) => errors === 0 && services.length >= 6)
  })
  await using someone = await person()
  const { page } = someone
  await someone.open(`/traces/${traceId}`, /./)
  await page.getByRole('tab', { name: 'Peers' }).click()
  await page.getByRole('img', { name: /It took (longest|longer than)/ }).waitFor()
  await someone.isAccessible()
  await page.getByRole('link', { name: 'On the graph' }).click()
  await page.getByText(/\d+ calls in .* m?s/).waitFor()
  await page.getByLabel(/orchestrator calls translator.*in the trace \d+ call/).first().waitFor({ state: 'attached' })
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Take the trace off the graph' }).click()
  await page.waitForURL((url) => !url.searchParams.has('trace'))
})

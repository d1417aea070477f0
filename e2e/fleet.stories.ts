// A fleet of two hundred: told by spans alone, an hour ago, so that no other story's window has it.
import { expect, test } from 'vitest'
import type { Graph } from '../server/contracts/telemetry.ts'
import { eventually } from '../server/testing/load.ts'
import { freshSpan, postOtlp, requestOf, type TestSpan } from '../server/testing/spans.ts'
import { heddle, mesh, person, type Person } from './person.ts'

const TEAMS = ['billing', 'catalogue', 'claims', 'research', 'support']
const AGENTS_EACH = 40
const AT_MS = Date.now() - 50 * 60_000
const RANGE = `from=${new Date(AT_MS - 300_000).toISOString()}&to=${new Date(AT_MS + 300_000).toISOString()}`
const FAILING = 'claims-17'

/** Each agent is called by the one before it, the first of a team by the last of the team before. */
async function tellOfTeam(team: string, before: string): Promise<void> {
  const times = { startTimeUnixNano: `${AT_MS - 40}000000`, endTimeUnixNano: `${AT_MS}000000` }
  const resourceSpans = Array.from({ length: AGENTS_EACH }, (_, n) => {
    const status = `${team}-${n}` === FAILING ? { status: { code: 2 } } : {}
    const asks = freshSpan({ name: 'ask', kind: 3, ...times, ...status })
    const answers = freshSpan({ name: 'answer', kind: 2, traceId: asks.traceId, parentSpanId: asks.spanId, ...times, ...status })
    const caller = n === 0 ? { namespace: before, name: `${before}-${AGENTS_EACH - 1}` } : { namespace: team, name: `${team}-${n - 1}` }
    return [told(caller, asks), told({ namespace: team, name: `${team}-${n}` }, answers)]
  })
  const answer = await postOtlp(`http://127.0.0.1:${heddle.env.HEDDLE_OTLP_HTTP_PORT}/v1/traces`, JSON.stringify({ resourceSpans: resourceSpans.flat() }))
  expect([answer.status, await answer.text()]).toEqual([200, '{}'])
}

function told({ namespace, name }: { namespace: string; name: string }, span: TestSpan): unknown {
  return (JSON.parse(requestOf([span], { 'service.namespace': namespace, 'service.name': name })) as { resourceSpans: unknown[] }).resourceSpans[0]
}

const nodesOf = (page: Person['page']) => page.locator('.react-flow__node')

/** Pairs of nodes of the picture that cover each other. */
async function overlaps({ page }: Person): Promise<string[]> {
  const boxes = await Promise.all((await nodesOf(page).all()).map(async (node) => ({ text: (await node.innerText()).split('\n')[0], box: await node.boundingBox() })))
  return boxes.flatMap((one, at) => boxes.slice(at + 1).flatMap((two) => {
    const [a, b] = [one.box, two.box]
    return a && b && a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height ? [`${one.text} ${two.text}`] : []
  }))
}

test('two hundred agents stay readable: a group for each namespace, the worst named first, one found, one namespace opened', async () => {
  await Promise.all(TEAMS.map((team, n) => tellOfTeam(team, TEAMS.at(n - 1)!))) // of the first the last is before
  await eventually('all of them are in the graph', 30_000, async () => (await mesh.get<Graph>(`/graph?${RANGE}`)).nodes.filter(({ namespace }) => TEAMS.includes(namespace ?? '')).length === TEAMS.length * AGENTS_EACH)
  await using someone = await person()
  const { page } = someone
  await someone.open(`/graph?${RANGE}`, 'Graph')
  for (const team of TEAMS) await page.getByRole('group', { name: new RegExp(`^Group ${team}, 40 agents, ${team === 'claims' ? '1 degraded or failing' : 'none degraded'}`) }).waitFor()
  const drawn = await nodesOf(page).count()
  expect(drawn).toBeLessThan(20) // a Heddle that lives may have had others then
  expect(await overlaps(someone)).toEqual([])
  const worst = page.getByRole('table', { name: /agents, worst first/ }).getByRole('row').nth(1)
  await worst.getByText(FAILING).waitFor()
  await someone.isAccessible()

  await page.getByRole('combobox', { name: /Find/ }).fill('name = support-7')
  await page.getByRole('status').filter({ hasText: /\b1\b/ }).first().waitFor()

  await someone.open(`/graph?${RANGE}&open=support`, 'Graph')
  await nodesOf(page).filter({ has: page.getByText('support-39', { exact: true }) }).first().waitFor()
  expect(await nodesOf(page).count()).toBe(AGENTS_EACH + drawn - 1)
  expect(await overlaps(someone)).toEqual([])
})

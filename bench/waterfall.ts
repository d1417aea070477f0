// How fast a trace of 50,000 spans opens in a browser, and how it scrolls: `node bench/waterfall.ts [spans]`. With HEDDLE_STORIES=living,
// over the Heddle that the settings in the environment name.
import { execFile } from 'node:child_process'
import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { promisify } from 'node:util'
import { chromium, type CDPSession, type Page } from 'playwright-core'
import { readConfig } from '../server/config.ts'
import { startHeddle } from '../server/testing/heddle.ts'
import { eventually } from '../server/testing/load.ts'
import { freshSpan, postOtlp, requestOf } from '../server/testing/spans.ts'

const SPANS = Number(process.argv[2] ?? 50_000)
const A_REQUEST = 5000
const OPENINGS = 5
const SCROLL_MS = 5000
const GOAL = { openMs: 2000, frameMs: 1000 / 60 }

interface At {
  url: string
  token: string
  otlpHttp: number
  signInLink: () => Promise<string>
}

async function sendTrace({ otlpHttp }: At): Promise<string> {
  const startMs = Date.now() - 60_000
  const at = (offsetMs: number, tookMs: number) => ({ startTimeUnixNano: `${startMs + offsetMs}000000`, endTimeUnixNano: `${startMs + offsetMs + tookMs}000000` })
  const root = freshSpan({ name: 'root', kind: 2, ...at(0, 50_000) })
  const spans = [root]
  // Branches of twenty, two of three a child of the one before.
  while (spans.length < SPANS) {
    let parent = root
    for (let depth = 0; depth < 20 && spans.length < SPANS; depth++) {
      const span = freshSpan({ name: `step ${depth}`, kind: 1, traceId: root.traceId, parentSpanId: parent.spanId, ...at((spans.length % 49_000) + depth, 400 - depth * 10) })
      spans.push(span)
      if (depth % 3 !== 2) parent = span
    }
  }
  for (let from = 0; from < spans.length; from += A_REQUEST) {
    const answer = await postOtlp(`http://127.0.0.1:${otlpHttp}/v1/traces`, requestOf(spans.slice(from, from + A_REQUEST), { 'service.name': `service-${(from / A_REQUEST) % 10}` }))
    if (answer.status !== 200) throw new Error(`the collector answered ${answer.status}`)
  }
  return root.traceId
}

interface Opening {
  /** From the address to the first row of the waterfall that can be seen. */
  ms: number
  /** Of the page's main thread, in CPU time: what a busy machine does not change. */
  cpuMs: number
}

async function openTrace(page: Page, cost: CDPSession, address: string): Promise<Opening> {
  await page.goto('about:blank')
  const [began, cpuBefore] = [performance.now(), await mainThreadMs(cost)]
  await page.goto(address, { waitUntil: 'commit' })
  await page.getByRole('treegrid').getByRole('row').nth(1).waitFor({ timeout: 120_000 })
  const [ms, cpuAfter] = [performance.now() - began, await mainThreadMs(cost)]
  return { ms, cpuMs: cpuAfter < cpuBefore ? cpuAfter : cpuAfter - cpuBefore } // a process of its own begins at nothing
}

/** Counts from when it was enabled: one session for all that is compared. */
async function mainThreadMs(cost: CDPSession): Promise<number> {
  const { metrics } = await cost.send('Performance.getMetrics')
  return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? 0) * 1000
}

/** Scrolls a third of a screen a frame; the times between frames. */
function scrollFrames(page: Page): Promise<number[]> {
  return page.getByRole('treegrid').evaluate(
    (grid, scrollMs) =>
      new Promise<number[]>((resolve) => {
        const frames: number[] = []
        const began = performance.now()
        let before = began
        const step = (now: number) => {
          frames.push(now - before)
          before = now
          grid.scrollTop += grid.clientHeight / 3
          if (now - began < scrollMs) requestAnimationFrame(step)
          else resolve(frames.slice(1))
        }
        requestAnimationFrame(step)
      }),
    SCROLL_MS,
  )
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]! // there are some
}

async function measure(at: At): Promise<void> {
  const traceId = await sendTrace(at)
  await eventually('the trace is stored', 60_000, async () => (await fetch(`${at.url}/api/v1/traces/${traceId}?format=columns`, { headers: { authorization: `Bearer ${at.token}` } }).then((answer) => answer.json() as Promise<{ spanIds?: unknown[] }>)).spanIds?.length === SPANS)
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM_PATH ?? '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    await page.goto(await at.signInLink())
    await page.getByRole('button', { name: 'Sign in with this link' }).click()
    await page.getByRole('button', { name: 'Later' }).waitFor({ timeout: 60_000 })
    const address = `${at.url}/traces/${traceId}`
    const cost = await page.context().newCDPSession(page)
    await cost.send('Performance.enable', { timeDomain: 'threadTicks' })
    await openTrace(page, cost, address) // the code of the page comes with the first
    const openings: Opening[] = []
    for (let time = 0; time < OPENINGS; time++) openings.push(await openTrace(page, cost, address))
    await page.getByRole('button', { name: 'Open all' }).click()
    await page.waitForTimeout(1000)
    const rows = Number(await page.getByRole('treegrid').getAttribute('aria-rowcount'))
    const cpuBefore = await mainThreadMs(cost)
    const frames = (await scrollFrames(page)).sort((a, b) => a - b)
    const frameCpuMs = ((await mainThreadMs(cost)) - cpuBefore) / frames.length
    const [open, openCpu, frame] = [middle(openings.map(({ ms }) => ms)), middle(openings.map(({ cpuMs }) => cpuMs)), frames.reduce((sum, ms) => sum + ms, 0) / frames.length]
    const found = { at: new Date().toISOString(), load: loadavg()[0], spans: SPANS, rows, openMs: openings.map(({ ms }) => Math.round(ms)), openCpuMs: openings.map(({ cpuMs }) => Math.round(cpuMs)), frameCpuMs, frames: frames.length, frameMsMean: frame, frameMsP95: frames[Math.floor(frames.length * 0.95)], frameMsMax: frames.at(-1) }
    console.log(`${open <= GOAL.openMs ? 'met   ' : 'missed'} ${SPANS} spans open: median ${Math.round(open)} ms of ${OPENINGS} (goal ${GOAL.openMs} ms), ${Math.round(openCpu)} ms of them the page's CPU`)
    console.log(`${frame <= GOAL.frameMs * 1.03 ? 'met   ' : 'missed'} ${rows} rows scroll at ${(1000 / frame).toFixed(1)} frames a second, p95 ${found.frameMsP95?.toFixed(1)} ms, longest ${found.frameMsMax?.toFixed(0)} ms, CPU ${frameCpuMs.toFixed(1)} ms a frame (goal 60 a second); load average ${found.load?.toFixed(1)}`)
    await mkdir('bench/results', { recursive: true })
    await writeFile(`bench/results/waterfall-${found.at.replaceAll(/[:.]/g, '-')}.json`, `${JSON.stringify(found, null, 2)}\n`)
  } finally {
    await browser.close()
  }
}

if (process.env.HEDDLE_STORIES === 'living') {
  const { publicUrl, adminToken, otlpHttpPort } = readConfig(process.env)
  const signInLink = async () => /https?:\/\/\S+/.exec((await promisify(execFile)(process.execPath, ['server/cli/heddle.mjs', 'sign-in', '--email', 'admin@heddle.local'])).stdout)?.[0] ?? ''
  await measure({ url: publicUrl, token: adminToken, otlpHttp: otlpHttpPort, signInLink })
} else {
  await using heddle = await startHeddle({ sample: 'off' })
  await measure({ url: heddle.url, token: heddle.token, otlpHttp: heddle.ports.otlpHttp, signInLink: () => heddle.signInLink() })
}

// The rotation of the issuing certificate, stage by stage on its page, while tasks go on.
import { expect, test } from 'vitest'
import { eventually } from '../server/testing/load.ts'
import { heddle, mesh, person } from './person.ts'

test('the issuing certificate is rotated to the end, proved on every proxy, and no task fails meanwhile', async () => {
  await mesh.request('PUT', '/sample', { rate: 1, failureShare: 0 }) // whatever fails now is the mesh's fault
  await using someone = await person()
  const { page } = someone
  await someone.open('/security', 'Security')
  await page.getByRole('table', { name: 'Identities' }).getByText('spiffe://mesh.local/ns/default/agent/translator').first().waitFor()
  await page.getByRole('button', { name: /Rotate/ }).click()
  await page.getByLabel(/Reason/).fill('the yearly one')
  await someone.isAccessible()
  await eventually('the model has been told to fail no more', 30_000, async () => (await Promise.all(Array.from({ length: 20 }, postTask))).every(({ status }) => status === 200))
  await using tasks = keepAsking()
  await page.getByRole('button', { name: 'Start the rotation' }).click()
  await page.getByRole('heading', { name: 'Rotating the issuing certificate', level: 1 }).waitFor()
  await page.getByRole('list', { name: 'Steps of the rotation' }).waitFor()
  await page.getByText(/(\d+) of \1 proved/).first().waitFor({ timeout: 90_000 })
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Retire the old…' }).click()
  await page.getByRole('button', { name: 'Retire the old issuer' }).click()
  await page.getByRole('heading', { name: 'The issuing certificate is rotated', level: 1 }).waitFor({ timeout: 60_000 })
  await someone.isAccessible()
  const statuses = await tasks.stop()
  expect(statuses.length).toBeGreaterThan(10)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  await mesh.request('PUT', '/sample', { rate: 2, failureShare: 0.05 })
}, 240_000)

/** One task after the other until it is stopped; the status of each, 0 for no answer. */
function keepAsking(): AsyncDisposable & { stop: () => Promise<number[]> } {
  const statuses: number[] = []
  let going = true
  const asking = (async () => {
    while (going) statuses.push(await postTask().then(({ status }) => status, () => 0))
  })()
  async function stop() {
    going = false
    await asking
    return statuses
  }
  return {
    stop,
    async [Symbol.asyncDispose]() {
      await stop()
    },
  }
}

async function postTask(): Promise<Response> {
  const response = await fetch(heddle.sampleUrl, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ task: 'Explain salt in French' }) })
  await response.arrayBuffer()
  return response
}

// A split by pointer and as text: whichever is touched, the other says the same.
import { expect, test } from 'vitest'
import { person, type Person } from './person.ts'

const PAGE = '/routes/default/translator'

test('the slider is dragged, the numbers follow and stay 100, and the text says the same', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open(PAGE, 'translator')
  const slider = page.getByRole('slider', { name: /Share of v1/ })
  await slider.waitFor()
  const box = await slider.boundingBox()
  if (!box) throw new Error('the slider is not on the page')
  await page.mouse.move(box.x + box.width * 0.9, box.y + box.height / 2)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.3, box.y + box.height / 2, { steps: 8 })
  await page.mouse.up()
  const [v1, v2] = await numbers(someone)
  expect(v1).toBeGreaterThan(20)
  expect(v1).toBeLessThan(40)
  expect(v1 + v2).toBe(100)

  await page.getByRole('link', { name: 'YAML' }).click()
  const text = page.getByRole('textbox', { name: /as YAML/ })
  await text.getByText(`weight: ${v1}`).waitFor()
  await text.getByText(`weight: ${v2}`).waitFor()
  await someone.isAccessible()
})

test('the text is edited, the form says the same, and what cannot be read is said at its line', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open(`${PAGE}?tab=yaml`, 'translator')
  await write(someone, ROUTE.replace('weight: 90', 'weight: 75').replace('weight: 10', 'weight: 25'))
  await page.getByRole('link', { name: 'Split' }).click()
  await page.getByRole('slider', { name: /Share of v1/ }).waitFor()
  expect(await numbers(someone)).toEqual([75, 25])

  await page.getByRole('link', { name: 'YAML' }).click()
  await write(someone, ROUTE.replace('weight: 90', 'wieght: 90'))
  await page.getByText(/wieght/).and(page.locator(':not(.cm-line, .cm-line *)')).first().waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Discard draft' }).click()
})

const ROUTE = `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: translator
  namespace: default
  labels:
    heddle.dev/sample: "true"
spec:
  parentRefs:
    - group: heddle.dev
      kind: Agent
      name: translator
  rules:
    - backendRefs:
        - group: heddle.dev
          kind: AgentVersion
          name: translator-v1
          weight: 90
        - group: heddle.dev
          kind: AgentVersion
          name: translator-v2
          weight: 10
`

/** Replaces the whole text, as somebody who pastes. */
async function write({ page }: Person, text: string): Promise<void> {
  await page.getByRole('textbox', { name: /as YAML/ }).click()
  await page.keyboard.press('Control+a')
  await page.keyboard.insertText(text)
}

async function numbers({ page }: Person): Promise<[number, number]> {
  const of = async (version: string) => Number(await page.getByLabel(`Percent to ${version}`).inputValue())
  return [await of('v1'), await of('v2')]
}

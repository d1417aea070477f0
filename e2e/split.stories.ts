// A split by pointer and as text: whichever is touched, the other says the same.
import { beforeAll, expect, test } from 'vitest'
import { mesh, person, type Person } from './person.ts'
import { sampleSplit } from './sample-route.ts'

const PAGE = '/routes/default/translator'

beforeAll(async () => {
  await mesh.accepted(await mesh.write(sampleSplit({ v1: 90, v2: 10 })))
})

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

test('the text is edited, the form says the same, and what is not known is said in words', async () => {
  await using someone = await person()
  const { page } = someone
  await someone.open(`${PAGE}?tab=yaml`, 'translator')
  await retype(someone, '90', '75')
  await retype(someone, '10', '25')
  await page.getByRole('link', { name: 'Split' }).click()
  await page.getByRole('slider', { name: /Share of v1/ }).waitFor()
  expect(await numbers(someone)).toEqual([75, 25])

  await page.getByRole('link', { name: 'YAML' }).click()
  await retype(someone, 'rules', 'rulers')
  await page.getByRole('list', { name: 'Problems' }).getByText(/rulers/).waitFor()
  await someone.isAccessible()
  await page.getByRole('button', { name: 'Discard draft' }).click()
})

/** Marks a word of the text by a double click and writes another over it. */
async function retype({ page }: Person, word: string, other: string): Promise<void> {
  await page.getByRole('textbox', { name: /as YAML/ }).getByText(word, { exact: true }).first().dblclick()
  await page.keyboard.type(other)
}

async function numbers({ page }: Person): Promise<[number, number]> {
  const of = async (version: string) => Number(await page.getByLabel(`Percent to ${version}`).inputValue())
  return [await of('v1'), await of('v2')]
}

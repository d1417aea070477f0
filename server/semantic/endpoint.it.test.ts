// An OpenAI-compatible embeddings endpoint instead of the shipped model: over a real socket, its vectors those of the shipped model.
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { agent, agentRoute, meshState } from '../compile/fixtures.ts'
import { ALLOW_NOTHING, parseAllowList } from '../fetch/addresses.ts'
import { serve } from '../testing/serve.ts'
import { cosine, openEmbedder, SHIPPED_MODEL } from './embedder.ts'
import { openModel } from './model.ts'
import { tryTask } from './offline.ts'

const outside = { allow: parseAllowList('127.0.0.1') }

interface Asked {
  model: string
  input: string[]
  authorization: string | undefined
}

async function endpoint(answer: (asked: Asked, response: ServerResponse) => unknown) {
  const asked: Asked[] = []
  const served = await serve(async (request, response) => {
    const one = { ...(JSON.parse(Buffer.concat(await request.toArray()).toString('utf8')) as Omit<Asked, 'authorization'>), authorization: request.headers.authorization }
    asked.push(one)
    await answer(one, response)
  })
  return { asked, url: `${served.url}/v1/embeddings`, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() }
}

test('an endpoint is asked for its model with its key, in batches, and tasks are chosen by what it answers, in whatever order', async () => {
  const shipped = await openModel(SHIPPED_MODEL)
  await using service = await endpoint(async ({ input }, response) => {
    const vectors = await shipped(input)
    const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: [...vector].map((value) => value * 3) })).toReversed()
    response.end(JSON.stringify({ object: 'list', data }))
  })
  const embedder = await openEmbedder({ source: service.url, model: 'mini', apiKey: 'sk-1', outside })
  const texts = Array.from({ length: 130 }, (_, n) => `text number ${n}`)
  const [here, there] = [await shipped(texts), await embedder.embed(texts)]
  expect(Math.min(...there.map((vector, n) => cosine(vector, here[n] ?? new Float32Array())))).toBeGreaterThan(0.9999)
  expect(service.asked.map(({ model, input, authorization }) => [model, input.length, authorization])).toEqual([['mini', 128, 'Bearer sk-1'], ['mini', 2, 'Bearer sk-1']])
  await embedder.embed(texts)
  expect(service.asked).toHaveLength(2) // remembered

  const state = meshState({ agents: [agent('cook', { capabilities: [{ id: 'cook', description: 'writes recipes' }] }), agent('lawyer', { capabilities: [{ id: 'law', description: 'reads contracts' }] })] })
  const { candidates } = await tryTask(state, agentRoute('ask', { semantic: {} }), 'a recipe for soup', embedder)
  expect(candidates.toSorted((a, b) => (b.similarity ?? 0) - (a.similarity ?? 0))[0]).toMatchObject({ agent: 'default/cook', skill: 'cook' })
}, 120_000)

const BAD: [string, (response: ServerResponse) => void, string][] = [
  ['refuses', (response) => response.writeHead(401).end('{}'), 'answers 401'],
  ['answers no JSON', (response) => response.end('<html>'), 'not JSON'],
  ['answers too few', (response) => response.end('{"data":[]}'), 'one vector a text'],
  ['answers text', (response) => response.end('{"data":[{"index":0,"embedding":["a"]},{"index":1,"embedding":["b"]}]}'), 'one vector a text'],
  ['answers vectors of two lengths', (response) => response.end('{"data":[{"index":0,"embedding":[1]},{"index":1,"embedding":[1,2]}]}'), 'one vector a text'],
  ['answers null', (response) => response.end('{"data":[null,null]}'), 'one vector a text'],
  ['redirects', (response) => response.writeHead(302, { location: 'http://169.254.169.254/' }).end(), 'redirects'],
]
test.each(BAD)('an endpoint that %s fails the texts with a sentence', async (_, answer, sentence) => {
  await using service = await endpoint((_asked, response) => answer(response))
  const embedder = await openEmbedder({ source: service.url, outside })
  await expect(embedder.embed(['one', 'two'])).rejects.toThrow(sentence)
})

test('an endpoint at an inside address needs to be allowed', async () => {
  await using service = await endpoint((_asked, response) => void response.end('{}'))
  const embedder = await openEmbedder({ source: service.url, outside: { allow: ALLOW_NOTHING } })
  await expect(embedder.embed(['one'])).rejects.toMatchObject({ code: 'forbidden' })
  expect(service.asked).toEqual([])
})

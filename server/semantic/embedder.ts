// Sentences → unit vectors: the model that ships with Heddle, another ONNX directory of its form, or an OpenAI-compatible endpoint.
import { createHash } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { MeshError } from '../contracts/errors.ts'
import { fetchOutside, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'
import { inBatches, openModel, toUnit, type Model, type Vector } from './model.ts'

export interface Embedder {
  /** Of the model: vectors of another are of another space. */
  name: string
  /** Unit vectors in the order of the texts. Equal texts are reckoned once; the last `CACHED_MAX` are remembered. */
  embed(texts: readonly string[]): Promise<Vector[]>
}

export const SHIPPED_MODEL = fileURLToPath(new URL('../../models/all-minilm-l6-v2', import.meta.url))
const CACHED_MAX = 20_000
const ENDPOINT = { timeoutMs: 10_000, bytesMax: 32 * 2 ** 20, batchMax: 128 }

export interface EmbedderOptions {
  /** `HEDDLE_EMBEDDINGS`: a directory or a URL; the shipped model when empty. */
  source: string
  outside: Outside
  /** What an endpoint is asked for, `HEDDLE_EMBEDDINGS_MODEL`. */
  model?: string
  /** Sent to an endpoint as a bearer token, `HEDDLE_EMBEDDINGS_KEY`. */
  apiKey?: string
  /** How a directory becomes a model; in this very thread unless said. */
  open?: (directory: string) => Promise<Model>
}

/** Throws a sentence when the model cannot be loaded. About 0.2 s and 60 MB for the one that ships. */
export async function openEmbedder({ source, outside, model = '', apiKey = '', open = openModel }: EmbedderOptions): Promise<Embedder> {
  if (/^https?:/.test(source)) return withMemory(`${source} ${model}`.trim(), endpointModel(source, outside, model, apiKey))
  const directory = source === '' ? SHIPPED_MODEL : source
  return withMemory(directory, await open(directory))
}

/** Loads the model when the first text comes, so that a mesh that never asks pays nothing; a failure is tried again with the next. */
export function openLazily(options: EmbedderOptions): Embedder {
  let opened: Promise<Embedder> | null = null
  return {
    name: options.source === '' ? SHIPPED_MODEL : options.source,
    async embed(texts) {
      opened ??= openEmbedder(options).catch((error: unknown) => {
        opened = null
        throw error
      })
      return (await opened).embed(texts)
    },
  }
}

/** https://platform.openai.com/docs/api-reference/embeddings */
function endpointModel(url: string, outside: Outside, model: string, apiKey: string): Model {
  const ask = async (input: readonly string[]): Promise<Vector[]> => {
    const { status, body } = await fetchOutside(outside, url, {
      method: 'POST', body: JSON.stringify({ model, input }), timeoutMs: ENDPOINT.timeoutMs, bytesMax: ENDPOINT.bytesMax,
      headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
    })
    if (status !== 200) throw new MeshError('unavailable', `the embeddings endpoint answers ${status}`)
    const { data } = parseJson(body.toString('utf8')) as { data?: { index: number; embedding: number[] }[] } // checked below
    if (!Array.isArray(data) || data.length !== input.length || !data.every((one) => isVectorLike(one?.embedding, data[0]?.embedding))) throw new MeshError('unavailable', 'the embeddings endpoint did not answer one vector a text')
    return data.toSorted((a, b) => a.index - b.index).map((one) => toUnit(Float32Array.from(one.embedding)))
  }
  return (texts) => inBatches(texts, ENDPOINT.batchMax, ask)
}

/** Numbers, as many as the first of the answer has. */
function isVectorLike(embedding: unknown, first: unknown): boolean {
  return Array.isArray(embedding) && Array.isArray(first) && embedding.length > 0 && embedding.length === first.length && embedding.every(Number.isFinite)
}

/** Least recently used first out; keys are hashes, so no text stays in memory. */
function withMemory(name: string, model: Model): Embedder {
  const known = new Map<string, Vector>()
  const keyOf = (text: string) => createHash('sha256').update(text).digest('base64')
  return {
    name,
    async embed(texts) {
      const keys = texts.map(keyOf)
      const found = keys.map((key) => known.get(key))
      const missing = new Map(keys.flatMap((key, index) => (found[index] ? [] : [[key, texts[index] ?? ''] as const])))
      const made = await model([...missing.values()])
      const fresh = new Map([...missing.keys()].map((key, index) => [key, made[index] as Vector] as const)) // one vector a text
      return keys.map((key, index) => {
        const vector = found[index] ?? (fresh.get(key) as Vector) // one of the two
        known.delete(key)
        known.set(key, vector)
        if (known.size > CACHED_MAX) known.delete(known.keys().next().value ?? '')
        return vector
      })
    },
  }
}

/** Cosine of two unit vectors. */
export function cosine(a: Vector, b: Vector): number {
  let sum = 0
  for (let d = 0; d < a.length; d++) sum += (a[d] ?? 0) * (b[d] ?? 0)
  return sum
}

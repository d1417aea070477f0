// Sentences → unit vectors: the model that ships with Heddle, another ONNX directory of its form, or an OpenAI-compatible endpoint.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Tokenizer } from '@huggingface/tokenizers'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { MeshError } from '../contracts/errors.ts'
import { fetchOutside, type Outside } from '../fetch/fetch.ts'
import { parseJson } from '../fetch/json.ts'

export type Vector = Float32Array

export interface Embedder {
  /** Of the model: vectors of another are of another space. */
  name: string
  /** Unit vectors in the order of the texts. Equal texts are reckoned once; the last `CACHED_MAX` are remembered. */
  embed(texts: readonly string[]): Promise<Vector[]>
}

export const SHIPPED_MODEL = fileURLToPath(new URL('../../models/all-minilm-l6-v2', import.meta.url))
/** What the model reads of a text; the rest is cut. */
const TOKENS_MAX = 256
/** One: the int8 model scales its numbers by the whole batch, so a text's vector would depend on who came with it. It is no faster in company. */
const BATCH_MAX = 1
const CACHED_MAX = 20_000
const ENDPOINT = { timeoutMs: 10_000, bytesMax: 32 * 2 ** 20, batchMax: 128 }

export interface EmbedderOptions {
  /** `HEDDLE_EMBEDDINGS`: a directory or a URL; the shipped model when empty. */
  source: string
  outside: Outside
  /** Of the endpoint, sent as a bearer token. */
  apiKey?: string
}

/** Throws a sentence when the model cannot be loaded. About 0.2 s and 60 MB for the one that ships. */
export async function openEmbedder({ source, outside, apiKey }: EmbedderOptions): Promise<Embedder> {
  if (/^https?:/.test(source)) return withMemory(source, endpointModel(source, outside, apiKey))
  const directory = source === '' ? SHIPPED_MODEL : source
  return withMemory(directory, await onnxModel(directory))
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

type Model = (texts: readonly string[]) => Promise<Vector[]>

async function onnxModel(directory: string): Promise<Model> {
  const file = ['model_quantized.onnx', 'model.onnx'].map((name) => join(directory, name)).find((path) => existsSync(path))
  if (file === undefined) throw new MeshError('invalid', `there is no model_quantized.onnx or model.onnx in ${directory}; HEDDLE_EMBEDDINGS names the directory`)
  const read = (name: string): object => JSON.parse(readFileSync(join(directory, name), 'utf8'))
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
  // One core. A run holds the event loop until it ends: 10 ms of a busy core for a sentence, 100 ms for
  // the longest text that the model reads, measured.
  // Texts take turns, and the loop goes on between two.
  const session = await InferenceSession.create(file, { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all' })
  let turn: Promise<unknown> = Promise.resolve()
  return (texts) => {
    const work = turn.then(() => inBatches(texts, BATCH_MAX, (batch) => infer(session, tokenizer, batch)))
    turn = work.catch(() => {}) // its caller hears of it
    return work
  }
}

async function infer(session: InferenceSession, tokenizer: Tokenizer, texts: readonly string[]): Promise<Vector[]> {
  const encoded = texts.map((text) => cutToLength(tokenizer.encode(text).ids))
  const length = Math.max(...encoded.map((ids) => ids.length))
  const ids = new BigInt64Array(texts.length * length)
  const mask = new BigInt64Array(texts.length * length)
  for (const [row, tokens] of encoded.entries()) {
    for (const [column, token] of tokens.entries()) {
      ids[row * length + column] = BigInt(token)
      mask[row * length + column] = 1n
    }
  }
  const tensor = (data: BigInt64Array) => new Tensor('int64', data, [texts.length, length])
  const { last_hidden_state: hidden } = await session.run({ input_ids: tensor(ids), attention_mask: tensor(mask), token_type_ids: tensor(new BigInt64Array(ids.length)) })
  if (!hidden) throw new MeshError('invalid', 'the model has no output last_hidden_state')
  return meanUnderMask(hidden.data as Float32Array, encoded.map((tokens) => tokens.length), length, Number(hidden.dims[2])) // the model's output is float32
}

/** The closing token stays. */
function cutToLength(ids: readonly number[]): readonly number[] {
  return ids.length <= TOKENS_MAX ? ids : [...ids.slice(0, TOKENS_MAX - 1), ids.at(-1) ?? 0]
}

function meanUnderMask(hidden: Float32Array, lengths: readonly number[], length: number, dimensions: number): Vector[] {
  return lengths.map((tokens, row) => {
    const sum = new Float32Array(dimensions)
    for (let token = 0; token < tokens; token++) {
      const offset = (row * length + token) * dimensions
      for (let d = 0; d < dimensions; d++) sum[d] = (sum[d] ?? 0) + (hidden[offset + d] ?? 0)
    }
    return toUnit(sum)
  })
}

/** Scaled to length 1, in place; a zero vector stays. */
export function toUnit(vector: Vector): Vector {
  const length = Math.hypot(...vector)
  if (length > 0) for (let d = 0; d < vector.length; d++) vector[d] = (vector[d] ?? 0) / length
  return vector
}

/** https://platform.openai.com/docs/api-reference/embeddings */
function endpointModel(url: string, outside: Outside, apiKey?: string): Model {
  const ask = async (input: readonly string[]): Promise<Vector[]> => {
    const { status, body } = await fetchOutside(outside, url, {
      method: 'POST', body: JSON.stringify({ model: process.env['HEDDLE_EMBEDDINGS_MODEL'] ?? 'text-embedding-3-small', input }), timeoutMs: ENDPOINT.timeoutMs, bytesMax: ENDPOINT.bytesMax,
      headers: { 'content-type': 'application/json', ...(apiKey ? { authorization: `Bearer ${apiKey}` } : {}) },
    })
    if (status !== 200) throw new MeshError('unavailable', `the embeddings endpoint answers ${status}`)
    const { data } = parseJson(body.toString('utf8')) as { data?: { index: number; embedding: number[] }[] } // checked below
    if (!Array.isArray(data) || data.length !== input.length || !data.every((one) => Array.isArray(one.embedding))) throw new MeshError('unavailable', 'the embeddings endpoint did not answer one vector a text')
    return data.toSorted((a, b) => a.index - b.index).map((one) => toUnit(Float32Array.from(one.embedding)))
  }
  return (texts) => inBatches(texts, ENDPOINT.batchMax, ask)
}

async function inBatches(texts: readonly string[], size: number, work: Model): Promise<Vector[]> {
  const vectors: Vector[] = []
  for (let at = 0; at < texts.length; at += size) vectors.push(...(await work(texts.slice(at, at + size))))
  return vectors
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

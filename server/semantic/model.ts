// A sentence model in ONNX form, with its tokenizer, in the thread that calls it.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { InferenceSession, Tensor } from 'onnxruntime-node'
import { MeshError } from '../contracts/errors.ts'

export type Vector = Float32Array

/** Unit vectors in the order of the texts. */
export type Model = (texts: readonly string[]) => Promise<Vector[]>

/** What the model reads of a text; the rest is cut. */
const TOKENS_MAX = 256
/** One: the int8 model scales its numbers by the whole batch, so a text's vector would depend on who came with it. It is no faster in company. */
const BATCH_MAX = 1

/** Throws `invalid` when the directory holds no model that can be read. */
export async function openModel(directory: string): Promise<Model> {
  const file = ['model_quantized.onnx', 'model.onnx'].map((name) => join(directory, name)).find((path) => existsSync(path))
  if (file === undefined) throw new MeshError('invalid', `there is no model_quantized.onnx or model.onnx in ${directory}; HEDDLE_EMBEDDINGS names the directory`)
  const read = (name: string): object => JSON.parse(readFileSync(join(directory, name), 'utf8'))
  const tokenizer = new Tokenizer(read('tokenizer.json'), read('tokenizer_config.json'))
  // One core. A run holds the event loop until it ends: 10 ms of a busy core for a sentence, 100 ms for the longest text that the
  // model reads. Texts take turns, and the loop goes on between two.
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

/** `work` over pieces of at most `size`, one after the other. */
export async function inBatches(texts: readonly string[], size: number, work: Model): Promise<Vector[]> {
  const vectors: Vector[] = []
  for (let at = 0; at < texts.length; at += size) vectors.push(...(await work(texts.slice(at, at + size))))
  return vectors
}

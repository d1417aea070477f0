// The model in a thread of its own: a run takes tens of milliseconds, and what serves proxies must not wait for it.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { MeshError } from '../contracts/errors.ts'
import type { Model, Vector } from './model.ts'

/** A task that waits behind more than these would be answered by its fallback long before its turn. */
const JOBS_MAX = 256

interface Job {
  texts: readonly string[]
  vectors: Vector[]
  resolve: (vectors: Vector[]) => void
  reject: (error: Error) => void
}

type Said = { ready?: true; vector?: Vector; failure?: string }

/**
 * Like `openModel`. The shortest job goes first, text by text, so that a call does not wait for a thousand skills. Throws `unavailable`
 * for one job too many; when the thread dies, for every job that waits, and the next one begins another thread.
 */
export async function openModelInThread(directory: string): Promise<Model> {
  const jobs: Job[] = []
  let thread: Promise<Worker> | null = null
  let running: Job | null = null

  const lose = (began: Promise<Worker> | null, error: Error) => {
    if (thread !== began) return // of a thread that was lost before
    thread = null
    running = null
    for (const job of jobs.splice(0)) job.reject(error)
  }
  const begin = (): Promise<Worker> => {
    const began = start((error) => lose(began, error))
    began.catch((error: Error) => lose(began, error))
    return (thread = began)
  }
  const start = async (onEnd: (error: Error) => void): Promise<Worker> => {
    const worker = new Worker(new URL('./model-worker.ts', import.meta.url), { workerData: { directory } })
    worker.unref() // it keeps no process alive
    const [said] = (await once(worker, 'message')) as [Said]
    if (said.failure !== undefined) {
      void worker.terminate()
      throw new MeshError('invalid', said.failure)
    }
    worker.on('message', take)
    worker.on('error', (error) => onEnd(new MeshError('unavailable', `the model’s thread failed: ${error.message}`)))
    worker.on('exit', () => onEnd(new MeshError('unavailable', 'the model’s thread ended')))
    return worker
  }
  const take = ({ vector, failure }: Said) => {
    const job = running
    running = null
    if (job && vector) job.vectors.push(vector)
    if (job && (!vector || job.vectors.length === job.texts.length)) {
      jobs.splice(jobs.indexOf(job), 1)
      if (vector) job.resolve(job.vectors)
      else job.reject(new MeshError('unavailable', failure ?? 'the model answered nothing'))
    }
    next()
  }
  const next = () => {
    const [first, ...others] = jobs
    if (running || !first) return
    const job = others.reduce((least, other) => (other.texts.length - other.vectors.length < least.texts.length - least.vectors.length ? other : least), first)
    running = job
    void (thread ?? begin()).then((worker) => worker.postMessage(job.texts[job.vectors.length]), () => {}) // a thread that does not begin has lost its jobs
  }

  await begin()
  return (texts) =>
    new Promise((resolve, reject) => {
      if (texts.length === 0) return resolve([])
      if (jobs.length >= JOBS_MAX) return reject(new MeshError('unavailable', 'as many tasks wait for the model as may'))
      jobs.push({ texts, vectors: [], resolve, reject })
      next()
    })
}

// The thread that reckons: one text in, one vector out. It says `ready` once, or why it cannot.
import { parentPort, workerData } from 'node:worker_threads'
import { messageOf } from '../contracts/errors.ts'
import { openModel } from './model.ts'

const { directory } = workerData as { directory: string } // model-thread.ts sends it
const port = parentPort
if (!port) throw new Error('model-worker.ts runs as a worker thread')
try {
  const model = await openModel(directory)
  port.on('message', (text: string) => {
    model([text]).then(
      ([vector]) => port.postMessage({ vector }),
      (error: unknown) => port.postMessage({ failure: messageOf(error) }),
    )
  })
  port.postMessage({ ready: true })
} catch (error) {
  port.postMessage({ failure: messageOf(error) })
}

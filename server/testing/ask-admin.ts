// Envoy's admin interface as somebody beside it sees it.
import { request } from 'node:http'
import { join } from 'node:path'

const ANSWER_MS = 3000

/** What answers there; nothing is an empty text. */
export function askAdmin(where: { socketPath: string } | { host: string; port: number }, path: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const done = () => resolve(text)
    const asked = request({ ...where, path, agent: false, timeout: ANSWER_MS }, (response) => response.on('data', (part) => (text += String(part))).on('end', done))
    asked.on('error', done).on('timeout', () => asked.destroy(new Error('late'))).end()
  })
}

/** Of the Envoy whose sidecar keeps its files in `dir`. */
export function askEnvoy(dir: string, path: string): Promise<string> {
  return askAdmin({ socketPath: join(dir, 'admin.sock') }, path)
}

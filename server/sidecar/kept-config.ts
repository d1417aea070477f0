// The last configuration that Envoy acknowledged, on disk: what a restarted proxy serves from while no control can be reached.
import { readFileSync } from 'node:fs'
import { rename, writeFile } from 'node:fs/promises'
import { field, readFields } from './wire.ts'
import { readDeltaResponse, writeDeltaResponse, type DeltaResource, type DeltaResponse } from './xds-messages.ts'

const WRITE_AFTER_MS = 200

/** Resources by type URL and name. */
export type Resources = ReadonlyMap<string, ReadonlyMap<string, DeltaResource>>

export interface KeptConfig extends AsyncDisposable {
  readonly resources: Resources
  /** Takes over what a response said, once Envoy has acknowledged it. */
  accept(response: DeltaResponse): void
}

export function openKeptConfig(path: string, onError: (error: Error) => void): KeptConfig {
  const resources = readConfig(path)
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()
  const write = () => {
    timer = undefined
    writing = writing.then(() => writeConfig(path, resources)).catch(onError)
  }
  return {
    resources,
    accept(response) {
      const ofType = resources.get(response.typeUrl) ?? new Map<string, DeltaResource>()
      resources.set(response.typeUrl, ofType)
      for (const resource of response.resources) ofType.set(resource.name, { ...resource, envelope: Buffer.from(resource.envelope) }) // a copy: the message it lies in is larger
      for (const name of response.removed) ofType.delete(name)
      timer ??= setTimeout(write, WRITE_AFTER_MS)
    },
    async [Symbol.asyncDispose]() {
      if (timer) {
        clearTimeout(timer)
        write()
      }
      await writing
    },
  }
}

/** The file is a message of its own: one delta response a type, as field 1. */
function readConfig(path: string): Map<string, Map<string, DeltaResource>> {
  const resources = new Map<string, Map<string, DeltaResource>>()
  try {
    for (const { bytes } of readFields(readFileSync(path))) {
      const response = readDeltaResponse(bytes)
      resources.set(response.typeUrl, new Map(response.resources.map((resource) => [resource.name, resource])))
    }
    return resources
  } catch {
    return new Map() // none yet, or spoiled: control brings it again
  }
}

/** In one step: a kill in the middle leaves the file before it. */
async function writeConfig(path: string, resources: Resources): Promise<void> {
  const parts = [...resources].map(([typeUrl, ofType]) => field(1, writeDeltaResponse({ typeUrl, nonce: '', resources: [...ofType.values()], removed: [] })))
  await writeFile(`${path}.tmp`, Buffer.concat(parts), { mode: 0o600 })
  await rename(`${path}.tmp`, path)
}

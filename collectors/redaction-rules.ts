import { MeshError } from '#server/contracts/errors.ts'
import { Redaction } from '#server/contracts/redaction.ts'
import type { Pool } from '#server/db/pool.ts'
import { compileRedaction, type Redactor } from '#server/redact/redactor.ts'

const REFRESH_MS = 2000

export interface RedactionRules extends AsyncDisposable {
  /** Throws `unavailable` while the rules have not been read: nothing is stored that nobody looked through. */
  of(mesh: string): Redactor
}

/** Reads the rules of every mesh every two seconds. Ready, where the store is, when it resolves. */
export async function openRedactionRules(pool: Pool, onError: (error: unknown) => void): Promise<RedactionRules> {
  const known = new Map<string, { said: string; redactor: Redactor }>()
  let stopped = false
  let timer: NodeJS.Timeout
  const refresh = async () => {
    try {
      const { rows } = await pool.query<{ mesh: string; value: unknown }>(`select mesh.name as mesh, setting.value from mesh left join setting on setting.mesh = mesh.name and setting.key = 'redaction'`)
      for (const { mesh, value } of rows) {
        const said = JSON.stringify(value)
        if (known.get(mesh)?.said !== said) known.set(mesh, { said, redactor: compileRedaction(Redaction.parse(value ?? {})) })
      }
    } catch (error) {
      onError(error) // the last rules stay
    }
    if (!stopped) timer = setTimeout(() => void refresh(), REFRESH_MS)
  }
  await refresh()
  return {
    of(mesh) {
      const rules = known.get(mesh)
      if (!rules) throw new MeshError('unavailable', `what is to be taken out of the telemetry of ${mesh} has not been read yet`)
      return rules.redactor
    },
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

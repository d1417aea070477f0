import { z } from 'zod'
import { SAMPLE_LABEL } from '#server/contracts/meta.ts'
import type { Pool } from '#server/db/pool.ts'
import type { ResourceInfo, Sender } from './spans/row.ts'

/** Setting `content`: whose prompts and messages are recorded. Everybody else's are dropped on arrival. */
export const ContentSetting = z.object({
  /** `key=value` labels of Agent objects. */
  labels: z.array(z.string()).default([]),
  /** `namespace/name` of agents. */
  agents: z.array(z.string()).default([]),
  namespaces: z.array(z.string()).default([]),
})
const DEFAULT: z.infer<typeof ContentSetting> = { labels: [`${SAMPLE_LABEL}=true`], agents: [], namespaces: [] }

const REFRESH_MS = 2000

export interface ContentRules extends AsyncDisposable {
  recordsContent(sender: Sender, resource: ResourceInfo): boolean
}

/** Reads the rule every two seconds; before the first reading nothing is recorded. */
export function openContentRules(pool: Pool): ContentRules {
  let opted = new Set<string>()
  let stopped = false
  let timer: NodeJS.Timeout
  const refresh = async () => {
    try {
      opted = await readOptedIn(pool)
    } catch {
      // the store is away: the last rule stays, and nothing can be stored meanwhile either
    }
    if (!stopped) timer = setTimeout(() => void refresh(), REFRESH_MS)
  }
  void refresh()
  return {
    recordsContent: (sender, resource) => opted.has(`${sender.mesh} ${resource.namespace}/*`) || opted.has(`${sender.mesh} ${resource.namespace}/${resource.service}`),
    async [Symbol.asyncDispose]() {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function readOptedIn(pool: Pool): Promise<Set<string>> {
  const { rows: meshes } = await pool.query<{ mesh: string; value: unknown }>(`select mesh.name as mesh, setting.value from mesh left join setting on setting.mesh = mesh.name and setting.key = 'content'`)
  const opted = new Set<string>()
  for (const { mesh, value } of meshes) {
    const rule = value === null ? DEFAULT : ContentSetting.parse(value)
    for (const namespace of rule.namespaces) opted.add(`${mesh} ${namespace}/*`)
    for (const agent of rule.agents) opted.add(`${mesh} ${agent}`)
    for (const label of rule.labels) {
      const [key = '', wanted = ''] = label.split('=', 2)
      const { rows } = await pool.query<{ agent: string }>(`select namespace || '/' || name as agent from object where mesh = $1 and kind = 'Agent' and labels @> $2`, [mesh, JSON.stringify({ [key]: wanted })])
      for (const { agent } of rows) opted.add(`${mesh} ${agent}`)
    }
  }
  return opted
}

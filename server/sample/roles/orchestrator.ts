import { serveA2A } from '../a2a-server.ts'
import { parseTask } from '../tasks.ts'
import type { MountRole } from './role.ts'

/** Research, then writing, then exactly one translation; no step is tried twice. */
export const mountOrchestrator: MountRole = ({ app, options, member, callAgent }) => {
  serveA2A(app, member, options.version, async (text, contextId) => {
    const { topic, language } = parseTask(text)
    const notes = await callAgent('researcher', topic, contextId)
    const draft = await callAgent('writer', notes, contextId)
    return callAgent('translator', `Translate into ${language}: ${draft}`, contextId)
  })
}

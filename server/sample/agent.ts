// One agent process of the sample fleet: `node server/sample/agent.ts --role agent --name translator --version v1 …`.
// Started with an IPC channel it reports its counts when asked, takes the failure knob, and ends when the channel closes.
import { agentCaller } from './a2a-client.ts'
import { parseAgentOptions } from './agent-options.ts'
import { Counts } from './counts.ts'
import { memberOf, type Role } from './fleet.ts'
import { closeApp, createApp, listen } from './http-server.ts'
import { modelClient } from './model-client.ts'
import { outboundFetch } from './outbound.ts'
import { mountGateway } from './roles/gateway.ts'
import { mountOrchestrator } from './roles/orchestrator.ts'
import { mountResearcher } from './roles/researcher.ts'
import type { MountRole } from './roles/role.ts'
import { mountSampleLlm } from './roles/sample-llm.ts'
import { mountSearchTools } from './roles/search-tools.ts'
import { mountTranslator } from './roles/translator.ts'
import { mountWriter } from './roles/writer.ts'
import { FromRunner, type ToRunner } from './runner-messages.ts'
import { startTracing } from './tracing.ts'

const ROLES: Record<Role, MountRole> = {
  gateway: mountGateway,
  orchestrator: mountOrchestrator,
  researcher: mountResearcher,
  writer: mountWriter,
  translator: mountTranslator,
  'search-tools': mountSearchTools,
  'sample-llm': mountSampleLlm,
}

const options = parseAgentOptions(process.argv.slice(2))
const stopTracing = startTracing(options)
const counts = new Counts()
let failureShare = 0

const app = createApp(options, counts)
const fetchImpl = outboundFetch(options.outbound)
ROLES[options.name]({
  app,
  options,
  member: memberOf(options.name),
  callAgent: agentCaller(fetchImpl),
  askModel: modelClient(fetchImpl),
  fetchImpl,
  failureShare: () => failureShare,
})
closeApp(app)
const server = await listen(app, options)

const tell = (message: ToRunner) => process.send?.(message)
process.on('message', (raw) => {
  const message = FromRunner.parse(raw)
  if (message.kind === 'failureShare') failureShare = message.share
  else tell({ kind: 'counts', received: counts.read(), strangers: counts.strangers })
})
tell({ kind: 'listening' })

let stopping = false
async function stop() {
  if (stopping) return
  stopping = true
  await Promise.race([new Promise((resolve) => server.close(resolve)), new Promise((resolve) => setTimeout(resolve, 2000))])
  await Promise.race([stopTracing(), new Promise((resolve) => setTimeout(resolve, 1000))])
  process.exit(0)
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
process.on('disconnect', stop) // the runner is gone: nobody would end this process

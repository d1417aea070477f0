// A control process's xDS half as a process of its own, whose costs can be read and which can be killed:
// `node server/testing/lone-control.ts DATABASE_URL PORT [CLUSTER] [--late]`. It prints its port. It dies, as by kill -9, once it has sent that
// cluster. With --late it prints on SIGUSR2 how late its event loop ran since the last time.
import { parseArgs } from 'node:util'
import { TYPE } from '../compile/names.ts'
import { openDb } from '../db/client.ts'
import { startTestControl, type Watch } from './test-control.ts'

const TICK_MS = 10

const { positionals: [url = '', port = '0', deadly], values } = parseArgs({ allowPositionals: true, options: { late: { type: 'boolean' } } })
const watch: Watch = {
  response(_proxy, { typeUrl, resources }, send) {
    send()
    const isDeadly = typeUrl === TYPE.cluster && resources.some((resource) => resource.name === deadly)
    if (isDeadly) setTimeout(() => process.kill(process.pid, 'SIGKILL'), 2) // it is on the wire by then
  },
}
const control = await startTestControl(openDb(url, 'heddle-lone-control'), Number(port), { watch })
console.log(control.port)
setInterval(() => {
  for (const error of control.errors.splice(0)) console.error(error.message)
}, 100)

if (values.late) tellHowLate()
process.on('SIGTERM', () => process.exit()) // so that a profile is written

/** Each tick that was due, also while the loop stood still: what a request would have waited that came at any moment. */
function tellHowLate(): void {
  let late: number[] = []
  let due = performance.now() + TICK_MS
  setInterval(() => {
    for (const now = performance.now(); due <= now; due += TICK_MS) late.push(Math.round(now - due))
  }, TICK_MS)
  process.on('SIGUSR2', () => {
    console.log(JSON.stringify(late))
    late = []
  })
}

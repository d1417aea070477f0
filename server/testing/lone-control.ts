// A control process's xDS half as a process of its own, whose costs can be read and which can be killed:
// `node server/testing/lone-control.ts DATABASE_URL PORT [CLUSTER]`. It prints its port. It dies, as by kill -9, once it has sent that cluster.
import { TYPE } from '../compile/names.ts'
import { openDb } from '../db/client.ts'
import { startTestControl, type Watch } from './test-control.ts'

const [url = '', port = '0', deadly] = process.argv.slice(2)
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
process.on('SIGTERM', () => process.exit()) // so that a profile is written

import { installByApt } from './apt.mjs'
import { run } from './command.mjs'
import { say, step } from './say.mjs'

/** What the tests of interception need besides root, who alone may make network namespaces: without root they are skipped. */
export async function bringIptables() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return
  for (const [tool, asked, name] of [['ip', '-V', 'iproute2'], ['iptables', '-V', 'iptables']]) {
    if ((await run(tool, [asked])).code === 0) continue
    const why = await step(`${name} by apt`, () => installByApt(name))
    if (why !== null) say(`Notice: apt brought no ${name}: ${why}`)
  }
}

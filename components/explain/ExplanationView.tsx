import type { Explanation } from '#server/contracts/explain.ts'
import type { ObjectRef } from '#server/contracts/object.ts'
import { pathOfObject } from '#components/paths.ts'
import { Card } from '#components/ui/Card.tsx'
import { classes } from '#components/ui/classes.ts'
import { Link } from '#components/ui/Link.tsx'
import { StateMark } from '#components/ui/StateMark.tsx'
import { Table, Td, Th } from '#components/ui/Table.tsx'
import { Tag } from '#components/ui/Tag.tsx'

/** The answer in words, then each rule, backend and policy with why it won or lost. */
export function ExplanationView({ explanation }: { explanation: Explanation }) {
  const { revision, summary, considered, backends, mirrors, policies, virtualHost } = explanation
  const refused = policies.some((one) => !one.allowed) || (explanation.outcome.kind === 'answer' && explanation.outcome.status >= 400)
  return (
    <>
      <Card title="In words" note={`revision ${revision}${virtualHost ? `, virtual host ${virtualHost}` : ''}`}>
        <ol className="m-0 grid list-none gap-2 p-0" aria-label="In words">
          {summary.map((sentence, index) => <li key={sentence} className="flex min-w-0 gap-2.5"><StateMark state={refused && index === summary.length - 1 ? 'bad' : 'ok'} className="mt-[5px]" /><span className="min-w-0 break-words">{sentence}</span></li>)}
        </ol>
      </Card>
      {considered.length > 0 && (
        <Card flush title="Rules" note="in the order in which they are asked">
          <Table label="Rules">
            <thead><tr><Th>Route</Th><Th>Rule</Th><Th>Result</Th><Th>Because</Th></tr></thead>
            <tbody>
              {considered.map((one) => (
                <tr key={`${one.object.kind} ${one.object.namespace} ${one.object.name} ${one.rule} ${one.match}`} className={classes(one.won && 'bg-accent-soft')}>
                  <Td><Named at={one.object} /></Td>
                  <Td>{one.rule + 1}{one.ruleName && ` (${one.ruleName})`}</Td>
                  <Td>{one.won ? <Tag state="ok">wins</Tag> : <span className="text-muted">loses</span>}</Td>
                  <Td wrap><span className="block min-w-56 break-words">{one.why}</span></Td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Card>
      )}
      {backends.length > 0 && (
        <Card flush title="Where it goes" note={mirrors.length > 0 && `and a copy of ${mirrors.map((mirror) => `${percent(mirror.share)} to ${mirror.agent}`).join(', ')}`}>
          <Table label="Where it goes">
            <thead><tr><Th>Agent</Th><Th>Version</Th><Th right>Share</Th><Th>In rotation now</Th></tr></thead>
            <tbody>
              {backends.map((backend, index) => (
                <tr key={index}>
                  <Td className="font-medium">{backend.agent}</Td>
                  <Td muted>{backend.version ?? 'does not exist'}</Td>
                  <Td right>{percent(backend.share)}</Td>
                  <Td wrap>{backend.instances.length === 0 ? <span className="text-muted">none</span> : <span className="font-mono text-sm">{backend.instances.slice(0, 8).map((one) => `${one.id} ${one.address}:${one.port}`).join(', ')}{backend.instances.length > 8 && ` and ${backend.instances.length - 8} more`}</span>}</Td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Card>
      )}
      {policies.map(({ agent, allowed, steps }) => (
        <Card flush key={agent} title={`Policies at ${agent}`} note={allowed ? 'it takes the call' : 'it refuses the call with 403'}>
          <Table label={`Policies at ${agent}`}>
            <thead><tr><Th>Policy</Th><Th>Rule</Th><Th>Says</Th><Th>Result</Th><Th>Because</Th></tr></thead>
            <tbody>
              {steps.map((step, index) => (
                <tr key={index} className={classes(step.decides && 'bg-accent-soft')}>
                  <Td>{step.object ? <Named at={step.object} /> : <span className="text-muted">by default</span>}</Td>
                  <Td>{step.rule === null ? '' : step.rule + 1}</Td>
                  <Td>{step.effect}{step.mode === 'Audit' && <span className="text-muted"> (only recorded)</span>}</Td>
                  <Td>{step.decides ? <Tag state={step.effect === 'allow' ? 'ok' : 'bad'}>decides</Tag> : <span className="text-muted">{step.applies ? 'applies too' : 'does not apply'}</span>}</Td>
                  <Td wrap><span className="block min-w-56 break-words">{step.why}</span></Td>
                </tr>
              ))}
            </tbody>
          </Table>
        </Card>
      ))}
    </>
  )
}

function Named({ at: { kind, namespace, name } }: { at: ObjectRef }) {
  const href = pathOfObject({ kind, namespace, name })
  return href ? <Link href={href} className="font-medium no-underline hover:underline">{name}</Link> : <span className="font-medium">{name}</span>
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}

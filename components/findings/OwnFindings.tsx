'use client'
import type { ObjectRef } from '#server/contracts/object.ts'
import { paths } from '#components/paths.ts'
import { Link } from '#components/ui/Link.tsx'
import { Notice } from '#components/ui/Notice.tsx'
import { Tag } from '#components/ui/Tag.tsx'
import { describeFindings, findingsOf, SEVERITY_MARKS } from './findings.ts'
import { useAnalysis } from './use-findings.ts'

/** Beside how the proxies took an object: what is wrong with it all the same, such as proxies that cannot do what it asks for. */
export function FindingsMark({ at }: { at: ObjectRef }) {
  const own = findingsOf(useAnalysis().data?.items ?? [], at)
  const said = describeFindings(own)
  return said && <Link href={paths.findings({ q: at.name })} className="no-underline"><Tag state={said.state} title={said.title}>{said.words}</Tag></Link>
}

/** An object's findings as the mesh is now, each with its reason, its fix and the way to the field. */
export function FindingsNotice({ at, onGoTo }: { at: ObjectRef; onGoTo: (pointer: string) => void }) {
  const own = findingsOf(useAnalysis().data?.items ?? [], at)
  return own.filter(({ severity }) => severity !== 'note').map(({ code, pointer, severity, detail, fix, proxies }) => (
    <Notice key={`${code} ${pointer} ${detail}`} state={SEVERITY_MARKS[severity]}>
      {detail}. {fix}{' '}
      {pointer !== '' && <button type="button" onClick={() => onGoTo(pointer)} className="font-medium underline">Go to the field</button>}
      {proxies.length > 0 && <span className="mt-1 block text-sm">{proxies.slice(0, PROXIES_SHOWN).map((id, index) => <span key={id}>{index > 0 && ', '}<Link href={paths.proxy(id)}>{id}</Link></span>)}{proxies.length > PROXIES_SHOWN && ` and ${proxies.length - PROXIES_SHOWN} more`}</span>}
    </Notice>
  ))
}

const PROXIES_SHOWN = 12

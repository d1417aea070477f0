'use client'
import { Dialog } from '#components/ui/Dialog.tsx'
import { Kbd } from '#components/ui/Kbd.tsx'
import { NAVIGATION } from './navigation.ts'

const KEYS: readonly [string[], string][] = [
  [['⌘', 'K'], 'Find an agent, a route, a trace by its id, a page or an action'],
  [['/'], 'Find on this page'],
  [['p'], 'Pause or resume'],
  [['Esc'], 'Close the panel or the dialog'],
  [['?'], 'This sheet'],
]

export function HelpSheet({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" open onClose={onClose} wide>
      <div className="grid gap-x-8 gap-y-4 sm:grid-cols-2">
        <dl className="m-0 grid content-start gap-2">
          {KEYS.map(([keys, says]) => (
            <KeyRow key={says} keys={keys} says={says} />
          ))}
        </dl>
        <dl className="m-0 grid content-start gap-2">
          {NAVIGATION.flatMap((group) => group.items).map((item) => (
            <KeyRow key={item.href} keys={['g', item.key]} says={item.title} />
          ))}
        </dl>
      </div>
      <p className="mt-4 mb-0 text-base text-muted">Ctrl in place of ⌘ where the keyboard has none. Shapes of a state: round is healthy, a diamond is degraded, a triangle is failing, hollow is idle or unknown.</p>
    </Dialog>
  )
}

function KeyRow({ keys, says }: { keys: string[]; says: string }) {
  return (
    <div className="flex gap-3 text-base">
      <dt className="flex w-14 flex-none gap-1">{keys.map((key) => <Kbd key={key}>{key}</Kbd>)}</dt>
      <dd className="m-0">{says}</dd>
    </div>
  )
}

'use client'
import { Button } from '#components/ui/Button.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'

/** A page that could not be read. What it says of the cause stays in the log; what is still true stands here. */
export function ErrorPage({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <div className="p-4 md:p-6">
      <h1 className="sr-only">This page cannot be read</h1>
      <EmptyState kind="down" title="This page cannot be read now" action={<Button onPress={reset}>Try again</Button>}>
        Agents keep calling each other: nothing that they do passes through here. The log of the role web says why
        {error.digest ? `, under ${error.digest}` : ''}: <code>npx heddle logs web</code>
      </EmptyState>
    </div>
  )
}

import { paths } from '#components/paths.ts'
import Link from 'next/link'

export default function NotFound() {
  return (
    <main className="grid min-h-dvh place-content-center gap-2 p-6">
      <h1 className="m-0 text-xl font-semibold">There is nothing at this address</h1>
      <p className="m-0 text-muted">It may have been removed, or the link is not whole.</p>
      <p className="m-0"><Link href={paths.overview()}>To the overview</Link></p>
    </main>
  )
}

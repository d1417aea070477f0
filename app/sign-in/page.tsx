import type { Metadata } from 'next'
import { Mark } from '#components/ui/Icon.tsx'
import { SignIn } from '#components/shell/SignIn.tsx'

export const metadata: Metadata = { title: 'Sign in' }

export default async function SignInPage({ searchParams }: { searchParams: Promise<{ next?: string | string[] }> }) {
  const { next } = await searchParams
  return (
    <main className="grid min-h-dvh place-items-start justify-items-center bg-ground px-4 pt-[16vh] pb-8">
      <div className="w-full max-w-[372px]">
        <p className="m-0 mb-4 flex items-center gap-2.5 text-lg font-semibold tracking-[-0.01em]">
          <Mark size={24} /> Heddle
        </p>
        <SignIn next={typeof next === 'string' ? next : '/'} />
      </div>
    </main>
  )
}

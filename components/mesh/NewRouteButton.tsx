'use client'
import { useRouter } from 'next/navigation'
import { useWhyNot } from '#components/shell/access.ts'
import { Button } from '#components/ui/Button.tsx'
import { paths } from '#components/paths.ts'

export function NewRouteButton() {
  const router = useRouter()
  const why = useWhyNot('operator')
  return <Button look="primary" why={why} onPress={() => router.push(paths.newRoute())}>New route</Button>
}

import { paths } from '#components/paths.ts'
import { ButtonLink } from '#components/ui/Button.tsx'
import { EmptyState } from '#components/ui/EmptyState.tsx'
import { Page } from '#components/ui/Page.tsx'

export default function NotFound() {
  return (
    <Page title="There is nothing at this address">
      <EmptyState kind="no-data" title="No such page, or no longer" action={<ButtonLink href={paths.overview()}>To the overview</ButtonLink>}>It may have been removed, or the link is not whole.</EmptyState>
    </Page>
  )
}

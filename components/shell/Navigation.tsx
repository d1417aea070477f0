'use client'
import { usePathname } from 'next/navigation'
import { classes } from '#components/ui/classes.ts'
import { Icon } from '#components/ui/Icon.tsx'
import { Link } from '#components/ui/Link.tsx'
import { isOpen, NAVIGATION } from './navigation.ts'

export function Navigation({ onGo }: { onGo?: () => void }) {
  const pathname = usePathname()
  return (
    <nav aria-label="Console" className="flex h-full flex-col gap-px overflow-y-auto px-2 py-2.5">
      {NAVIGATION.map((group, index) => (
        <div key={index} className={classes('grid gap-px', index === NAVIGATION.length - 1 && 'mt-auto pt-4')}>
          {group.title && <h2 className="mx-2 mt-3.5 mb-1 text-xs leading-none font-medium text-faint">{group.title}</h2>}
          {group.items.map((item) => {
            const open = isOpen(item.href, pathname)
            return (
              <Link
                key={item.href}
                href={item.href}
                onClick={onGo}
                aria-current={open ? 'page' : undefined}
                className={classes('flex h-[30px] items-center gap-2.5 rounded-md px-2 text-base no-underline', open ? 'bg-accent-soft font-medium text-accent-text' : 'text-muted hover:bg-ground hover:text-text')}
              >
                <Icon name={item.icon} />
                {item.title}
              </Link>
            )
          })}
        </div>
      ))}
    </nav>
  )
}

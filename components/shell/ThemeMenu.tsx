'use client'
import { applyTheme, THEMES, type Theme } from './theme.ts'
import { IconButton } from '#components/ui/Button.tsx'
import { Icon, type IconName } from '#components/ui/Icon.tsx'
import { Menu } from '#components/ui/Menu.tsx'

const TITLES: Record<Theme, { title: string; icon: IconName }> = {
  light: { title: 'Light', icon: 'sun' },
  dark: { title: 'Dark', icon: 'moon' },
  system: { title: 'As the system', icon: 'system' },
}

export function ThemeMenu() {
  return (
    <Menu
      label="Theme"
      items={THEMES.map((theme) => ({
        id: theme,
        text: TITLES[theme].title,
        title: (
          <>
            <Icon name={TITLES[theme].icon} />
            {TITLES[theme].title}
          </>
        ),
        onAction: () => applyTheme(theme),
      }))}
    >
      <IconButton label="Theme"><Icon name="sun" /></IconButton>
    </Menu>
  )
}

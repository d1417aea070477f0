'use client'
import { Menu } from '#components/ui/Menu.tsx'
import { IconButton } from '#components/ui/Button.tsx'
import { Icon } from '#components/ui/Icon.tsx'
import { toast } from '#components/ui/Toast.tsx'
import { saveFile } from '#components/save-file.ts'
import type { Picture } from './picture.ts'

/** Pictures are drawn twice as fine as they are shown, within what a browser can hold. */
const PNG = { scale: 2, pixelsMax: 8000 }

/** The graph to take along: its figures, or what is seen. */
export function ExportMenu({ draw, json }: { draw: (colourOf: (token: string) => string) => Picture; json: () => unknown }) {
  const picture = () => {
    const style = getComputedStyle(document.documentElement)
    const probe = document.documentElement.appendChild(document.createElement('i')) // light-dark() is resolved on an element alone
    try {
      return draw((token) => {
        probe.style.color = `var(${token})`
        return getComputedStyle(probe).color || style.color
      })
    } finally {
      probe.remove()
    }
  }
  const trying = (save: () => Promise<void> | void) => () => void Promise.resolve().then(save).catch((error: unknown) => toast('bad', 'The graph cannot be exported', error instanceof Error ? error.message : undefined))
  return (
    <Menu
      label="Export the graph"
      items={[
        { id: 'svg', title: 'Picture, SVG', onAction: trying(() => saveFile('graph.svg', new Blob([picture().svg], { type: 'image/svg+xml' }))) },
        { id: 'png', title: 'Picture, PNG', onAction: trying(async () => saveFile('graph.png', await toPng(picture()))) },
        { id: 'json', title: 'Figures, JSON', onAction: trying(() => saveJson(json())) },
      ]}
    >
      <IconButton small label="Export"><Icon name="download" /></IconButton>
    </Menu>
  )
}

export function saveJson(graph: unknown): void {
  saveFile('graph.json', new Blob([JSON.stringify(graph, null, 2)], { type: 'application/json' }))
}

async function toPng({ svg, width, height }: Picture): Promise<Blob> {
  const scale = Math.min(PNG.scale, PNG.pixelsMax / Math.max(width, height))
  const image = new Image()
  const url = URL.createObjectURL(new Blob([svg], { type: 'image/svg+xml' }))
  try {
    image.src = url
    await image.decode()
    const canvas = Object.assign(document.createElement('canvas'), { width: Math.ceil(width * scale), height: Math.ceil(height * scale) })
    canvas.getContext('2d')?.drawImage(image, 0, 0, canvas.width, canvas.height)
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'))
    if (!blob) throw new Error('The browser made no picture of it.')
    return blob
  } finally {
    URL.revokeObjectURL(url)
  }
}

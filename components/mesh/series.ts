/** A version keeps a colour and a line style of its own; neither is ever a state's. */
const COLOURS = 6
const DASHES = [undefined, '9 3', '2 3', '9 3 2 3'] as const

export function seriesOf(index: number): { colour: string; dash: string | undefined } {
  return { colour: `var(--series-${(index % COLOURS) + 1})`, dash: DASHES[(index < COLOURS ? index : index + Math.floor(index / COLOURS)) % DASHES.length] }
}

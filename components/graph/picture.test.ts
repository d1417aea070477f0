import { expect, test } from 'vitest'
import { viewGraph } from './figures.ts'
import { findInGraph } from './find.ts'
import { flowOf } from './flow.ts'
import { layoutGraph } from './layout.ts'
import { drawPicture } from './picture.ts'
import { sampleGraph } from './sample-graph.ts'

function pictureOf(rename: (name: string) => string) {
  const graph = sampleGraph()
  const view = viewGraph({ ...graph, nodes: graph.nodes.map((node) => ({ ...node, name: rename(node.name) })) })
  const { nodes, edges } = flowOf(view, { by: 'none', open: null, found: findInGraph(view, ''), selected: null, moving: false, down: false })
  const positions = layoutGraph({ nodes, edges, kept: {}, direction: 'LR' })
  return { picture: drawPicture(nodes, edges, positions, new Map(), (token) => `#${token.length.toString(16)}00`), nodes, edges }
}

test('the picture holds every agent and every line, within its own bounds', () => {
  const { picture: { svg, width, height }, nodes, edges } = pictureOf((name) => name)
  for (const { data } of nodes) expect(svg).toContain(`>${data.view.name}<`)
  expect(svg.match(/marker-end=/g)).toHaveLength(edges.length)
  expect(svg).toMatch(new RegExp(`^<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"`))
  expect(svg).not.toContain('var(')
})

test.each(['<script>alert(1)</script>', '"><image href="x"/>', '&amp;\u0000\ud800', "'onload='x"])('a name such as %j is text in it', (name) => {
  const { svg } = pictureOf(() => name).picture
  expect(svg).not.toMatch(/<script|<image|onload='/)
  // eslint-disable-next-line no-control-regex -- just these are not allowed in XML
  expect(svg).not.toMatch(/[\u0000-\u0008]/)
  expect(svg.isWellFormed()).toBe(true)
})

import { layoutGraph, type LayoutRequest } from './layout.ts'

addEventListener('message', (event: MessageEvent<LayoutRequest & { turn: number }>) => {
  postMessage({ turn: event.data.turn, positions: layoutGraph(event.data) })
})

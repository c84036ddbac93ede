// node collector-process.ts: stands in for an OpenTelemetry collector. Takes OTLP over HTTP as JSON, counts spans, keeps
// nothing. Tells its parent where it listens, and on each message how many spans have come since the one before.

import { createServer } from 'node:http'
import { json } from 'node:stream/consumers'

interface Traces {
  resourceSpans?: { scopeSpans?: { spans?: unknown[] }[] }[]
}

let spans = 0
let exports = 0

const server = createServer(async (request, response) => {
  const body = (await json(request)) as Traces
  exports += 1
  for (const { scopeSpans = [] } of body.resourceSpans ?? []) {
    spans += scopeSpans.reduce((sum, scope) => sum + (scope.spans?.length ?? 0), 0)
  }
  response.setHeader('content-type', 'application/json').end('{}')
})

process.on('message', () => {
  process.send?.({ spans, exports })
  spans = 0
  exports = 0
})
process.once('disconnect', () => process.exit())
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as { port: number }
  process.send?.({ url: `http://127.0.0.1:${port}` })
})

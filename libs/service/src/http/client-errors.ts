// What Node's HTTP parser refuses never reaches the app: answered here, by hand, with a problem document as well.

import { randomUUID } from 'node:crypto'
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { baseProblems, type ProblemDefinition, problemMediaType } from '@freehold/contracts-base'
import type { Logger } from 'pino'
import { Problem, toProblemDocument } from '../problem.ts'

const byCode: Record<string, ProblemDefinition> = {
  HPE_HEADER_OVERFLOW: baseProblems.headersTooLarge,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: baseProblems.bodyTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: baseProblems.requestTimeout,
}

/** Answers a request that cannot be read, and ends its connection. */
export function answerClientError(error: Error & { code?: string }, socket: Socket, log: Logger): void {
  // Node keeps the answer under way here and nowhere else.
  const current = (socket as { _httpMessage?: ServerResponse | null })._httpMessage
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
  } else if (current?.headersSent === true) {
    // An answer has begun: another in the middle of it would be taken for its body.
    current.writableEnded ? socket.end() : socket.destroy()
  } else if (current?.req.complete === true) {
    // What cannot be read came after a request that can: that one is answered, as the last.
    current.shouldKeepAlive = false
  } else {
    const definition = byCode[error.code ?? ''] ?? baseProblems.requestMalformed
    const id = randomUUID()
    log.warn({ requestId: id, code: definition.code, reason: error.code }, 'request refused by the parser')
    socket.end(renderAnswer(definition, id, { isHead: current?.req.method === 'HEAD' }))
  }
}

/** Answers what Node would answer without a body, or not at all. */
export function answerOutsiders(server: Server): void {
  server.on('checkExpectation', (request: IncomingMessage) => {
    request.socket.end(renderAnswer(baseProblems.expectationFailed, randomUUID()))
  })
  server.on('connect', (_request: IncomingMessage, socket: Duplex) => {
    socket.on('error', () => socket.destroy())
    socket.end(renderAnswer(baseProblems.methodNotAllowed, randomUUID(), { headers: ['Allow: GET'] }))
  })
}

function renderAnswer(
  definition: ProblemDefinition,
  id: string,
  { headers = [], isHead = false }: { headers?: string[]; isHead?: boolean } = {},
): string {
  const body = JSON.stringify(toProblemDocument(new Problem(definition), id))
  const head = [
    `HTTP/1.1 ${definition.status} ${STATUS_CODES[definition.status]}`,
    `Content-Type: ${problemMediaType}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
    ...headers,
  ]
  return `${head.join('\r\n')}\r\n\r\n${isHead ? '' : body}`
}

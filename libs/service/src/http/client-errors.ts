// What Node's HTTP parser refuses never reaches the app: answered here, by hand, with a problem document as well.

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
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
  // A reset connection, or one on which an answer is under way, takes no other.
  const isAnswered = (socket as { _httpMessage?: ServerResponse | null })._httpMessage?.headersSent === true
  if (error.code === 'ECONNRESET' || !socket.writable || isAnswered) {
    socket.destroy()
    return
  }
  const definition = byCode[error.code ?? ''] ?? baseProblems.requestMalformed
  const id = randomUUID()
  log.warn({ requestId: id, code: definition.code, reason: error.code }, 'request refused by the parser')
  const body = JSON.stringify(toProblemDocument(new Problem(definition), id))
  socket.end(
    [
      `HTTP/1.1 ${definition.status} Refused`,
      `Content-Type: ${problemMediaType}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      'Connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

/** Answers what Node would answer without a body. */
export function answerExpectations(server: Server): void {
  server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
    const body = JSON.stringify(toProblemDocument(new Problem(baseProblems.expectationFailed), randomUUID()))
    response.writeHead(baseProblems.expectationFailed.status, {
      'content-type': problemMediaType,
      'content-length': Buffer.byteLength(body),
      connection: 'close',
    })
    response.end(body)
  })
}

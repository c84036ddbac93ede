// Server-sent events of a route. The last one says `end`; a stream that ends without it was cut, and is asked for again.

import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import { type Route, writeServerSentEvent } from '@freehold/contracts-base'
import type { FastifyReply } from 'fastify'
import { streamHeartbeatMs, streamStartMs } from '../limits.ts'
import { toProblemDocument } from '../problem.ts'
import { toProblem } from './problem-answers.ts'

/** Sends the events until there are no more, the caller is gone, or the service drains. */
export async function sendStream(
  route: Route,
  response: FastifyReply,
  events: AsyncIterable<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const schema = route.response[200]
  const iterator = events[Symbol.asyncIterator]()
  const stopped = new Promise<undefined>((resolve) => {
    signal.addEventListener('abort', () => resolve(undefined), { once: true })
    if (signal.aborted) {
      resolve(undefined)
    }
  })
  let next = iterator.next()
  // What goes wrong at once is still answered with its status.
  await Promise.race([next, stopped, delay(streamStartMs, undefined, { ref: false })])
  const heartbeat = begin(response)
  const write = async (event: string, data: string, id?: number): Promise<void> => {
    if (!response.raw.write(writeServerSentEvent({ event, data, ...(id === undefined ? {} : { id }) }))) {
      // A caller that reads slowly slows the source down, and is gone when the connection's timeout says so.
      await Promise.race([once(response.raw, 'drain'), stopped])
    }
  }
  try {
    for (;;) {
      const result = await Promise.race([next, stopped])
      if (result === undefined) {
        break
      }
      if (result.done === true) {
        await write('end', '')
        break
      }
      const value = schema?.parse(result.value)
      await write('message', JSON.stringify(value), idOf(route, value))
      next = iterator.next()
    }
  } catch (error) {
    const problem = toProblem(error)
    response.log[problem.definition.status >= 500 ? 'error' : 'warn']({ error }, `${route.path} broke off`)
    await write('problem', JSON.stringify(toProblemDocument(problem, response.request.id)))
  } finally {
    clearInterval(heartbeat)
    response.raw.end()
    // Not awaited: a source that waits for its next event ends when its signal tells it to.
    void iterator.return?.()?.then(undefined, () => {})
    next.catch(() => {})
  }
}

function idOf({ resumesBy }: Route, value: unknown): number | undefined {
  return resumesBy === undefined ? undefined : (value as Record<string, number>)[resumesBy]
}

function begin(response: FastifyReply): NodeJS.Timeout {
  response.hijack()
  const headers = { ...response.getHeaders(), 'content-type': 'text/event-stream', 'cache-control': 'no-store' }
  response.raw.writeHead(200, headers as Record<string, string>)
  response.raw.flushHeaders()
  return setInterval(() => response.raw.write(':\n\n'), streamHeartbeatMs)
}

/** Callers of one service, each request on a connection of its own, until they are told to stop. */

import { request } from 'node:http'

export interface Call {
  method: 'GET' | 'POST'
  path: string
  body?: unknown
  /** What a request that changes something is about, so that afterwards it can be looked up whether it did. */
  subject?: string
}

/** What became of the requests to one service. */
export interface Outcome {
  answered: number
  /** No connection, or one that was closed before a byte of an answer: nothing was read of the request. */
  refused: { startedAt: number; call: Call }[]
  /** Everything else that is no success. */
  failed: { call: Call; why: string }[]
  /** Subjects of requests that were acknowledged. */
  done: string[]
  /** The longest time from the first request that was refused to the first answer after it. */
  gapMs: number
}

export interface Traffic {
  /** The outcome up to now. */
  outcome: Outcome
  stop(): Promise<Outcome>
}

const callers = 4
const pauseMs = 40
const answerMsMax = 20_000

/** Starts callers of the service at `url`; `next` says what each asks. */
export function startTraffic(url: string, next: () => Promise<{ call: Call; token: string }>): Traffic {
  const outcome: Outcome = { answered: 0, refused: [], failed: [], done: [], gapMs: 0 }
  let isOver = false
  let downSince: number | undefined
  const note = (result: Result, startedAt: number, call: Call): void => {
    if (result === 'refused') {
      outcome.refused.push({ startedAt, call })
      downSince ??= startedAt
    } else if (typeof result === 'string') {
      outcome.failed.push({ call, why: result })
    } else {
      outcome.answered += 1
      if (call.subject !== undefined) {
        outcome.done.push(call.subject)
      }
      if (downSince !== undefined && startedAt > downSince) {
        outcome.gapMs = Math.max(outcome.gapMs, performance.now() - downSince)
        downSince = undefined
      }
    }
  }
  const work = async (): Promise<void> => {
    while (!isOver) {
      const { call, token } = await next()
      const startedAt = performance.now()
      note(await send(url, call, token), startedAt, call)
      await new Promise((resolve) => setTimeout(resolve, pauseMs))
    }
  }
  const running = Promise.all(Array.from({ length: callers }, work))
  return {
    outcome,
    async stop() {
      isOver = true
      await running
      return outcome
    },
  }
}

type Result = { status: number } | 'refused' | string

/** Refused is what never reached the service: Docker’s proxy takes connections for it also while nobody listens behind. */
async function send(url: string, { method, path, body }: Call, token: string): Promise<Result> {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  return await new Promise<Result>((resolve) => {
    let hasAnswer = false
    const sent = request(`${url}${path}`, { method, headers, agent: false, timeout: answerMsMax }, (response) => {
      hasAnswer = true
      const { statusCode: status = 0 } = response
      let text = ''
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      response.on('end', () => resolve(status < 300 ? { status } : `${status} ${text.slice(0, 500)}`))
      response.on('error', (error) => resolve(`cut off in the answer: ${error.message}`))
    })
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')))
    sent.on('error', (error: NodeJS.ErrnoException) => {
      const isRefused = !hasAnswer && (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET')
      resolve(isRefused ? 'refused' : `${error.code ?? ''} ${error.message}`)
    })
    sent.end(body === undefined ? undefined : JSON.stringify(body))
  })
}

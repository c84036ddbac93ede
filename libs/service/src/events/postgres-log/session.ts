import { type Client, connect, isConnectionLoss, type QueryResult } from '@freehold/postgres'

export interface SessionOptions {
  url: string
  applicationName: string
  /** Called with each new connection before its first query. */
  onOpen?(client: Client): Promise<void>
}

export interface Query {
  name: string
  text: string
  values: unknown[]
}

/** One connection at a time: opened when first needed, and again by the query after the one that found it broken. */
export interface Session {
  query<Row extends object>(query: Query): Promise<QueryResult<Row>>
  close(): Promise<void>
}

// A server that vanished without a word keeps a query waiting until TCP gives up, which takes many minutes.
const answerMsMax = 30_000

class NoAnswerError extends Error {}

/** Returns a session that is not connected yet. */
export function createSession(options: SessionOptions): Session {
  let opening: Promise<Client> | undefined
  let last: Promise<unknown> = Promise.resolve()

  /** A connection does one query at a time; its own queue is on its way out of node-postgres. */
  const inTurn = async <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => {})
    return await result
  }
  const open = async (): Promise<Client> => {
    const client = await connect({ connectionString: options.url, applicationName: options.applicationName })
    await options.onOpen?.(client)
    return client
  }
  const discard = (broken: Promise<Client>): void => {
    if (opening === broken) {
      opening = undefined
    }
    // Ends a connection that works as well as one that does not; a failed one has nothing to end.
    broken.then((client) => client.end()).catch(() => {})
  }

  return {
    async query<Row extends object>({ name, text, values }: Query) {
      opening ??= open()
      const current = opening
      let client: Client
      try {
        client = await current
      } catch (error) {
        discard(current)
        throw error
      }
      try {
        return await inTurn(() => answerWithin(answerMsMax, client.query<Row>({ name, text, values })))
      } catch (error) {
        if (error instanceof NoAnswerError || isConnectionLoss(error)) {
          discard(current)
        }
        throw error
      }
    },
    async close() {
      const current = opening
      opening = undefined
      await current?.then((client) => client.end()).catch(() => {})
    },
  }
}

async function answerWithin<T>(durationMs: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new NoAnswerError(`the events log did not answer within ${durationMs} ms`)),
      durationMs,
    )
  })
  try {
    return await Promise.race([answer, tooLate])
  } finally {
    clearTimeout(timer)
  }
}

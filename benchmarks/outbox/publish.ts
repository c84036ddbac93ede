import { type Client, connect } from '@freehold/postgres'

export interface Load {
  run: number
  events: number
  perTransaction: number
  /** Undefined for as fast as the server takes them. */
  perSecond?: number
}

const connections = 4
const keys = 1_000
// What publishEvent writes, for many events at once: the load should not be what is measured.
const insert = `INSERT INTO orders.outbox (id, type, topic, key, data)
  SELECT uuidv7(), 'freehold.orders.item.added.v1', 'freehold.orders.item.v1', key, data::json
  FROM unnest($1::text[], $2::text[]) AS e (key, data)`

/** Commits events to the outbox by a timetable; returns when the commit of each was answered. */
export async function publishLoad(databaseUrl: string, load: Load): Promise<Float64Array> {
  const { run, events, perTransaction, perSecond } = load
  const clients = await Promise.all(
    Array.from({ length: connections }, () =>
      connect({ connectionString: databaseUrl, applicationName: 'benchmark', settings: { synchronous_commit: 'on' } }),
    ),
  )
  const committedAt = new Float64Array(events)
  const startedAt = performance.now()
  let next = 0
  const publish = async (client: Client): Promise<void> => {
    while (next < events) {
      const first = next
      next += perTransaction
      const dueMs = perSecond === undefined ? 0 : (first / perSecond) * 1000 - (performance.now() - startedAt)
      if (dueMs > 0) {
        await new Promise((resolve) => setTimeout(resolve, dueMs))
      }
      const numbers = Array.from({ length: Math.min(perTransaction, events - first) }, (_, index) => first + index)
      await client.query({ name: 'insert', text: insert, values: toRows(run, numbers) })
      committedAt.fill(performance.timeOrigin + performance.now(), first, first + numbers.length)
    }
  }
  await Promise.all(clients.map(publish))
  await Promise.all(clients.map((client) => client.end()))
  return committedAt
}

function toRows(run: number, numbers: number[]): unknown[] {
  return [
    numbers.map(() => `item ${Math.floor(Math.random() * keys)}`),
    numbers.map((n) => JSON.stringify({ run, n, name: `an item of some length, number ${n}`, cents: n * 3 })),
  ]
}

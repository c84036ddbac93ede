import type { Client } from '@freehold/postgres'
import { checkServer } from '../run/check-server.ts'
import { toInterruption } from '../run/run-context.ts'
import { openSession } from '../run/session.ts'
import type { Target } from './target.ts'

/** Runs the work on a session of its own that changes nothing of the user's, and ends it. */
export async function withSession<T>(target: Target, work: (client: Client) => Promise<T>): Promise<T> {
  const client = await openSession(target)
  try {
    await checkServer(client)
    return await work(client)
  } catch (error) {
    throw toInterruption(error, target.signal) ?? error
  } finally {
    await client.end().catch(() => {})
  }
}

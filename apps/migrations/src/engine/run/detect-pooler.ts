import type { Client } from '@freehold/postgres'
import { Problem, problems } from '../problem.ts'

/**
 * Throws the Problem `poolerInBetween` when the backend that answers is not the one of the handshake. A pooler makes up
 * the process id that it tells its clients, and moves them between backends, so that no setting or lock is sure to stay.
 */
export async function detectPooler(client: Client): Promise<void> {
  const told = (client as unknown as { processID: number | null }).processID
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')
  if (rows[0]?.pid !== told) {
    throw new Problem(problems.poolerInBetween, 'a connection pooler stands between Freehold and the database')
  }
}

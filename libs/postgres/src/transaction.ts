import type { Client } from './connect.ts'

/** Runs the work between BEGIN and COMMIT; rolls back and rethrows when it throws. */
export async function withTransaction<T>(client: Client, work: () => Promise<T>, begin = 'BEGIN'): Promise<T> {
  await client.query(begin)
  try {
    const result = await work()
    await client.query('COMMIT')
    return result
  } catch (error) {
    // The connection may be gone; the first error is the one that tells why.
    await client.query('ROLLBACK').catch(() => {})
    throw error
  }
}

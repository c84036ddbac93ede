import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'

/**
 * Listens on PORT (0, the default, takes a free one), tells the parent process which port it is, and on SIGTERM, or
 * when the parent is gone, answers what it has begun before it ends.
 */
export async function serve(app: FastifyInstance): Promise<void> {
  await app.listen({ host: '127.0.0.1', port: Number(process.env['PORT'] ?? '0') })
  const port = (app.server.address() as AddressInfo).port
  process.send?.({ port })
  let closing = false
  const close = async (): Promise<void> => {
    if (!closing) {
      closing = true
      await app.close()
      process.disconnect?.()
    }
  }
  for (const event of ['SIGTERM', 'SIGINT', 'disconnect']) {
    process.on(event, () => void close())
  }
}

/** Returns the database URL of the environment. */
export function databaseUrl(): string {
  const url = process.env['DATABASE_URL']
  if (url === undefined) {
    throw new Error('DATABASE_URL is not set')
  }
  return url
}

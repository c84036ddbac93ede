import type { WorkerLog } from '../../../src/events/index.ts'

/** Says nothing, unless FREEHOLD_SOAK_LOG is set. */
export const quietLog: WorkerLog = { info: write, warn: write, error: write }

function write(fields: object, message: string): void {
  if (process.env['FREEHOLD_SOAK_LOG'] !== undefined) {
    const { err } = fields as { err?: Error }
    process.stderr.write(`${process.pid} ${message} ${JSON.stringify(fields)} ${err?.message ?? ''}\n`)
  }
}

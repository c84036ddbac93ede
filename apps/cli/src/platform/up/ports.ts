import { createServer } from 'node:net'
import { Problem } from '@freehold/migrations/problem'
import { platformProblems } from '../platform-problems.ts'
import { listeners } from './own-services.ts'

/** Which port each part listens on. */
export type Ports = Record<(typeof listeners)[number], number>

/** Returns the ports from the first one on; with 0 the system chooses. */
export function toPorts(first: number): Ports {
  const entries = listeners.map((name, index) => [name, first === 0 ? 0 : first + index])
  return Object.fromEntries(entries) as Ports
}

/** Throws a Problem that names the first port that another program has, before anything is started. */
export async function checkPorts(ports: Ports): Promise<void> {
  for (const name of listeners) {
    await tryPort(ports[name], name)
  }
}

/** Returns the Problem for an error of listening, other errors as they are. */
export function toPortProblem(error: unknown, port: number, name: string): unknown {
  const { code } = error as NodeJS.ErrnoException
  if (code !== 'EADDRINUSE' && code !== 'EACCES') {
    return error
  }
  const why = code === 'EACCES' ? 'may not be listened on by this user' : 'is taken by another program'
  return new Problem(platformProblems.portTaken, `port ${port}, on which ${name} is to answer, ${why}`, {}, error)
}

async function tryPort(port: number, name: string): Promise<void> {
  const probe = createServer()
  await new Promise<void>((resolve, reject) => {
    probe.once('error', (error) => reject(toPortProblem(error, port, name)))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()))
  })
}

import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { type Version, versionFolder } from '../orders/generate.ts'

/** A running process of the shop. */
export interface ShopProcess {
  url: string
  stop(): Promise<void>
}

/** What one version of the shop runs: the service that writes orders and the one that reports on them. */
export interface Release {
  orders: string
  reports: string
  stop(): Promise<void>
}

/** Starts both processes of a version and returns when both have answered from the database. */
export async function startRelease(version: Version, databaseUrl: string, signal?: AbortSignal): Promise<Release> {
  const started = await Promise.allSettled(
    (['orders', 'reports'] as const).map((which) => startProcess(version, which, databaseUrl, signal)),
  )
  const processes = started.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const stop = async (): Promise<void> => {
    await Promise.all(processes.map((one) => one.stop()))
  }
  const failure = started.find((result) => result.status === 'rejected')
  const [orders, reports] = processes
  if (failure !== undefined || orders === undefined || reports === undefined) {
    await stop()
    throw failure?.reason ?? new Error(`version ${version} of the shop did not start`)
  }
  return { orders: orders.url, reports: reports.url, stop }
}

async function startProcess(
  version: Version,
  which: 'orders' | 'reports',
  databaseUrl: string,
  signal?: AbortSignal,
): Promise<ShopProcess> {
  const child = fork(path.join(versionFolder(version), 'src', 'main.ts'), [which], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000)
  })
  const stop = (): Promise<void> => stopChild(child)
  try {
    const port = await Promise.race([
      once(child, 'message', signal === undefined ? {} : { signal }).then(
        ([message]) => (message as { port: number }).port,
      ),
      once(child, 'exit').then(() => {
        throw new Error(`${which} of version ${version} ended at its start: ${errors.trim()}`)
      }),
    ])
    const url = `http://127.0.0.1:${port}`
    const response = await fetch(`${url}/health`, signal === undefined ? {} : { signal })
    if (!response.ok) {
      throw new Error(`${which} of version ${version} is not healthy: ${await response.text()}`)
    }
    return { url, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Lets a process end what it has begun, and ends it after five seconds if it has not. */
export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return
  }
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
  await exited
  clearTimeout(timer)
}

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { Worker } from 'node:worker_threads'
import { createClient } from '@freehold/contracts-base'
import { describe, expect, it, vi } from 'vitest'
import { type RunningService, startService } from '../src/index.ts'
import { testConfig } from '../src/testing.ts'
import { openShop, shopRoutes } from './shop.ts'

interface Outcome {
  status?: number
  error?: string
  connection?: string | undefined
}

function ask(url: string, agent: Agent): Promise<Outcome> {
  return new Promise((resolve) => {
    get(url, { agent }, (response: IncomingMessage) => {
      response.resume()
      response.on('error', (error) => resolve({ error: error.message }))
      response.on('end', () =>
        resolve({ status: response.statusCode as number, connection: response.headers.connection }),
      )
    }).on('error', (error: NodeJS.ErrnoException) => resolve({ error: error.code ?? error.message }))
  })
}

/** Asks with many callers until the service is no more there; returns how often each outcome was met. */
async function load(url: string, onLoaded: () => void): Promise<Record<string, number>> {
  const workerData = { url: `${url}/v1/orders/7`, callers: 40, announceAfter: 500 }
  const worker = new Worker(new URL('load-worker.ts', import.meta.url), { workerData })
  const outcomes = await new Promise<Record<string, number>>((resolve, reject) => {
    worker.on('error', reject)
    worker.on('message', (message) => (message === 'loaded' ? onLoaded() : resolve(message)))
  })
  await worker.terminate()
  return outcomes
}

describe('a service that ends', () => {
  it('fails no request under load, answers those in flight, and then stops its workers', async () => {
    const gate = Promise.withResolvers<void>()
    const ended: string[] = []
    const { app } = await openShop({
      wait: () => gate.promise,
      onClose: async () => {
        ended.push('workers')
      },
    })
    const service = await startService(app, testConfig())
    const agent = new Agent({ keepAlive: true })
    const sockets: Socket[] = []
    app.server.on('connection', (socket) => sockets.push(socket))
    app.server.on('request', ({ url }, response) => {
      if (url?.endsWith('slow')) {
        response.once('finish', () => ended.push('answer'))
      }
    })
    const slow = Array.from({ length: 5 }, () => ask(`${service.url}/v1/orders/slow`, agent))
    let closing: Promise<void> | undefined
    const outcomes = await load(service.url, () => {
      closing = service.close()
    })
    expect(ended).toEqual([])
    gate.resolve()
    expect(await Promise.all(slow)).toEqual(Array(5).fill({ status: 200, connection: 'close' }))
    await closing
    expect(ended).toEqual([...Array(5).fill('answer'), 'workers'])
    const { 200: answered, refused = 0, unaccepted = 0, ...failed } = outcomes
    expect(failed).toEqual({})
    expect(answered).toBeGreaterThanOrEqual(500)
    expect(refused + unaccepted).toBe(40)
    expect(sockets.filter((socket) => socket.bytesRead > 0 && socket.bytesWritten === 0)).toEqual([])
    agent.destroy()
  })

  it('says so at /ready while it still takes connections, and lets each answer be the last on its own', async () => {
    const { app } = await openShop()
    const config = testConfig({ DRAIN_DELAY_MS: '300' })
    const service = await startService(app, config)
    const closing = service.close()
    const ready = await fetch(`${service.url}/ready`)
    expect([ready.status, ready.headers.get('connection')]).toEqual([503, 'close'])
    expect(await ready.json()).toMatchObject({ errors: [{ pointer: '/drain', detail: 'the service is ending' }] })
    expect((await fetch(`${service.url}/v1/orders/7`)).status).toBe(200)
    await closing
    await expect(fetch(`${service.url}/health`)).rejects.toMatchObject({ cause: { code: 'ECONNREFUSED' } })
  })

  it('closes connections that are idle, also those that never asked', async () => {
    const { app } = await openShop()
    const service = await startService(app, testConfig())
    const silent = connect(Number(new URL(service.url).port), '127.0.0.1')
    await new Promise((resolve) => silent.once('connect', resolve))
    const agent = new Agent({ keepAlive: true })
    await ask(`${service.url}/v1/orders/7`, agent)
    await Promise.all([service.close(), new Promise((resolve) => silent.once('end', resolve))])
    silent.destroy()
    agent.destroy()
  })

  it('cuts what does not end in time', async () => {
    const { app } = await openShop({ wait: () => new Promise(() => {}) })
    const service = await startService(app, testConfig({ DRAIN_TIMEOUT_MS: '100' }))
    const agent = new Agent()
    const asked = vi.fn()
    app.server.once('request', asked)
    const hanging = ask(`${service.url}/v1/orders/slow`, agent)
    await vi.waitFor(() => expect(asked).toHaveBeenCalled())
    await Promise.all([service.close(), service.close()])
    expect(await hanging).toMatchObject({ error: 'ECONNRESET' })
  })

  it('answers what is in flight when SIGTERM arrives, and ends well', async () => {
    const child: ChildProcess = spawn(process.execPath, [new URL('shop-process.ts', import.meta.url).pathname], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const output = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]()
      const url = (await output.next()).value as string
      const answer = fetch(`${url}/v1/orders/slow`)
      expect((await output.next()).value).toBe('asked')
      const exited = once(child, 'exit')
      child.kill('SIGTERM')
      expect((await answer).status).toBe(200)
      expect((await output.next()).value).toBe('closed')
      expect(await exited).toEqual([0, null])
    } finally {
      child.kill('SIGKILL')
    }
  })

  it('interrupts its streams, so that their readers ask elsewhere', async () => {
    const { app } = await openShop()
    const service: RunningService = await startService(app, testConfig())
    const steps: number[] = []
    const reading = (async () => {
      for await (const { step } of createClient(shopRoutes, { baseUrl: service.url }).followOrders({
        params: { orderId: 'endless' },
      })) {
        steps.push(step)
      }
    })()
    const outcome = expect(reading).rejects.toMatchObject({ name: 'StreamInterrupted' })
    await vi.waitFor(() => expect(steps).toEqual([1, 2]))
    await service.close()
    await outcome
  })
})

describe('a request', () => {
  it('is told when nobody waits for its answer any more', async () => {
    const told = Promise.withResolvers<void>()
    const asked = Promise.withResolvers<void>()
    const { app } = await openShop({
      wait: (signal) => {
        signal.addEventListener('abort', () => told.resolve())
        asked.resolve()
        return told.promise
      },
    })
    const service = await startService(app, testConfig())
    const stop = new AbortController()
    const asking = fetch(`${service.url}/v1/orders/slow`, { signal: stop.signal }).catch(() => {})
    await asked.promise
    stop.abort()
    await Promise.all([told.promise, asking])
    await service.close()
  })

  it('is answered with 503 when the service does not finish in time', async () => {
    const { app } = await openShop({
      wait: () => new Promise(() => {}),
      config: testConfig({ REQUEST_TIMEOUT_MS: '50' }),
    })
    const response = await app.inject('/v1/orders/slow')
    expect([response.statusCode, response.json().code, response.headers['retry-after']]).toEqual([
      503,
      'FHD_SERVICE_TIMED_OUT',
      '1',
    ])
    await app.close()
  })
})

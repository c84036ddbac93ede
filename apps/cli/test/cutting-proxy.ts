import { connect, createServer, type Socket } from 'node:net'

/** Stands between a client and a server, as a network does, until it is cut. */
export interface CuttingProxy {
  port: number
  /** Whether it was cut. */
  isCut(): boolean
  close(): Promise<void>
}

/** Opens a proxy to the port on this machine that cuts every connection as soon as it has passed on what holds the text. */
export async function openCuttingProxy(port: number, cutAt: string): Promise<CuttingProxy> {
  const sockets = new Set<Socket>()
  let isCut = false
  const cut = (): void => {
    isCut = true
    for (const socket of sockets) {
      socket.destroy()
    }
  }
  const listener = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    far.pipe(near)
    near.on('data', (chunk: Buffer) => {
      far.write(chunk)
      if (!isCut && chunk.toString().toLowerCase().includes(cutAt.toLowerCase())) {
        // The server gets it; its answer is lost.
        setImmediate(cut)
      }
    })
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', () => resolve()))
  return {
    port: (listener.address() as { port: number }).port,
    isCut: () => isCut,
    close: async () => {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}

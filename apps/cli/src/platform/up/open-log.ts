import { createWriteStream, renameSync, type WriteStream } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import path from 'node:path'

/** Takes the lines of one service's log. */
export interface LogFile {
  write(line: string): void
  /** Resolves when everything is in the file. */
  close(): Promise<void>
}

// The file before it is kept as <name>.log.1, so that a log takes at most twice this.
const bytesMax = 32 * 1024 * 1024

/** Opens `<service>.log` in the folder to be appended to; a full one makes way for a new one. */
export async function openLog(folder: string, service: string, limitBytes = bytesMax): Promise<LogFile> {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, `${service}.log`)
  let bytes = await stat(file).then(
    ({ size }) => size,
    () => 0,
  )
  if (bytes > limitBytes) {
    await rename(file, `${file}.1`)
    bytes = 0
  }
  let stream = append(file)
  const ended: Promise<void>[] = []
  const turn = (): void => {
    // What the full file's stream still holds goes where the file went.
    renameSync(file, `${file}.1`)
    ended.push(end(stream))
    stream = append(file)
    bytes = 0
  }
  return {
    write(line) {
      if (bytes > limitBytes && !stream.pending) {
        turn()
      }
      bytes += Buffer.byteLength(line)
      stream.write(line)
    },
    async close() {
      await Promise.all([...ended, end(stream)])
    },
  }
}

function append(file: string): WriteStream {
  const stream = createWriteStream(file, { flags: 'a', mode: 0o600 })
  // A disk that is full must not end the services.
  stream.on('error', () => {})
  return stream
}

async function end(stream: WriteStream): Promise<void> {
  await new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.end()
  })
}

// The frame of the frontend/backend protocol (manual, 54.7): after the start-up packet every message is a type byte
// and a length that counts itself. pg_dump compiled to WebAssembly waits for an answer inside each write, so both
// directions have to be told where an exchange is complete.

/** Collects a stream of bytes and hands out whole messages. */
export class MessageReader {
  #rest: Buffer = Buffer.alloc(0)

  /** Whether a message has begun that has not ended. */
  get isInside(): boolean {
    return this.#rest.length > 0
  }

  /** Returns the messages that are complete with these bytes, each with its type byte in front. */
  push(bytes: Uint8Array): Buffer[] {
    this.#rest = Buffer.concat([this.#rest, bytes])
    const messages: Buffer[] = []
    while (this.#rest.length >= 5) {
      const end = this.#rest.readInt32BE(1) + 1
      if (this.#rest.length < end) {
        break
      }
      messages.push(this.#rest.subarray(0, end))
      this.#rest = this.#rest.subarray(end)
    }
    return messages
  }
}

const protocolVersion3 = 196_608
const typeOf = (message: Buffer): string => String.fromCharCode(message[0] ?? 0)

/** Tells whether the bytes are the packet that opens a connection. */
export function isStartup(bytes: Buffer): boolean {
  return bytes.length > 8 && bytes.readInt32BE(4) === protocolVersion3 && bytes.readInt32BE(0) === bytes.length
}

/** Returns a start-up packet for this role and database. */
export function startupPacket(user: string, database: string): Buffer {
  const parameters = { user, database, client_encoding: 'UTF8', application_name: 'pg_dump' }
  const body = Buffer.from(`${Object.entries(parameters).flat().join('\0')}\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + body.length, 0)
  head.writeInt32BE(protocolVersion3, 4)
  return Buffer.concat([head, body])
}

/** Tells whether the server answers this message of the client's with something that ends in ReadyForQuery. */
export function isAnswered(message: Buffer): boolean {
  // Query, Sync and FunctionCall.
  return ['Q', 'S', 'F'].includes(typeOf(message))
}

/** Tells whether the server, having sent this message, waits for the client. */
export function isServerWaiting(message: Buffer): boolean {
  const type = typeOf(message)
  return type === 'Z' || type === 'G' || (type === 'R' && message.readInt32BE(5) !== 0)
}

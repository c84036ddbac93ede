/** One server-sent event, as the HTML standard has it. */
export interface ServerSentEvent {
  event: string
  data: string
}

/** Yields the events of a `text/event-stream` body; comments and unfinished events at its end are left out. */
export async function* readServerSentEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<ServerSentEvent, void> {
  let event = ''
  let data: string[] = []
  for await (const line of readLines(body)) {
    if (line === '') {
      if (data.length > 0) {
        yield { event: event === '' ? 'message' : event, data: data.join('\n') }
      }
      event = ''
      data = []
      continue
    }
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (field === 'event') {
      event = value
    } else if (field === 'data') {
      data.push(value)
    }
  }
}

/** Returns one event as text: `data` on as many lines as it has. */
export function writeServerSentEvent({ event, data, id }: ServerSentEvent & { id?: number }): string {
  const head = event === 'message' ? '' : `event: ${event}\n`
  return `${id === undefined ? '' : `id: ${id}\n`}${head}${data
    .split('\n')
    .map((line) => `data: ${line}\n`)
    .join('')}\n`
}

async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<string, void> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true })
    // A carriage return at the end may be the first half of a line's end.
    const lines = rest.split(/\r\n|\n|\r(?!$)/)
    rest = lines.pop() ?? ''
    yield* lines
  }
}

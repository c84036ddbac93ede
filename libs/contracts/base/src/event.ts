import type { z } from 'zod'

/** An event of a context's aggregate: its CloudEvents type, its topic, and the schema of its data, which is the whole fact. */
export interface EventDefinition<S extends z.ZodType = z.ZodType> {
  /** `freehold.<context>.<aggregate>.<past verb>.v<n>` */
  readonly type: string
  /** `freehold.<context>.<aggregate>.v<n>`; the key of a record in it is the aggregate's id. */
  readonly topic: string
  readonly summary?: string
  readonly data: S
}

/** Returns the event as given, checked: throws a TypeError when its type does not belong to its topic. */
export function defineEvent<const E extends EventDefinition>(event: E): E {
  const type = /^(freehold(?:\.[a-z][a-z-]*){2})\.[a-z][a-z-]*\.v\d+$/.exec(event.type)
  const topic = /^(freehold(?:\.[a-z][a-z-]*){2})\.v\d+$/.exec(event.topic)
  if (type === null || topic === null || type[1] !== topic[1]) {
    throw new TypeError(`the event type ${event.type} does not belong to the topic ${event.topic}`)
  }
  return event
}

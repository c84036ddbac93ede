/** An event on its way: the attributes of CloudEvents 1.0, and the topic and key by which it is ordered. */
export interface EventRecord {
  /** Uuid v7; the same whenever the event is delivered again. */
  id: string
  type: string
  topic: string
  /** Records of one topic and key are delivered in the order in which they were published. */
  key: string
  /** Name of the service whose fact it is. */
  source: string
  /** When the change was made, ISO 8601. */
  time: string
  traceparent?: string
  data: unknown
}

export interface SubscribeOptions {
  /** Each group gets every record; the members of a group share them. */
  group: string
  topics: string[]
  /**
   * Called with one batch at a time. The offsets are committed once it resolves; when it rejects, the same records come
   * again. At least once, in order within a key.
   */
  onRecords(records: EventRecord[]): Promise<void>
  signal?: AbortSignal
}

export interface Subscription {
  /** Resolves when the batch under way is over and the group's other members may go on. */
  close(): Promise<void>
}

/** Carries events between services; both implementations pass the same conformance tests. */
export interface EventTransport {
  /** Resolves when the records are durable. When it rejects, some of them may be published; publish them all again. */
  publish(records: EventRecord[]): Promise<void>
  /** Resolves at once; a transport that is down is tried again until the subscription is closed. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /** Returns why the transport cannot be reached, or undefined when it can. */
  isReachable(): Promise<string | undefined>
  close(): Promise<void>
}

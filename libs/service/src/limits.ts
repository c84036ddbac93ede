// The limits of every service, with their reasons. Those that are settings have their defaults here.

/** The largest body: a large OpenAPI document has some hundred kilobytes. */
export const bodyBytesMax = 1024 * 1024
/** How deep JSON may be nested: OpenAPI and JSON Schemas stay below 40; a validator that recurses stays far from its stack's end. */
export const jsonDepthMax = 64
/** The longest URL. Node counts it among the headers, which it limits to 16 KiB. */
export const urlBytesMax = 8 * 1024
export const headerBytesMax = 16 * 1024
/** How long the headers of a request may take to arrive; slower is an attack or a broken way. */
export const headersTimeoutMs = 10_000
/** How long a whole request may take to arrive. */
export const arrivalTimeoutMs = 30_000
/** How long an answer may take; what lasts longer is a row that a worker carries out. */
export const requestTimeoutMs = 20_000
/** A connection on which nothing moves for so long is closed. Streams send a comment more often than that. */
export const connectionTimeoutMs = 65_000
/** Told to clients by the header Keep-Alive, so that they do not reuse a connection that is about to be closed. */
export const keepAliveTimeoutMs = 60_000
/** How often a stream with nothing to say sends a comment, so that nothing on the way takes it for dead. */
export const streamHeartbeatMs = 15_000
/** A mean lag above this means that answers come too late for most callers: better a quick refusal. */
export const eventLoopLagMaxMs = 1000
/** How often the lag is looked at. */
export const eventLoopSampleMs = 1000
export const retryAfterOverloadMs = 1000
/** How long an idle connection is left open when draining, for the request that may be on its way. */
export const drainIdleMs = 300
/** How long a listener waits for a quiet turn of the event loop before it closes. */
export const quietTurnWaitMs = 500
export const drainTimeoutMs = 30_000
/** How long a check of readiness may take before it counts as failed. */
export const readyCheckTimeoutMs = 2000
/** How long a token may be valid: a role that was taken away is gone after this. */
export const tokenLifetimeMaxS = 600
/** How old the keys may be before they are asked for again, beside the requests. */
export const keysAgeMaxMs = 300_000
/** An unknown key is asked for at once, but not more often than this: the name of a key comes from the caller. */
export const keysRefetchMs = 10_000
export const keysTimeoutMs = 3000
/** Tokens that were verified are remembered: a signature costs 0.2 ms to check, a request in all not much more. */
export const verifiedTokensMax = 1000
/** How long a stream's first event may keep its status back: what is wrong with the question shows by then. */
export const streamStartMs = 250

import { deadLetterProblems as problems, deadLetterRoutes as routes } from '@freehold/contracts-base'
import { parseIdCursor, toPage } from '../http/pages.ts'
import type { Serve } from '../http/serve.ts'
import { Problem } from '../problem.ts'
import { toShownError } from './read-letters.ts'
import type { Consumer } from './start-consumer.ts'

// Well within the time that a request has. What is left by then is asked for again.
const replayMsMax = 10_000

/** Answers the routes of the consumer's dead letters; who replays what is in the log. */
export function answerDeadLetters(serve: Serve, consumer: Consumer): void {
  serve(routes.listDeadLetters, async ({ query: { limit, cursor, type, key } }) => {
    const letters = await consumer.listLetters({ limit: limit + 1, after: parseIdCursor(cursor), type, key })
    return toPage(
      letters,
      limit,
      ({ letterId }) => letterId,
      (letter) => letter,
    )
  })
  serve(routes.getDeadLetter, async ({ params: { letterId } }) => {
    const letter = await consumer.findLetter(letterId)
    if (letter === undefined) {
      throw letterNotFound(letterId)
    }
    return letter
  })
  serve(routes.replayDeadLetter, async ({ params: { letterId }, identity, signal, log }) => {
    const replay = await consumer.replay(letterId, withinTime(signal))
    if (replay.outcome === 'notFound') {
      throw letterNotFound(letterId)
    }
    log.info({ subject: identity.subject, letterId, ...replay }, 'a dead letter was replayed')
    return replay.outcome === 'failed' ? { ...replay, error: toShownError(replay.error) } : replay
  })
  serve(routes.replayDeadLetters, async ({ body: { topic, cursor }, identity, signal, log }) => {
    const replay = await consumer.replayTopic(topic, cursor, withinTime(signal))
    const { records, failed, nextCursor } = replay
    const failures = failed.length
    log.info({ subject: identity.subject, topic, records, failures }, 'the dead letters of a topic were replayed')
    return { records, failed: failed.map((each) => ({ ...each, error: toShownError(each.error) })), nextCursor }
  })
}

function withinTime(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(replayMsMax)])
}

function letterNotFound(letterId: string): Problem {
  return new Problem(problems.letterNotFound, { detail: `No dead letter has the id ${letterId}.` })
}

import type { Fact } from '@freehold/migrations/engine'
import { printable } from '../render/text.ts'
import type { Output } from '../surroundings.ts'
import type { Progress } from './progress.ts'
import {
  describeFinished,
  describePreparing,
  describeProgress,
  describeTakingBack,
  describeWaiting,
} from './sentences.ts'

const quietMs = 2000

/** Shows progress as lines of a log: one a step, and for long ones how far they are, at most every two seconds. */
export function createLineProgress(output: Output, now: () => number): Progress {
  let steps = 0
  let position = 0
  let saidAt = 0
  const write = (text: string) => {
    saidAt = now()
    output.write(`${printable(text).replaceAll('\n', ' ')}\n`)
  }
  const writeNowAndThen = (text: () => string) => {
    if (now() - saidAt >= quietMs) {
      write(text())
    }
  }
  const place = (stepId: string) => (steps === 0 ? `  ${stepId}` : `  ${stepId} (${position}/${steps})`)

  const onFact = (fact: Fact) => {
    switch (fact.kind) {
      case 'preparing':
        return write(describePreparing(fact))
      case 'phaseStarted':
        return write(`${fact.phase}: ${fact.steps} ${fact.steps === 1 ? 'step' : 'steps'}`)
      case 'stepStarted':
        steps = fact.steps
        position = fact.position
        saidAt = now()
        return
      case 'stepProgress':
        return writeNowAndThen(() => `${place(fact.stepId)} ${describeProgress(fact)}`)
      case 'waiting':
        return writeNowAndThen(() => `${place(fact.stepId)} ${describeWaiting(fact)}`)
      case 'stepFinished':
        return write(`${place(fact.stepId)} ${describeFinished(fact)}`)
      case 'takingBack':
        return write(describeTakingBack(fact))
      case 'note':
        return write(fact.text)
    }
  }
  return { onFact, say: write, close: () => {} }
}

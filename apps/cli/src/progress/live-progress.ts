import type { Fact } from '@freehold/migrations/engine'
import { oneLine, type Paint, printable } from '../render/text.ts'
import type { Output } from '../surroundings.ts'
import type { Progress } from './progress.ts'
import {
  describeFinished,
  describePreparing,
  describeProgress,
  describeTakingBack,
  describeWaiting,
  percentOf,
} from './sentences.ts'

// Ten times a second is smooth to look at and costs nothing over a slow connection.
const redrawMs = 100
const barWidth = 24
// A line that stays is for what is new; who is in the way can change with every try.
const quietMs = 2000
const eraseLine = '\r\u001b[2K'

/** Shows progress on a terminal: finished steps stay as lines, the one under way is a single line that is redrawn. */
export function createLiveProgress(output: Output, paint: Paint, now: () => number): Progress {
  let drawn = false
  let drawnAt = Number.NEGATIVE_INFINITY
  let head = ''
  let blockers = ''
  let namedAt = Number.NEGATIVE_INFINITY
  const erase = () => {
    if (drawn) {
      output.write(eraseLine)
      drawn = false
    }
  }
  const keep = (text: string, colour = (plain: string) => plain) => {
    erase()
    output.write(`${colour(printable(text))}\n`)
  }
  const draw = (text: string) => {
    // One column is left free: a line that fills the last one wraps on some terminals and cannot be erased.
    output.write(`${eraseLine}${oneLine(text, (output.columns ?? 80) - 1)}`)
    drawn = true
    drawnAt = now()
  }
  const drawNowAndThen = (text: string) => {
    if (now() - drawnAt >= redrawMs) {
      draw(text)
    }
  }
  const nameBlockers = (fact: Extract<Fact, { kind: 'waiting' }>) => {
    const pids = fact.blockers.map((blocker) => blocker.pid).join(' ')
    if (pids !== '' && pids !== blockers && now() - namedAt >= quietMs) {
      blockers = pids
      namedAt = now()
      keep(`  ${fact.stepId} ${describeWaiting(fact)}`, paint.yellow)
    }
  }

  const onFact = (fact: Fact) => {
    switch (fact.kind) {
      case 'preparing':
        return draw(`… ${describePreparing(fact)}`)
      case 'phaseStarted':
        return keep(fact.phase, paint.bold)
      case 'stepStarted':
        head = `${fact.position}/${fact.steps} ${fact.stepId}`
        return draw(`${head} ${fact.reason}`)
      case 'stepProgress':
        return drawNowAndThen(`${head} ${barOf(fact.done, fact.total)}${describeProgress(fact)}`)
      case 'waiting':
        nameBlockers(fact)
        return drawNowAndThen(`${head} ${describeWaiting({ ...fact, blockers: [] })}`)
      case 'stepFinished':
        erase()
        output.write(`  ${paint.green('✓')} ${fact.stepId} ${paint.dim(describeFinished(fact))}\n`)
        return
      case 'takingBack':
        return keep(describeTakingBack(fact), paint.red)
      case 'note':
        return keep(fact.text)
    }
  }
  return { onFact, say: (text) => keep(text), close: erase }
}

/** Returns a bar where the end is known, else nothing. */
function barOf(done: number, total: number | null): string {
  if (total === null || total <= 0) {
    return ''
  }
  const full = Math.round((percentOf(done, total) / 100) * barWidth)
  return `[${'#'.repeat(full)}${'-'.repeat(barWidth - full)}] `
}

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { fleetRunTransitions } from './fleet-run-states.ts'
import { planTransitions } from './plan-states.ts'
import { endStates, restingStates, runTransitions, workedStates } from './run-states.ts'

const page = readFileSync(new URL('../../../../docs/states.md', import.meta.url), 'utf8')

/** Returns `from --> to` of the drawing under the heading, without those from nowhere. */
function readDrawing(heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const drawing = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(section)?.[1] ?? ''
  return drawing
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('[*]'))
    .sort()
}

const toArrows = (table: Record<string, readonly string[]>): string[] =>
  Object.entries(table)
    .flatMap(([from, states]) => states.map((to) => `${from} --> ${to}`))
    .sort()

describe('docs/states.md', () => {
  it.each([
    ['Plan', planTransitions],
    ['Run', runTransitions],
    ['Fleet run', fleetRunTransitions],
  ])('draws the states of a %s as the service has them', (heading, table) => {
    expect(readDrawing(heading)).toEqual(toArrows(table))
  })

  it('says what each state means', () => {
    const states = [planTransitions, runTransitions, fleetRunTransitions].flatMap((table) => Object.keys(table))
    expect(states.filter((state) => !new RegExp(`^\\|.*\`${state}\``, 'm').test(page))).toEqual([])
  })
})

describe('the states of a run', () => {
  it('lead to an end from everywhere', () => {
    const table: Record<string, readonly string[]> = runTransitions
    const reaches = (state: string, seen: string[] = []): boolean =>
      (endStates as readonly string[]).includes(state) ||
      (table[state] ?? []).some((next) => !seen.includes(next) && reaches(next, [...seen, state]))
    expect(Object.keys(table).filter((state) => !reaches(state))).toEqual([])
  })

  it('are never worked on and at rest at once', () => {
    expect(workedStates.filter((state) => restingStates.includes(state))).toEqual([])
  })
})

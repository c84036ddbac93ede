import { readFileSync } from 'node:fs'
import { problems } from '@freehold/migrations/problem'
import { describe, expect, it } from 'vitest'
import { cliProblems } from './cli-problems.ts'
import { runFake } from './testing/fake-surroundings.ts'

const read = (page: string): string => readFileSync(new URL(`../../../docs/reference/${page}`, import.meta.url), 'utf8')

describe('docs/reference/problems.md', () => {
  it('lists every code with its exit code and its remedy, and no other', () => {
    const exits = { usage: 2, refused: 1, stopped: 4 }
    const rows = read('problems.md')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split(' | '))
      .map(([code, exit, , remedy]) => [
        code?.replace(/[|` ]/g, ''),
        exit,
        remedy?.replace(/ \|$/, '').replace('&lt;', '<'),
      ])
    const defined = [...Object.values(problems), ...Object.values(cliProblems)]
    expect(rows).toEqual(defined.map(({ code, kind, hint }) => [code, String(exits[kind]), hint]))
  })
})

describe('docs/reference/cli.md', () => {
  it('describes every option of every command, and no other', async () => {
    const page = read('cli.md')
    const names = [
      'plan',
      'deploy',
      'complete',
      'undo',
      'status',
      'history',
      'drift',
      'baseline',
      'resolve',
      'lint',
      'diff',
    ]
    const helps = await Promise.all(names.map(async (name) => (await runFake(['migrate', name, '--help'])).stdout))
    const optionsOf = (text: string) => new Set(text.match(/--[a-z][a-z-]*/g))
    expect([...optionsOf(page)].sort()).toEqual([...optionsOf(helps.join('\n'))].sort())
    for (const name of names) {
      expect(page).toContain(`\n### ${name}\n`)
    }
  })
})

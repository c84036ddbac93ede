import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { runFake } from '../testing/fake-surroundings.ts'
import { platformProblems } from './platform-problems.ts'

const page = readFileSync(new URL('../../../../docs/reference/platform.md', import.meta.url), 'utf8')

describe('docs/reference/platform.md', () => {
  it('lists every code with its exit code and its remedy, and no other', () => {
    const exits = { usage: 2, refused: 1, stopped: 4 }
    const rows = page.split('\n').filter((line) => line.startsWith('| `FHD_'))
    const defined = Object.values(platformProblems).map(
      ({ code, kind, hint }) => `| \`${code}\` | ${exits[kind]} | ${hint} |`,
    )
    expect(rows).toEqual(defined)
  })

  it('describes every command and every option of it', async () => {
    const names = (await runFake(['--help'])).stdout.match(/^ {2}(?!migrate\b|help\b)[a-z]+(?= )/gm) ?? []
    for (const name of names.map((each) => each.trim())) {
      expect(page).toContain(`freehold ${name}`)
      const help = (await runFake([name, '--help'])).stdout
      const options = new Set(help.match(/--[a-z][a-z-]*/g))
      for (const general of ['--help', '--version', '--service']) {
        options.delete(general)
      }
      expect([...options].filter((option) => !page.includes(option))).toEqual([])
    }
    expect(names.length).toBeGreaterThan(1)
  })
})

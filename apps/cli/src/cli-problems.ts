import type { ProblemDefinition } from '@freehold/migrations/problem'

/** What goes wrong before the engine is asked, or beside it. */
export const cliProblems = {
  wrongUse: {
    code: 'FHD_CLI_USAGE',
    kind: 'usage',
    hint: 'freehold migrate --help lists the commands, freehold migrate COMMAND --help the options',
  },
  fileNotRead: { code: 'FHD_CLI_FILE_NOT_READ', kind: 'usage', hint: 'check the path and the rights of the file' },
  fileNotWritten: { code: 'FHD_CLI_FILE_NOT_WRITTEN', kind: 'usage', hint: 'name a file in a folder that exists' },
  declined: { code: 'FHD_CLI_DECLINED', kind: 'refused', hint: 'nothing was run; answer y, or give --yes' },
  bug: {
    code: 'FHD_CLI_BUG',
    kind: 'refused',
    hint: 'this is a bug in Freehold; please report it with the lines on standard error. freehold migrate status shows the state of the database',
  },
} as const satisfies Record<string, ProblemDefinition>

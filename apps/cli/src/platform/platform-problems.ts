import type { ProblemDefinition } from '@freehold/migrations/problem'

/** What goes wrong around a platform. Problems of its services come with their own codes. */
export const platformProblems = {
  notRunning: {
    code: 'FHD_PLATFORM_NOT_RUNNING',
    kind: 'refused',
    hint: 'start it with freehold up, run this where it was started, or set FREEHOLD_URL',
  },
  runsAlready: {
    code: 'FHD_PLATFORM_RUNS_ALREADY',
    kind: 'refused',
    hint: 'freehold status shows it; stop it first, or give another folder with --data',
  },
  portTaken: {
    code: 'FHD_PLATFORM_PORT_TAKEN',
    kind: 'refused',
    hint: 'end the program that has it, or give another first port with --port',
  },
  folderUnusable: {
    code: 'FHD_PLATFORM_FOLDER_UNUSABLE',
    kind: 'usage',
    hint: 'name a folder that you may write to with --data',
  },
  secretsMissing: {
    code: 'FHD_PLATFORM_SECRETS_MISSING',
    kind: 'refused',
    hint: 'put secrets.json back from a copy: what is encrypted in the databases opens with it only',
  },
  postgresLost: {
    code: 'FHD_PLATFORM_POSTGRES_LOST',
    kind: 'refused',
    hint: 'free memory and disk space, then start it again with freehold up: what was answered is on disk',
  },
  keyMissing: {
    code: 'FHD_PLATFORM_KEY_MISSING',
    kind: 'usage',
    hint: 'set FREEHOLD_API_KEY, or run this as the user that started the platform',
  },
  urlInvalid: {
    code: 'FHD_PLATFORM_URL_INVALID',
    kind: 'usage',
    hint: 'FREEHOLD_URL is where the catalog answers, FREEHOLD_MIGRATIONS_URL where the migrations service does',
  },
  notOwn: {
    code: 'FHD_PLATFORM_NOT_OWN',
    kind: 'usage',
    hint: 'this works on a platform of freehold up, on its machine: leave FREEHOLD_URL out',
  },
  fileInvalid: {
    code: 'FHD_PLATFORM_FILE_INVALID',
    kind: 'refused',
    hint: 'mend the lines that are named; freehold init writes a file that explains every key',
  },
  fileExists: {
    code: 'FHD_PLATFORM_FILE_EXISTS',
    kind: 'refused',
    hint: 'it is left as it is; edit it, then run freehold apply',
  },
  nameMissing: {
    code: 'FHD_PLATFORM_NAME_MISSING',
    kind: 'usage',
    hint: 'write name into freehold.yaml, or give --name: lower case letters, digits and -, a letter first',
  },
  databaseMissing: {
    code: 'FHD_PLATFORM_DATABASE_MISSING',
    kind: 'refused',
    hint: 'enter it with freehold service add; with --database-url the command works without the platform',
  },
  databaseUnclear: {
    code: 'FHD_PLATFORM_DATABASE_UNCLEAR',
    kind: 'usage',
    hint: 'name one of them with --database',
  },
  approvalMissing: {
    code: 'FHD_PLATFORM_APPROVAL_MISSING',
    kind: 'refused',
    hint: 'read the plan, then run the same command with --approve REASON',
  },
  letterNotFound: {
    code: 'FHD_PLATFORM_LETTER_NOT_FOUND',
    kind: 'refused',
    hint: 'it may have been applied meanwhile; freehold events dead-letters shows those that are there',
  },
  runEnded: {
    code: 'FHD_PLATFORM_RUN_ENDED',
    kind: 'refused',
    hint: 'freehold migrate status --service NAME shows it; the same command starts another',
  },
  runPaused: {
    code: 'FHD_PLATFORM_RUN_PAUSED',
    kind: 'stopped',
    hint: 'the same command lets it go on; freehold migrate undo takes it back',
  },
  unfollowed: {
    code: 'FHD_PLATFORM_RUN_UNFOLLOWED',
    kind: 'stopped',
    hint: 'freehold migrate status --service NAME shows it; the same command follows it again',
  },
  stopped: { code: 'FHD_PLATFORM_STOPPED', kind: 'stopped', hint: 'run the same command again' },
  unreachable: {
    code: 'FHD_PLATFORM_UNREACHABLE',
    kind: 'refused',
    hint: 'freehold status shows which service is down; its log is in the folder log of the platform',
  },
} as const satisfies Record<string, ProblemDefinition>

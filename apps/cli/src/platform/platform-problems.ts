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
  stopped: { code: 'FHD_PLATFORM_STOPPED', kind: 'stopped', hint: 'run the same command again' },
  unreachable: {
    code: 'FHD_PLATFORM_UNREACHABLE',
    kind: 'refused',
    hint: 'freehold status shows which service is down; its log is in the folder log of the platform',
  },
} as const satisfies Record<string, ProblemDefinition>

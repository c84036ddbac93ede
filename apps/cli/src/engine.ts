import type {
  BaselineOutcome,
  DeployOptions,
  DeployOutcome,
  DiffOptions,
  DiffOutcome,
  DiffTarget,
  DriftOutcome,
  LintedRule,
  LintOutcome,
  LintTarget,
  PlanOutcome,
  ResolveOptions,
  ResolveOutcome,
  RunSummary,
  StatusOutcome,
  Target,
  UndoOptions,
  UndoOutcome,
} from '@freehold/migrations/engine'

/** The part of the engine that the command line calls: one function a command, and the search for the folder. */
export interface Engine {
  findMigrationsFolder(projectFolder: string): Promise<string>
  plan(target: Target): Promise<PlanOutcome>
  deploy(target: Target, options: DeployOptions): Promise<DeployOutcome>
  complete(target: Target, options: { maxLockMs: number }): Promise<DeployOutcome>
  undo(target: Target, options: UndoOptions): Promise<UndoOutcome>
  status(target: Target): Promise<StatusOutcome>
  history(target: Target): Promise<RunSummary[]>
  drift(target: Target): Promise<DriftOutcome>
  baseline(target: Target): Promise<BaselineOutcome>
  resolve(target: Target, options: ResolveOptions): Promise<ResolveOutcome>
}

/** The part of the engine that needs no database of the user's. */
export interface OfflineEngine {
  lint(target: LintTarget): Promise<LintOutcome>
  lintRules: readonly LintedRule[]
  findSchemaFile(projectFolder: string): Promise<string>
  diff(target: DiffTarget, options: DiffOptions): Promise<DiffOutcome>
}
